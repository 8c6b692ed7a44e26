package transport

import (
	"context"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
)

// Subprotocol is the one WebSocket subprotocol that is spoken.
const Subprotocol = "graphql-transport-ws"

// WebSocket speaks graphql-transport-ws: queries, mutations and subscriptions, many at a time on one socket. Each socket
// has one goroutine that reads, one that writes and one per running operation, and a bounded queue: who takes its events
// too slowly is told where to resume, and nobody else waits.
//
// Over a limit: a socket too many is refused before the upgrade, an operation too many gets an error, a message too many
// waits to be read, a message too large closes with 1009.
type WebSocket struct {
	config   Config
	upgrader websocket.Upgrader
	parsing  chan struct{}

	mu       sync.Mutex // protects what follows
	sockets  map[*socket]struct{}
	callers  map[string]int
	draining bool
	running  sync.WaitGroup // one per socket; added to under mu while not draining
}

var _ graphql.Transport = (*WebSocket)(nil)

// NewWebSocket returns a transport that is ready to be added to a server. Shutdown ends its sockets; the HTTP server's
// own Shutdown does not know of them.
func NewWebSocket(config Config) *WebSocket {
	t := &WebSocket{
		config:  config.orDefaults(),
		parsing: make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		sockets: map[*socket]struct{}{},
		callers: map[string]int{},
	}
	t.upgrader = websocket.Upgrader{
		Subprotocols:     []string{Subprotocol},
		HandshakeTimeout: t.config.Limits.Write,
		WriteBufferPool:  &sync.Pool{},                             // the writer builds its own frames: no socket needs a buffer of its own
		CheckOrigin:      func(*http.Request) bool { return true }, // asked before, to answer in the shape of all refusals
	}
	return t
}

// Supports is true for requests that want to become a WebSocket.
func (t *WebSocket) Supports(r *http.Request) bool { return isUpgrade(r) }

func isUpgrade(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// Do upgrades the request and returns; the socket goes on by itself. What middleware put into the request's context
// stays visible to Config.Init and to resolvers, its cancellation does not.
func (t *WebSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	if status, why := t.refuses(r); status != 0 {
		http.Error(w, why, status)
		return
	}
	s := newSocket(context.WithoutCancel(r.Context()), t, exec, r.Header)
	if status, why := t.admit(s, t.config.Caller(r.Context())); status != 0 {
		w.Header().Set("Retry-After", "5")
		http.Error(w, why, status)
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

// admit counts the socket in, or says why not.
func (t *WebSocket) admit(s *socket, caller string) (int, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.draining:
		return http.StatusServiceUnavailable, "the server is going down"
	case len(t.sockets) >= t.config.Limits.Sockets:
		return http.StatusServiceUnavailable, "the server has as many sockets as it can take"
	case !t.count(s, caller):
		return http.StatusTooManyRequests, "the caller has as many sockets as it may have"
	}
	t.sockets[s] = struct{}{}
	t.running.Add(1)
	return 0, ""
}

// recount counts an admitted socket for the caller that it turned out to be. False means that the caller has too many.
func (t *WebSocket) recount(s *socket, caller string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if caller == s.caller {
		return true
	}
	t.uncount(s)
	return t.count(s, caller)
}

func (t *WebSocket) count(s *socket, caller string) bool {
	if caller == "" {
		return true
	}
	if t.callers[caller] >= t.config.Limits.SocketsPerCaller {
		return false
	}
	t.callers[caller]++
	s.caller = caller
	return true
}

func (t *WebSocket) uncount(s *socket) {
	if s.caller == "" {
		return
	}
	if t.callers[s.caller]--; t.callers[s.caller] == 0 {
		delete(t.callers, s.caller)
	}
	s.caller = ""
}

func (t *WebSocket) leave(s *socket) {
	defer t.running.Done()
	t.mu.Lock()
	delete(t.sockets, s)
	t.uncount(s)
	t.mu.Unlock()
	t.config.Log.Debug("socket over")
}

// Sockets tells how many sockets are open.
func (t *WebSocket) Sockets() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.sockets)
}

// Shutdown refuses new sockets and ends the open ones with 1012, after which clients connect again elsewhere. Each is
// closed as soon as its queries and mutations have answered and its queue is written; subscriptions are not waited for.
// When the context ends first, what still runs is cut off, and the context's error returned.
func (t *WebSocket) Shutdown(ctx context.Context) error {
	for _, s := range t.drain() {
		s.drain()
	}
	done := make(chan struct{})
	go func() { t.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	for _, s := range t.open() {
		s.close(websocket.CloseServiceRestart, "the server is going down")
	}
	<-done // bounded by the write deadline and the wait for the client's close frame
	return ctx.Err()
}

func (t *WebSocket) drain() []*socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.draining = true
	return t.list()
}

func (t *WebSocket) open() []*socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.list()
}

func (t *WebSocket) list() []*socket {
	open := make([]*socket, 0, len(t.sockets))
	for s := range t.sockets {
		open = append(open, s)
	}
	return open
}
