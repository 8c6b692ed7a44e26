package transport

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// group executes each event once for all its members, who asked the same and may see the same. It is open once its
// stream is, and over when that ends or when nobody uses it any more.
type group struct {
	hub *hub
	key [sha256.Size]byte
	op  *graphql.OperationContext
	as  scope

	ctx     context.Context
	cancel  context.CancelFunc
	opened  chan struct{} // closed when the stream is open, or refused is set
	refused error

	users int // protected by hub.mu

	mu      sync.Mutex // protects what follows
	over    bool
	recent  recent
	members []*member // in the order of joining, which is about the order in memory, until somebody leaves
}

func newGroup(h *hub, key [sha256.Size]byte, op *graphql.OperationContext, as scope) *group {
	g := &group{hub: h, key: key, op: anonymous(op, ""), as: as, opened: make(chan struct{})}
	g.ctx, g.cancel = context.WithCancel(graphql.WithOperationContext(as.as(context.Background()), g.op))
	return g
}

// run reads the stream until it ends. What kept it from opening is told to those who wait for it.
func (g *group) run() {
	defer g.cancel()
	ctx, failure := withFailure(g.ctx)
	stream, err := g.open(ctx)
	if err != nil {
		g.hub.retire(g)
		g.refused = err
		close(g.opened)
		return
	}
	g.recent.from = stream.Start
	close(g.opened)
	err = g.read(ctx, stream)
	g.hub.retire(g)
	g.finish(g.verdict(ctx, err, failure))
}

func (g *group) open(ctx context.Context) (stream Stream, err error) {
	defer g.rescue(ctx, &err)
	return g.hub.config.Sharing.Source.Open(ctx, g.op)
}

func (g *group) read(ctx context.Context, stream Stream) (err error) {
	defer g.rescue(ctx, &err)
	for event, err := range stream.Events {
		if err != nil {
			return err
		}
		answered, err := g.execute(ctx, event)
		if err != nil {
			return err
		}
		g.deliver(answered)
	}
	return nil
}

// rescue makes a panic the error of the stream: the goroutine is ours, so it would end the process.
func (g *group) rescue(ctx context.Context, err *error) {
	if thrown := recover(); thrown != nil {
		g.hub.config.Log.ErrorContext(ctx, "panic in a shared subscription", "panic", thrown, "stack", string(debug.Stack()))
		*err = refusal(CodeInternal, "internal error")
	}
}

// execute answers one event as the group's viewer. A response without data is an error, that of the whole stream.
func (g *group) execute(ctx context.Context, event Event) (shared, error) {
	answered := shared{position: event.Position, cursor: event.Cursor, key: event.Key}
	if event.Value == nil {
		return answered, nil
	}
	config := g.hub.config
	ctx, cancel := context.WithTimeout(graphql.WithOperationContext(ctx, g.op), config.Limits.Operation)
	defer cancel()
	response, ctx := g.hub.exec.Answer(config.Sharing.Source.OneEvent(ctx, event.Value))
	if response == nil {
		return answered, fmt.Errorf("answer an event: %w", context.Cause(ctx))
	}
	defer config.Release(response.Data)
	if failed(response) {
		return answered, response.Errors
	}
	answered.payload = payloadOf(response)
	return answered, nil
}

// verdict is how a stream that has ended ends for who listened to it: nil is completion.
func (g *group) verdict(ctx context.Context, err error, failure *failure) *graphql.Response {
	if err == nil {
		err = failure.get()
	}
	if err == nil {
		return nil
	}
	return present(context.WithoutCancel(ctx), g.hub.exec, err)
}

// deliver gives an event to every member, share by share, so that the writers find in the processor's caches what they
// write next. One whose queue is full goes on by itself, so that nobody waits for it.
func (g *group) deliver(event shared) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.recent.add(event)
	if event.payload == nil {
		return
	}
	one := []shared{event}
	for i := 0; i < len(g.members); {
		if m := g.members[i]; m.push(one) == len(one) {
			if i++; i%share == 0 {
				runtime.Gosched()
			}
		} else {
			g.remove(m)
			go m.catchUp()
		}
	}
}

// join makes an operation a member that has everything up to its position, and makes up for what the group has
// delivered since. It fails when the group is over, no longer has all of that, or the operation's queue is full; also
// then the operation has everything up to its position.
func (g *group) join(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over || m.position < g.recent.from.Position {
		return false
	}
	if m.push(g.recent.events) < len(g.recent.events) {
		return false
	}
	if !m.over.Load() { // or who ended it has looked for it among the members already
		m.place = len(g.members)
		g.members = append(g.members, m)
		m.config.Log.DebugContext(m.ctx, "subscription joined")
	}
	return true
}

// joinNow makes an operation a member that gets what comes next.
func (g *group) joinNow(m *member) bool {
	g.mu.Lock()
	to := g.recent.to()
	g.mu.Unlock()
	m.position, m.cursor = to.Position, to.Cursor
	return g.join(m)
}

func (g *group) leave(m *member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remove(m)
}

// remove has the last member take the place of one, if that is a member.
func (g *group) remove(m *member) {
	last := len(g.members) - 1
	if m.place > last || g.members[m.place] != m {
		return
	}
	g.members[m.place] = g.members[last]
	g.members[m.place].place = m.place
	g.members[last] = nil
	g.members = g.members[:last]
}

func (g *group) finish(verdict *graphql.Response) {
	g.mu.Lock()
	members := g.members
	g.over, g.members = true, nil
	g.mu.Unlock()
	for _, m := range members {
		m.conclude(verdict)
	}
}
