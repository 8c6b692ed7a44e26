package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// The close codes of graphql-transport-ws. Clients take all but 4408 as final, and connect again after any other code.
const (
	closeInvalidMessage = 4400
	closeUnauthorized   = 4401
	closeForbidden      = 4403
	closeBadSubprotocol = 4406
	closeInitTimeout    = 4408
	closeDuplicate      = 4409
	closeTooManyInits   = 4429
	closeInternal       = 4500
)

// longestReason is what fits into a close frame beside the code.
const longestReason = 123

// linger is how long the client's own close frame is waited for. Closing at once could make the network drop ours.
const linger = 750 * time.Millisecond

// socket is one connection of graphql-transport-ws.
//
// It is opened by the upgrade, acknowledged after connection_init, and closing from the moment that either side says so:
// its operations stop, the writer writes what is queued and a close frame, the reader waits for the client's. It is over
// when everything that it started has stopped.
type socket struct {
	transport *WebSocket
	config    *Config
	header    http.Header
	caller    string // who it is counted for

	conn    *websocket.Conn
	raw     syscall.RawConn // of conn
	out     *outbox
	written chan struct{} // closed when nothing is written any more
	round   uint64        // of the writers, in which it was due last; they protect it
	limiter *rate.Limiter
	base    context.Context // until the socket is closing
	cancel  context.CancelFunc

	// The reader's own.
	acknowledged bool
	ctx          context.Context   // as Config.Init returned it
	unwatch      func() bool       // stops waiting for that context to end
	resume       map[string]string // operation id → cursor, for the first operation of that id

	running sync.WaitGroup // the operations

	mu         sync.Mutex // protects what follows
	operations map[string]*started
	active     int // operations that run, those whose id is free again included
	draining   bool
	closing    bool // there is to be a close frame, or was
	pinging    *time.Timer
}

func newSocket(ctx context.Context, t *WebSocket, header http.Header) *socket {
	limits := &t.config.Limits
	s := &socket{
		transport:  t,
		config:     t.config,
		header:     header,
		written:    make(chan struct{}),
		limiter:    rate.NewLimiter(rate.Limit(limits.MessagesPerSecond), limits.MessageBurst),
		operations: map[string]*started{},
		unwatch:    func() bool { return true },
	}
	s.out = newOutbox(limits, func() { t.writers.add(s) })
	s.base, s.cancel = context.WithCancel(ctx)
	return s
}

// serve runs the socket to its end; it blocks until everything that the socket started has stopped.
func (s *socket) serve(conn *websocket.Conn) {
	defer s.transport.leave(s)
	s.conn = conn
	conn.SetPingHandler(s.onPing)
	conn.SetPongHandler(func(string) error { return s.heard() })
	conn.SetCloseHandler(func(code int, _ string) error { s.close(code, ""); return nil })
	s.begin()
	s.read()
	s.close(websocket.CloseNormalClosure, "")
	<-s.written
	_ = conn.Close()
	s.unwatch()
	s.running.Wait()
}

// begin lets what is said to the client be written.
func (s *socket) begin() {
	s.raw = rawConn(s.conn.NetConn())
	s.mu.Lock()
	every := s.config.Limits.KeepAlive
	s.pinging = time.AfterFunc(every-rand.N(every/2+1), s.ping) // those who came at once are not pinged at once
	s.mu.Unlock()
	s.writeOn()
}

// read takes messages until the client is gone, or does not answer our close frame.
func (s *socket) read() {
	defer func() {
		if thrown := recover(); thrown != nil {
			s.config.Log.ErrorContext(s.base, "panic in a socket", "panic", thrown, "stack", string(debug.Stack()))
			s.close(closeInternal, "Internal server error")
		}
	}()
	_ = s.conn.SetReadDeadline(time.Now().Add(s.config.Limits.Init))
	if s.conn.Subprotocol() != Subprotocol {
		s.close(closeBadSubprotocol, "Subprotocol not acceptable")
	}
	for {
		message, err := s.next()
		switch {
		case errors.Is(err, errNoText):
			s.close(closeInvalidMessage, "Only text messages are understood")
		case errors.Is(err, errTooLarge):
			s.close(websocket.CloseMessageTooBig, "Message too large")
		case err != nil:
			s.lost(err)
			return
		case !s.isClosing():
			s.handle(message)
		}
	}
}

var (
	errNoText   = errors.New("not a text message")
	errTooLarge = errors.New("message too large")
)

// next reads one message. A client that sends faster than it may is not read until it is within its rate again, which it
// feels as a slow network.
func (s *socket) next() ([]byte, error) {
	kind, reader, err := s.conn.NextReader()
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage {
		return nil, errNoText
	}
	limit := s.config.Limits.MessageBytes
	message, err := io.ReadAll(io.LimitReader(reader, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(message) > limit {
		return nil, errTooLarge
	}
	_ = s.limiter.Wait(s.base)
	return message, s.heard()
}

// heard gives the client another interval to say something in. Nothing prolongs the wait for connection_init, or for the
// last close frame.
func (s *socket) heard() error {
	s.mu.Lock() // or the writer's deadline for the last close frame could be overwritten
	defer s.mu.Unlock()
	if !s.acknowledged || s.closing {
		return nil
	}
	return s.conn.SetReadDeadline(time.Now().Add(s.config.Limits.KeepAlive + s.config.Limits.Silence))
}

func (s *socket) onPing(data string) error {
	_ = s.limiter.Wait(s.base)
	s.put(appendFrame(nil, websocket.PongMessage, []byte(data)))
	return s.heard()
}

// lost says why the client cannot be heard any more, if it may still be able to hear.
func (s *socket) lost(err error) {
	if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
		return
	}
	if s.acknowledged {
		s.close(websocket.CloseGoingAway, "No answer to pings")
		return
	}
	s.close(closeInitTimeout, "Connection initialisation timeout")
}

// close begins the end of the socket. The first who calls it decides the code and the reason.
func (s *socket) close(code int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	s.closing = true
	s.cancel()
	for _, o := range s.operations {
		o.cancel()
	}
	if s.pinging != nil {
		s.pinging.Stop()
	}
	s.out.end(appendFrame(nil, websocket.CloseMessage, websocket.FormatCloseMessage(code, truncate(reason, longestReason))))
	s.config.Log.DebugContext(s.base, "socket closing", "code", code, "reason", reason)
}

func (s *socket) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// drain lets queries and mutations answer, ends everything else without a word, and then closes: clients subscribe again
// elsewhere.
func (s *socket) drain() {
	s.mu.Lock()
	s.draining = true
	for _, o := range s.operations {
		if o.streams {
			o.cancel()
		}
	}
	idle := s.active == 0
	s.mu.Unlock()
	if idle {
		s.close(websocket.CloseServiceRestart, goingDown())
	}
}

// returnWithin is the time over which clients are asked to spread when the server goes down, so that the next one need
// not take them all at once.
const returnWithin = 5 * time.Second

// returnIn is how long one client is asked to stay away, in milliseconds.
func returnIn() int64 { return rand.N(returnWithin).Milliseconds() }

func goingDown() string {
	return fmt.Sprintf("The server is going down: connect again in %d ms", returnIn())
}
