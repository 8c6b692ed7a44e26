package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/rs/cors"

	"workflowfactory/graph"
	"workflowfactory/model"
	"workflowfactory/transport"
)

// routes lists every path there is.
func (s *Server) routes() http.Handler {
	mux, api := http.NewServeMux(), s.forPages(s.Auth.Middleware(s.watched(s.api)))
	mux.Handle("GET /schema.graphqls", s.forPages(s.Auth.Middleware(s.schema())))
	mux.Handle("GET /metrics", s.Auth.Middleware(s.metricsPage()))
	mux.Handle("GET /healthz", http.HandlerFunc(s.health.live))
	mux.Handle("GET /readyz", http.HandlerFunc(s.health.ready))
	mux.Handle("GET /version", http.HandlerFunc(version))
	if s.browserSignIn() {
		mux.HandleFunc("GET "+SignInPath, s.beginSignIn)
		mux.HandleFunc("GET "+CallbackPath, s.finishSignIn)
	}
	mux.Handle("/", s.Pages)
	all := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/graphql" { // which nearly all ask for: no need to search
			api.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
	return s.received(s.logged(s.recovered(s.parting(secured(all)))))
}

// forPages lets web pages of the listed origins use what it wraps.
func (s *Server) forPages(next http.Handler) http.Handler {
	if len(s.Origins) == 0 {
		return next // the library takes an empty list for everybody
	}
	return cors.New(cors.Options{
		AllowedOrigins: s.Origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{
			"Accept", "Authorization", "Content-Type", "Last-Event-ID", "X-Request-Id", "Apollo-Require-Preflight", "X-GraphQL-Client",
			transport.CostHeader,
		},
		ExposedHeaders: []string{"X-Request-Id", "Retry-After"},
		MaxAge:         int(time.Hour.Seconds()),
	}).Handler(next)
}

// schema serves the contract as it was written, with its descriptions.
func (s *Server) schema() http.Handler {
	text := s.api.text
	sum := sha256.Sum256([]byte(text))
	etag := `"` + hex.EncodeToString(sum[:12]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Closed && model.CallerFrom(r.Context()).Role == "" {
			http.Error(w, "reading the schema needs a credential: send the header \"Authorization: Bearer <API key>\"", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", etag)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
	})
}

func version(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"version": graph.Version(), "go": runtime.Version()})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone; nobody is left to tell
}
