package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// message is what clients send. A payload of null is none.
type message struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// started is an operation of a socket, and how to stop it.
type started struct {
	*operation
	cancel  context.CancelFunc
	streams bool // it is a subscription, which is known once it is parsed
}

func (s *socket) handle(raw []byte) {
	var m message
	if err := json.Unmarshal(raw, &m); err != nil {
		s.close(closeInvalidMessage, "Invalid message: not a JSON object of this protocol")
		return
	}
	if string(m.Payload) == "null" {
		m.Payload = nil
	}
	switch m.Type {
	case "connection_init":
		s.init(m.Payload)
	case "ping":
		s.pong(m.Payload)
	case "pong":
	case "subscribe":
		s.subscribe(m)
	case "complete":
		s.complete(m)
	default:
		s.close(closeInvalidMessage, "Invalid message: unknown type")
	}
}

// init authenticates in the reader, so that whatever follows waits for the answer.
func (s *socket) init(raw json.RawMessage) {
	if s.acknowledged {
		s.close(closeTooManyInits, "Too many initialisation requests")
		return
	}
	payload, resume, err := decodeInit(raw, &s.config.Limits)
	if err != nil {
		s.close(closeInvalidMessage, "Invalid message: "+err.Error())
		return
	}
	ctx, err := s.config.Init(s.base, payload)
	if err != nil {
		s.denied(err)
		return
	}
	if !s.countFor(s.config.Caller(ctx)) {
		s.close(websocket.CloseTryAgainLater, fmt.Sprintf("No more than %d sockets per caller", s.config.Limits.SocketsPerCaller))
		return
	}
	s.unwatch = context.AfterFunc(ctx, func() { s.close(closeForbidden, "The credential is no longer valid") })
	s.ctx, s.resume, s.acknowledged = ctx, resume, true
	_ = s.heard()
	s.say(`{"type":"connection_ack"}`)
}

// countFor counts the socket for the caller that it turned out to be.
func (s *socket) countFor(caller string) bool {
	if !s.transport.census.move(s.caller, caller) {
		s.caller = ""
		return false
	}
	s.caller = caller
	return true
}

func (s *socket) denied(err error) {
	if errors.Is(err, ErrTryLater) {
		s.close(websocket.CloseTryAgainLater, "Try again later")
		return
	}
	s.config.Log.DebugContext(s.base, "socket refused", "error", err)
	s.close(closeForbidden, "Forbidden")
}

// decodeInit splits the payload of connection_init into what Config.Init gets and the cursors to resume after.
func decodeInit(raw json.RawMessage, limits *Limits) (map[string]any, map[string]string, error) {
	if raw == nil {
		return nil, nil, nil
	}
	if err := checkJSON(raw, limits); err != nil {
		return nil, nil, errors.New(err.Message)
	}
	var payload map[string]any
	if err := decodeJSON(raw, &payload); err != nil {
		return nil, nil, errors.New("the payload is not an object")
	}
	var with struct {
		Resume map[string]string `json:"resume"`
	}
	if err := decodeJSON(raw, &with); err != nil {
		return nil, nil, errors.New("resume is not an object of cursors")
	}
	return payload, with.Resume, nil
}

// pong waits for room in the queue like everything else that a client can ask for without end.
func (s *socket) pong(payload json.RawMessage) {
	if payload == nil {
		s.say(`{"type":"pong"}`)
		return
	}
	s.say(`{"type":"pong","payload":` + string(payload) + `}`)
}

func (s *socket) say(text string) { s.put(appendFrame(nil, websocket.TextMessage, []byte(text))) }

// put queues what the socket itself has to say. It blocks the reader while the queue is full: a client that asks without
// listening is not read.
func (s *socket) put(framed []byte) {
	_ = s.out.await(s.base, frame{bytes: framed}, s.config.Limits.Write)
}

func (s *socket) subscribe(m message) {
	if !s.acknowledged {
		s.close(closeUnauthorized, "Unauthorized")
		return
	}
	if m.ID == "" || len(m.ID) > s.config.Limits.OperationIDBytes {
		s.close(closeInvalidMessage, fmt.Sprintf("Invalid message: an id has 1 to %d bytes", s.config.Limits.OperationIDBytes))
		return
	}
	params, err := decodeParams(m.Payload)
	if err != nil {
		s.close(closeInvalidMessage, "Invalid message: "+err.Message)
		return
	}
	params.Headers = s.header
	s.start(m.ID, params, checkJSON(m.Payload, &s.config.Limits))
}

// start runs an operation beside the others, unless it is refused.
func (s *socket) start(id string, params *graphql.RawParams, refused *gqlerror.Error) {
	ctx, cancel := context.WithCancel(s.ctx)
	o := &started{cancel: cancel}
	o.operation = &operation{
		config: s.config, exec: s.transport.exec, out: s.out, dialect: newSocketDialect(id),
		resume: s.resume[id], parsing: s.transport.parsing,
		started: func(kind ast.Operation) bool { return s.goesOn(o, kind) },
		ended:   func() { s.ended(id, o) },
		closed:  func() { cancel(); s.settle() },
	}
	delete(s.resume, id)
	switch err := s.add(id, o); {
	case errors.Is(err, errInUse):
		cancel()
		s.close(closeDuplicate, "Subscriber for "+truncate(id, 64)+" already exists")
		return
	case errors.Is(err, errGoingDown):
		cancel() // the client learns in a moment that it has to ask elsewhere
		return
	case err != nil:
		refused = refusal(CodeRateLimited, "%s", err)
	}
	go func() {
		if refused != nil {
			o.end(ctx, refused)
			return
		}
		o.run(ctx, params)
	}()
}

var (
	errInUse     = errors.New("the id is in use")
	errGoingDown = errors.New("the socket is going down")
)

// add registers an operation. With an error other than these two it is registered too, to be refused under its id.
func (s *socket) add(id string, o *started) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || s.closing {
		return errGoingDown
	}
	if s.operations[id] != nil {
		return errInUse
	}
	limit := s.config.Limits.SocketOperations
	full := len(s.operations) >= limit || s.active >= 2*limit // those that were completed but have not stopped yet count too
	s.operations[id] = o
	s.active++
	s.running.Add(1)
	if full {
		return fmt.Errorf("a socket runs at most %d operations at a time", limit)
	}
	return nil
}

// goesOn is asked once an operation's kind is known.
func (s *socket) goesOn(o *started, kind ast.Operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.streams = kind == ast.Subscription
	return !(o.streams && s.draining)
}

// ended frees the id of an operation whose last word comes next.
func (s *socket) ended(id string, o *started) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[id] == o {
		delete(s.operations, id)
	}
}

// settle closes a draining socket when its last operation has had its last word.
func (s *socket) settle() {
	defer s.running.Done()
	s.mu.Lock()
	s.active--
	idle := s.draining && s.active == 0
	s.mu.Unlock()
	if idle {
		s.close(websocket.CloseServiceRestart, goingDown())
	}
}

// complete stops what the client no longer wants. Nothing more is sent under that id, queued answers included.
func (s *socket) complete(m message) {
	if m.ID == "" {
		s.close(closeInvalidMessage, "Invalid message: no id")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.operations[m.ID]; o != nil {
		o.silent.Store(true)
		o.cancel()
		delete(s.operations, m.ID)
	}
}
