package server

import (
	"bufio"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"workflowfactory/model"
)

const requestIDHeader = "X-Request-Id"

var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)

// identified gives each request an id, the client's own if it can stand in a log line, and tells it back.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !saneRequestID.MatchString(id) {
			id = newRequestID()
		}
		w.Header().Set(requestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(model.WithCaller(r.Context(), model.Caller{RequestID: id})))
	})
}

func newRequestID() string { return strings.ToLower(rand.Text()) }

// logged writes one line per request. The query string stays out of it: it may hold what is nobody's business.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorder := &recorder{ResponseWriter: w}
		defer func() {
			s.api.metrics.answered(visitOf(r.Context()), recorder.status)
			s.Log.LogAttrs(r.Context(), levelOf(r, recorder.status), "request", slog.String("method", r.Method),
				slog.String("path", r.URL.Path), slog.Int("status", recorder.status), slog.Int64("bytes", recorder.bytes),
				slog.Float64("ms", float64(time.Since(start).Microseconds())/1000), slog.String("from", r.RemoteAddr))
		}()
		next.ServeHTTP(recorder, r)
	})
}

// levelOf keeps what comes every few seconds, or with every page, out of sight unless it fails.
func levelOf(r *http.Request, status int) slog.Level {
	routine := r.URL.Path == "/healthz" || r.URL.Path == "/metrics" || r.URL.Path == "/readyz" || strings.HasPrefix(r.URL.Path, "/assets/")
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelWarn
	case routine:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// recovered lets a panic cost the request, not the process.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			thrown := recover()
			if thrown == nil {
				return
			}
			if thrown == http.ErrAbortHandler {
				panic(thrown)
			}
			s.Log.ErrorContext(r.Context(), "panic in a handler", "panic", thrown, "stack", string(debug.Stack()))
			if recorder, ok := w.(*recorder); ok && recorder.status == 0 {
				answer(w, http.StatusInternalServerError, internalError(model.CallerFrom(r.Context()).RequestID))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func internalError(requestID string) any {
	return map[string]any{"errors": []any{map[string]any{
		"message": "internal error", "extensions": map[string]any{"code": model.Internal, "requestId": requestID},
	}}}
}

// secured sets what every answer has; pages add to it.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store") // what may be kept says so itself
		next.ServeHTTP(w, r)
	})
}

// recorder remembers what was answered. The rest of what the connection can do is found by Unwrap, except for Hijack,
// which the WebSocket library asks for by its type.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack hands the connection over.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, errors.Join(errors.New("take over the connection"), err)
	}
	w.status = http.StatusSwitchingProtocols
	return conn, buffered, nil
}
