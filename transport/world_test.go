package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"workflowfactory/transport"
	"workflowfactory/transport/transporttest"
)

// patience is how long a test waits for what has to come. Nothing sleeps for it.
const patience = time.Minute

// aLittle fills the kernel's buffers of a narrow connection.
const aLittle = 16 << 10

// world is a server with its resolvers, and what a test does to it.
type world struct {
	*transporttest.Resolver
	t       *testing.T
	sockets *transport.WebSocket
	http    *transport.HTTP
	server  *httptest.Server
	narrow  atomic.Bool   // connections from now on have small kernel buffers in both directions
	over    chan struct{} // gets a value for every socket that has ended
	joined  chan struct{} // gets a value for every subscription that joins a group
	slow    chan struct{} // gets a value for every client that is given up as too slow
}

// serve starts a server on a real port. The test ends with every socket closed and waited for.
func serve(t *testing.T, configure ...func(*transport.Config)) *world {
	t.Helper()
	w := &world{Resolver: transporttest.New(), t: t, over: make(chan struct{}, 10_000), joined: make(chan struct{}, 10_000), slow: make(chan struct{}, 10_000)}
	text := slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})
	config := transport.Config{Log: slog.New(listener{text, map[string]chan struct{}{"socket over": w.over, "subscription joined": w.joined, "slow consumer": w.slow}})}
	for _, change := range configure {
		change(&config)
	}
	w.Fail, w.Touched = transport.Fail, transport.Touched
	gql, err := transport.New(w.Schema(), config)
	if err != nil {
		t.Fatal(err)
	}
	w.sockets, w.http = gql.Sockets, gql.HTTP
	w.server = httptest.NewUnstartedServer(withCaller(gql))
	w.server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		if w.narrow.Load() {
			_ = conn.(*net.TCPConn).SetWriteBuffer(aLittle)
		}
		return transport.PerConnection(ctx, conn)
	}
	w.server.Start()
	t.Cleanup(func() {
		w.http.Shutdown()
		w.server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.sockets.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return w
}

// listener is a log that lets a test wait for what is said.
type listener struct {
	slog.Handler
	signals map[string]chan struct{}
}

func (l listener) Handle(ctx context.Context, r slog.Record) error {
	select {
	case l.signals[r.Message] <- struct{}{}: // to nobody, unless a test may wait for it
	default:
	}
	return l.Handler.Handle(ctx, r)
}

type callerKey struct{}

// withCaller is the middleware of a server that knows its callers by a header.
func withCaller(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(context.WithValue(r.Context(), callerKey{}, r.Header.Get("Caller")))
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func callerOf(ctx context.Context) string {
	caller, _ := ctx.Value(callerKey{}).(string)
	return caller
}

// client is one end of a socket, as raw as frames are.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

func (w *world) url() string { return "ws" + strings.TrimPrefix(w.server.URL, "http") }

// dial opens a socket, and does not say anything on it.
func (w *world) dial(header ...string) *client {
	w.t.Helper()
	conn, response, err := w.tryDial(header...)
	if err != nil {
		w.t.Fatalf("dial: %v (%v)", err, response)
	}
	return &client{t: w.t, conn: conn}
}

func (w *world) tryDial(header ...string) (*websocket.Conn, *http.Response, error) {
	w.t.Helper()
	headers := http.Header{"Sec-Websocket-Protocol": {transport.Subprotocol}}
	for i := 0; i < len(header); i += 2 {
		headers.Set(header[i], header[i+1])
	}
	if headers.Get("Sec-Websocket-Protocol") == "" {
		headers.Del("Sec-Websocket-Protocol")
	}
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil && w.narrow.Load() {
			_ = conn.(*net.TCPConn).SetReadBuffer(aLittle)
		}
		return conn, err
	}}
	conn, response, err := dialer.DialContext(w.t.Context(), w.url(), headers)
	if err == nil {
		w.t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, response, err
}

// openNarrow opens a socket that little data fills.
func (w *world) openNarrow(header ...string) *client {
	w.t.Helper()
	w.narrow.Store(true)
	defer w.narrow.Store(false)
	return w.open(header...)
}

// open opens a socket and takes it through connection_init.
func (w *world) open(header ...string) *client {
	w.t.Helper()
	c := w.dial(header...)
	c.send(`{"type":"connection_init"}`)
	c.expect(`{"type":"connection_ack"}`)
	return c
}

func (c *client) send(text string) {
	c.t.Helper()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatalf("send %s: %v", text, err)
	}
}

// subscribe sends an operation with its variables as JSON, "" for none.
func (c *client) subscribe(id, query, variables string) {
	c.t.Helper()
	payload := map[string]any{"query": query}
	if variables != "" {
		payload["variables"] = json.RawMessage(variables)
	}
	b, err := json.Marshal(map[string]any{"id": id, "type": "subscribe", "payload": payload})
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(string(b))
}

// receive returns the next message; an error is most often a *websocket.CloseError.
func (c *client) receive() (string, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	_, message, err := c.conn.ReadMessage()
	return string(message), err
}

func (c *client) next() string {
	c.t.Helper()
	message, err := c.receive()
	if err != nil {
		c.t.Fatalf("receive: %v", err)
	}
	return message
}

func (c *client) expect(want string) {
	c.t.Helper()
	if got := c.next(); got != want {
		c.t.Fatalf("received\n%s\nwant\n%s", got, want)
	}
}

// expectClose reads until the server closes, and wants that to be the next thing it does.
func (c *client) expectClose(code int) string {
	c.t.Helper()
	message, err := c.receive()
	closed, ok := errors.AsType[*websocket.CloseError](err)
	if !ok {
		c.t.Fatalf("received %q, %v; want close %d", message, err, code)
	}
	if closed.Code != code {
		c.t.Fatalf("closed with %d %q, want %d", closed.Code, closed.Text, code)
	}
	return closed.Text
}

// expectAlive shows that the socket goes on and has nothing else to say.
func (c *client) expectAlive() {
	c.t.Helper()
	c.send(`{"type":"ping","payload":{"still":"here"}}`)
	c.expect(`{"type":"pong","payload":{"still":"here"}}`)
}

// reply is a message of the server, taken apart.
type reply struct {
	ID      string
	Type    string
	Payload json.RawMessage
}

func (c *client) reply() reply {
	c.t.Helper()
	var r reply
	decode(c.t, c.next(), &r)
	return r
}

// problem is an error as clients see it.
type problem struct {
	Message    string
	Path       []any
	Extensions map[string]any
}

// expectError wants an `error` message of one error and returns that.
func (c *client) expectError(id, code string) problem {
	c.t.Helper()
	r := c.reply()
	if r.ID != id || r.Type != "error" {
		c.t.Fatalf("received %s %s %s, want an error for %s", r.ID, r.Type, r.Payload, id)
	}
	var problems []problem
	decode(c.t, string(r.Payload), &problems)
	if len(problems) != 1 || problems[0].Extensions["code"] != code && code != "" {
		c.t.Fatalf("errors %s, want one of code %s", r.Payload, code)
	}
	return problems[0]
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("decode %q: %v", text, err)
	}
}

func (w *world) awaitReaders(n int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if err := w.Feed.AwaitReaders(ctx, n); err != nil {
		w.t.Fatalf("waiting for %d readers: %v", n, err)
	}
}

// awaitSignal waits for what a resolver says.
func awaitSignal[T any](t *testing.T, signal <-chan T) T {
	t.Helper()
	select {
	case v := <-signal:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// request sends one HTTP request and returns the answer with its body read.
func (w *world) request(method, path, body string, header ...string) (*http.Response, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response, string(b)
}
