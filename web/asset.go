package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed unbuilt.html
var unbuilt []byte

// site is the built front end by path, without the leading slash.
type site map[string]asset

// asset is one file as it is, and as it was compressed when the front end was built.
type asset struct {
	contentType string
	etag        string
	plain       []byte
	compressed  map[string][]byte // by content coding: br, gzip
}

// codings lists the content codings that the build writes, the smallest first, with their file endings.
var codings = []struct{ name, ending string }{{"br", ".br"}, {"gzip", ".gz"}}

// contentTypes lists what the build writes. The operating system's own table is not asked: on some machines it is wrong.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".png":   "image/png",
	".svg":   "image/svg+xml",
	".ttf":   "font/ttf",
	".woff2": "font/woff2",
}

// load reads the whole front end into a table. It panics on a file system that cannot be read, which an embedded one
// always can.
func load(files fs.FS) site {
	s := site{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || isVariant(name) {
			return err
		}
		s[name] = read(files, name)
		return nil
	})
	if err != nil {
		panic(err)
	}
	return s
}

func read(files fs.FS, name string) asset {
	plain, err := fs.ReadFile(files, name)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(plain)
	a := asset{
		contentType: contentTypes[path.Ext(name)],
		etag:        hex.EncodeToString(sum[:12]),
		plain:       plain,
		compressed:  map[string][]byte{},
	}
	for _, coding := range codings {
		if smaller, err := fs.ReadFile(files, name+coding.ending); err == nil {
			a.compressed[coding.name] = smaller
		}
	}
	return a
}

// serve answers with the smallest form of the file that the client accepts.
func (a asset) serve(w http.ResponseWriter, r *http.Request, cacheControl string) {
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("Cache-Control", cacheControl)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept-Encoding")
	content, etag := a.plain, a.etag
	for _, coding := range codings {
		if smaller, ok := a.compressed[coding.name]; ok && accepts(r.Header.Get("Accept-Encoding"), coding.name) {
			header.Set("Content-Encoding", coding.name)
			content, etag = smaller, a.etag+"-"+coding.name
			break
		}
	}
	header.Set("ETag", strconv.Quote(etag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// accepts tells whether an Accept-Encoding header allows a content coding by name and does not weigh it zero.
func accepts(header, coding string) bool {
	for offer := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(offer, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		quality, found := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
		if !found {
			return true
		}
		q, err := strconv.ParseFloat(quality, 64)
		return err == nil && q > 0
	}
	return false
}

// cacheControl lets a file be kept for ever when its name changes with its content.
func cacheControl(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func isPage(name string) bool       { return path.Ext(name) == ".html" }
func hasExtension(name string) bool { return path.Ext(name) != "" }

func isVariant(name string) bool {
	for _, coding := range codings {
		if strings.HasSuffix(name, coding.ending) {
			return true
		}
	}
	return path.Base(name) == ".keep"
}
