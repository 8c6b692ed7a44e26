package web

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

var built = fstest.MapFS{
	".keep":                 {},
	"index.html":            {Data: []byte("dashboard")},
	"graphiql.html":         {Data: []byte("playground")},
	"favicon.svg":           {Data: []byte("<svg/>")},
	"assets/app-1a2b.js":    {Data: []byte("plain script")},
	"assets/app-1a2b.js.br": {Data: []byte("brotli script")},
	"assets/app-1a2b.js.gz": {Data: []byte("gzip script")},
	"assets/small-3c4d.css": {Data: []byte("style")},
}

func get(t *testing.T, files fs.FS, options Options, path string, header http.Header) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header = header
	w := httptest.NewRecorder()
	newHandler(files, options).ServeHTTP(w, r)
	response := w.Result()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path         string
		status       int
		body         string
		cacheControl string
	}{
		{"/", 200, "dashboard", "no-cache"},
		{"/index.html", 404, "404 page not found\n", ""}, // a page is known by its address alone
		{"/workflows/wf_123?view=board", 200, "dashboard", "no-cache"},
		{"/graphiql", 200, "playground", "no-cache"},
		{"/favicon.svg", 200, "<svg/>", "no-cache"},
		{"/assets/app-1a2b.js", 200, "plain script", "public, max-age=31536000, immutable"},
		{"/assets/gone-9z9z.js", 404, "404 page not found\n", ""},
		{"/assets/app-1a2b.js.br", 404, "404 page not found\n", ""},
		{"/.keep", 404, "404 page not found\n", ""},
	}
	for _, test := range tests {
		response, body := get(t, built, Options{GraphiQL: true}, test.path, nil)
		if response.StatusCode != test.status || body != test.body {
			t.Errorf("%s: %d %q, want %d %q", test.path, response.StatusCode, body, test.status, test.body)
		}
		if got := response.Header.Get("Cache-Control"); got != test.cacheControl {
			t.Errorf("%s: Cache-Control %q, want %q", test.path, got, test.cacheControl)
		}
	}
}

func TestPlaygroundCanBeOff(t *testing.T) {
	t.Parallel()
	if response, _ := get(t, built, Options{}, "/graphiql", nil); response.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, want 404", response.StatusCode)
	}
}

func TestContentCoding(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, accept, coding, body string }{
		{"/assets/app-1a2b.js", "gzip, deflate, br, zstd", "br", "brotli script"},
		{"/assets/app-1a2b.js", "gzip", "gzip", "gzip script"},
		{"/assets/app-1a2b.js", "GZIP;q=0.5", "gzip", "gzip script"},
		{"/assets/app-1a2b.js", "br;q=0, gzip; q=1", "gzip", "gzip script"},
		{"/assets/app-1a2b.js", "br;q=0,gzip;q=0.0", "", "plain script"},
		{"/assets/app-1a2b.js", "br;q=nonsense", "", "plain script"},
		{"/assets/app-1a2b.js", "identity", "", "plain script"},
		{"/assets/small-3c4d.css", "br, gzip", "", "style"},
	}
	for _, test := range tests {
		response, body := get(t, built, Options{}, test.path, http.Header{"Accept-Encoding": {test.accept}})
		if got := response.Header.Get("Content-Encoding"); got != test.coding || body != test.body {
			t.Errorf("%s %q: %q %q, want %q %q", test.path, test.accept, got, body, test.coding, test.body)
		}
		if response.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s %q: no Vary", test.path, test.accept)
		}
	}
}

func TestUnchangedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	first, _ := get(t, built, Options{}, "/", nil)
	second, body := get(t, built, Options{}, "/", http.Header{"If-None-Match": {first.Header.Get("ETag")}})
	if second.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("%d %q, want 304 and nothing", second.StatusCode, body)
	}
}

func TestPagesAreLockedDown(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/graphiql"} {
		response, _ := get(t, built, Options{GraphiQL: true}, path, nil)
		csp := response.Header.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'self'", "script-src 'self';", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, rule) {
				t.Errorf("%s: %q lacks %q", path, csp, rule)
			}
		}
		if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", path, got)
		}
	}
}

func TestUnbuiltSaysHowToBuild(t *testing.T) {
	t.Parallel()
	unbuiltFiles := fstest.MapFS{".keep": {}}
	for _, path := range []string{"/", "/graphiql"} {
		response, body := get(t, unbuiltFiles, Options{GraphiQL: true}, path, nil)
		if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "npm run build") {
			t.Errorf("%s: %d %q", path, response.StatusCode, body)
		}
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	w := httptest.NewRecorder()
	Handler(Options{}).ServeHTTP(w, r)
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("status %d, want 405", w.Code)
	}
}
