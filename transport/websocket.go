package transport

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// Subprotocol is the one WebSocket subprotocol that is spoken.
const Subprotocol = "graphql-transport-ws"

// WebSocket speaks graphql-transport-ws: queries, mutations and subscriptions, many at a time on one socket. Each socket
// has one goroutine that reads and one per running operation, and a bounded queue, which a few goroutines for all sockets
// write: who takes its events too slowly is told where to resume, and nobody else waits.
//
// Over a limit: a socket too many is refused before the upgrade, an operation too many gets an error, a message too many
// waits to be read, a message too large closes with 1009.
type WebSocket struct {
	config   *Config
	exec     *Executor
	upgrader websocket.Upgrader
	parsing  chan struct{}
	census   *census
	writers  writers

	mu      sync.Mutex // protects what follows
	sockets map[*socket]struct{}
}

func newWebSocket(exec *Executor) *WebSocket {
	t := &WebSocket{
		config:  &exec.config,
		exec:    exec,
		census:  newCensus(&exec.config.Limits),
		parsing: make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		sockets: map[*socket]struct{}{},
	}
	t.upgrader = websocket.Upgrader{
		Subprotocols:     []string{Subprotocol},
		HandshakeTimeout: t.config.Limits.Write,
		ReadBufferSize:   kibi,                                     // most of what clients say is short, and longer reads go around the buffer
		WriteBufferPool:  &sync.Pool{},                             // the writer builds its own frames: no socket needs a buffer of its own
		CheckOrigin:      func(*http.Request) bool { return true }, // asked before, to answer in the shape of all refusals
	}
	return t
}

func isUpgrade(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// ServeHTTP upgrades the request and returns; the socket goes on by itself. What middleware put into the request's context
// stays visible to Config.Init and to resolvers, its cancellation does not.
func (t *WebSocket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status, why := t.refuses(r); status != 0 {
		http.Error(w, why, status)
		return
	}
	s := newSocket(context.WithoutCancel(r.Context()), t, r.Header)
	if err := t.admit(s, t.config.Caller(r.Context())); err != nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	conn, err := t.upgrader.Upgrade(w, r, nil)
	if err != nil { // the upgrader has answered
		t.config.Log.DebugContext(r.Context(), "websocket upgrade", "error", err)
		t.leave(s)
		return
	}
	go s.serve(conn)
}

// refuses finds what is wrong with an upgrade request itself. A client that offers no subprotocol at all is let in and
// then told by a close code, which it can read, unlike a refused upgrade.
func (t *WebSocket) refuses(r *http.Request) (int, string) {
	if !t.welcome(r) {
		return http.StatusForbidden, "this origin may not open sockets"
	}
	offered := websocket.Subprotocols(r)
	if len(offered) > 0 && !slices.Contains(offered, Subprotocol) {
		return http.StatusBadRequest, "the subprotocol has to be " + Subprotocol
	}
	return 0, ""
}

// welcome checks the origin of pages; clients that are no browsers send none.
func (t *WebSocket) welcome(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 || slices.Contains(t.config.Origins, "*") {
		return true
	}
	if slices.Contains(t.config.Origins, origins[0]) {
		return true
	}
	origin, err := url.Parse(origins[0])
	return err == nil && origin.Host != "" && strings.EqualFold(origin.Host, r.Host)
}

func (t *WebSocket) admit(s *socket, caller string) error {
	if err := t.census.enter(caller); err != nil {
		return err
	}
	s.caller = caller
	t.mu.Lock()
	t.sockets[s] = struct{}{}
	t.mu.Unlock()
	if t.census.isClosed() { // since it let us in: Shutdown may have looked before we were there to be seen
		s.drain()
	}
	return nil
}

func (t *WebSocket) leave(s *socket) {
	t.mu.Lock()
	delete(t.sockets, s)
	t.mu.Unlock()
	t.census.leave(s.caller)
	t.config.Log.Debug("socket over")
	t.census.inside.Done()
}

// Sockets tells how many sockets are open.
func (t *WebSocket) Sockets() int { return t.census.count() }

// Shutdown refuses new sockets and ends the open ones with 1012, after which clients connect again elsewhere. Each is
// closed as soon as its queries and mutations have answered and its queue is written; subscriptions are not waited for.
// When the context ends first, what still runs is cut off, and the context's error returned.
func (t *WebSocket) Shutdown(ctx context.Context) error {
	t.census.close()
	for s := range t.open() {
		s.drain()
	}
	done := make(chan struct{})
	go func() { t.census.inside.Wait(); t.exec.hub.running.Wait(); t.writers.busy.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	for s := range t.open() {
		s.close(websocket.CloseServiceRestart, goingDown())
	}
	<-done // bounded by the write deadline and the wait for the client's close frame
	return ctx.Err()
}

func (t *WebSocket) open() iter.Seq[*socket] {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Keys(maps.Clone(t.sockets))
}
