package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/db/dbtest"
	"workflowfactory/event"
	"workflowfactory/model"
	"workflowfactory/server"
	"workflowfactory/transport"
)

// patience is far beyond what anything here takes; only what is broken waits so long.
const patience = 2 * time.Minute

// world is a whole server with its database, listening.
type world struct {
	t    testing.TB
	url  string
	data *db.DB
	log  *logBook
	stop context.CancelFunc
	over chan error // what Serve returned
}

// logBook keeps what is logged.
type logBook struct {
	mu   sync.Mutex // protects text
	text bytes.Buffer
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// await waits until the log has so many lines with a text.
func (l *logBook) await(t testing.TB, text string, times int) {
	t.Helper()
	for end := time.Now().Add(patience); strings.Count(l.String(), text) < times; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q is %d of %d times in the log", text, strings.Count(l.String(), text), times)
		}
	}
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start runs a server until the test ends.
func start(t testing.TB, change func(*server.Config)) *world {
	t.Helper()
	data, err := db.Open(t.Context(), dbtest.URL(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	book := &logBook{}
	log := slog.New(server.WithRequestID(slog.NewJSONHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug})))
	feed := event.New(data.Events(), event.Options{Logger: log})
	data.OnCommit(feed.Kick)
	authenticator := auth.New(db.Access{DB: data}, log)
	c := server.Config{
		DB: data, Feed: feed, Auth: authenticator, Log: log, Pages: http.NotFoundHandler(),
		Loops:  []func(context.Context) error{feed.Run, authenticator.Run},
		Limits: transport.Limits{KeepAlive: time.Hour}, // sockets answer pings only while they are read, which here is now and then
	}
	if change != nil {
		change(&c)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	w := &world{t: t, url: "http://" + listener.Addr().String(), data: data, log: book, stop: stop, over: make(chan error, 1)}
	instance := server.New(c)
	go func() { w.over <- instance.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		w.over <- <-w.over // a test may have waited for it already, and put it back
		data.Close()
		if t.Failed() {
			t.Log(book)
		}
	})
	return w
}

// ended waits for the server to end and gives what Serve returned.
func (w *world) ended() error {
	w.t.Helper()
	select {
	case err := <-w.over:
		w.over <- err
		return err
	case <-time.After(patience):
		w.t.Fatal("the server does not end")
		return nil
	}
}

// key makes a key of that role.
func (w *world) key(role model.Role) (model.ID, string) {
	w.t.Helper()
	k, secret, err := auth.Mint(model.CreateAPIKeyInput{Name: role.String(), Role: role}, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := (db.Access{DB: w.data}).CreateKey(w.t.Context(), k); err != nil {
		w.t.Fatal(err)
	}
	return k.ID, secret
}

func (w *world) revoke(id model.ID) {
	w.t.Helper()
	if _, err := (db.Access{DB: w.data}).RevokeKey(w.t.Context(), id); err != nil {
		w.t.Fatal(err)
	}
}

// ask sends one request, with headers as "Name: value".
func (w *world) ask(method, path, body string, headers ...string) (*http.Response, string) {
	w.t.Helper()
	response := w.begin(method, path, body, headers...)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response, string(text)
}

// begin sends a request and waits for the beginning of the answer, whose body the caller reads and closes.
func (w *world) begin(method, path, body string, headers ...string) *http.Response {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	w.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Add(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(request) // which follows no redirects
	if err != nil {
		w.t.Fatal(err)
	}
	return response
}

// result is a GraphQL response.
type result struct {
	Status int
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
	Extensions struct{ Cost map[string]any }
}

// code is that of the first error, "" for none.
func (r result) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

// query runs one operation with a key, or with none.
func (w *world) query(key, text string, variables map[string]any) result {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"query": text, "variables": variables})
	if err != nil {
		w.t.Fatal(err)
	}
	headers := []string{"Content-Type: application/json", "X-Graphql-Cost: 1"}
	if key != "" {
		headers = append(headers, "Authorization: Bearer "+key)
	}
	response, answer := w.ask(http.MethodPost, "/graphql", string(body), headers...)
	r := result{Status: response.StatusCode}
	if err := json.Unmarshal([]byte(answer), &r); err != nil {
		w.t.Fatalf("%s: %v", answer, err)
	}
	return r
}

// socket speaks graphql-transport-ws.
type socket struct {
	t    testing.TB
	conn *websocket.Conn
}

type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func (w *world) dial(header http.Header) *socket {
	w.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, _, err := dialer.DialContext(w.t.Context(), "ws"+strings.TrimPrefix(w.url, "http")+"/graphql", header)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	return &socket{t: w.t, conn: conn}
}

func (s *socket) send(m message) {
	s.t.Helper()
	if err := s.conn.WriteJSON(m); err != nil {
		s.t.Fatal(err)
	}
}

// next reads a message that is no ping.
func (s *socket) next() message {
	s.t.Helper()
	for {
		var m message
		if err := s.conn.ReadJSON(&m); err != nil {
			s.t.Fatal(err)
		}
		if m.Type != "ping" {
			return m
		}
	}
}

// open initialises the socket with that payload.
func (s *socket) open(payload string) {
	s.t.Helper()
	s.send(message{Type: "connection_init", Payload: json.RawMessage(payload)})
	if m := s.next(); m.Type != "connection_ack" {
		s.t.Fatalf("%s %s", m.Type, m.Payload)
	}
}

// run runs an operation that gives one answer.
func (s *socket) run(id, query string) string {
	s.t.Helper()
	s.subscribe(id, query)
	answer := s.next()
	if answer.Type == "next" {
		s.next() // complete
	}
	return string(answer.Payload)
}

func (s *socket) subscribe(id, query string) {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		s.t.Fatal(err)
	}
	s.send(message{ID: id, Type: "subscribe", Payload: body})
}

// closed reads on until the socket is closed, and gives the code.
func (s *socket) closed() int {
	s.t.Helper()
	for {
		if _, _, err := s.conn.ReadMessage(); err != nil {
			if e, ok := err.(*websocket.CloseError); ok {
				return e.Code
			}
			s.t.Fatal(err)
		}
	}
}
