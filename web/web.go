// Package web carries the built front end, the dashboard and GraphiQL, inside the binary and serves it.
//
// Its source is beside this file; `npm ci && npm run build` writes dist, which is not committed. A binary built
// without it works all the same, and answers with a page that says how to build the front end.
package web

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed all:dist
var dist embed.FS

// policy lets a page load from this server alone. Inline styles are needed by the code editor; workers from blobs too.
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; " +
	"form-action 'self'; frame-ancestors 'none'"

// Options says what is served.
type Options struct {
	// GraphiQL serves the playground at /graphiql; without it that path is 404.
	GraphiQL bool
}

// Handler serves the front end: /graphiql, the hashed files under /assets/, and the dashboard at every other path
// without a file extension, since the dashboard has addresses of its own. Mount it behind all other routes.
func Handler(options Options) http.Handler {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the folder is named in the embed directive
	}
	return newHandler(built, options)
}

// Built tells whether the front end was built before this binary was.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}

func newHandler(built fs.FS, options Options) http.Handler {
	site := load(built)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", site.serve)
	mux.HandleFunc("GET /graphiql", func(w http.ResponseWriter, r *http.Request) {
		if !options.GraphiQL {
			http.NotFound(w, r)
			return
		}
		site.page(w, r, "graphiql.html")
	})
	return mux
}

// serve answers with the file of that name, or with the dashboard, which finds its own way.
func (s site) serve(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[1:]
	if file, ok := s[name]; ok && !isPage(name) {
		file.serve(w, r, cacheControl(name))
		return
	}
	if hasExtension(name) {
		http.NotFound(w, r)
		return
	}
	s.page(w, r, "index.html")
}

// page answers with an HTML page under the content security policy, asked for anew each time.
func (s site) page(w http.ResponseWriter, r *http.Request, name string) {
	secure(w.Header())
	file, ok := s[name]
	if !ok {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(unbuilt) // the client is gone; nobody is left to tell
		return
	}
	file.serve(w, r, "no-cache")
}

func secure(header http.Header) {
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}
