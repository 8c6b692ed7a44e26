package server

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"
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

// received gives each request an id, the client's own if it can stand in a log line, and tells it back; and it notes where
// the request comes from.
func (s *Server) received(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if id == "" || !saneRequestID.MatchString(id) {
			id = newRequestID()
		}
		asked := model.Caller{RequestID: id, Address: origin(r.RemoteAddr, r.Header["X-Forwarded-For"], s.Proxies)}
		v := &visit{Asked: model.Asked{Context: r.Context(), By: asked}, id: [1]string{id}, answer: recorder{ResponseWriter: w}}
		w.Header()[requestIDHeader] = v.id[:]
		next.ServeHTTP(&v.answer, r.WithContext(v))
		v.answer.ResponseWriter = nil // a socket keeps what is known of its request, and should not keep the buffers of HTTP
	})
}

// newRequestID is unlike all others, but no secret.
func newRequestID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], rand.Uint64())
	binary.BigEndian.PutUint64(b[8:], rand.Uint64())
	var text [2 * len(b)]byte
	hex.Encode(text[:], b[:])
	return string(text[:])
}

// logged writes one line per request.
func (s *Server) logged(next http.Handler) http.Handler {
	log := s.Log.Handler()
	write := requestLogger(log)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, v := time.Now(), visitOf(r.Context())
		defer func() {
			s.api.metrics.requestAnswered(v)
			level := levelOf(r, v.answer.status)
			if !log.Enabled(v, level) {
				return
			}
			end := time.Now()
			write(RequestLine{
				At: end, Level: level, Method: r.Method, Path: r.URL.Path, Status: v.answer.status, Bytes: v.answer.bytes,
				Took: end.Sub(start), From: r.RemoteAddr, RequestID: v.By.RequestID,
			})
		}()
		next.ServeHTTP(w, r)
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

// The values of all answers are the same ones: what sets a header puts another value in its place.
var noSniff, noReferrer, noStore = []string{"nosniff"}, []string{"no-referrer"}, []string{"no-store"}

// secured sets what every answer has; pages add to it.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"], h["Referrer-Policy"] = noSniff, noReferrer
		h["Cache-Control"] = noStore // what may be kept says so itself
		next.ServeHTTP(w, r)
	})
}

// parting has clients make their next connection elsewhere once the server is going down. To close those that are idle
// at once would cut off who is just about to use one.
func (s *Server) parting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.health.draining.Load() {
			w.Header().Set("Connection", "close")
		}
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
