package transport

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"
)

// PerConnection makes the context of an HTTP connection, for [http.Server.ConnContext]. The operations of a connection
// take turns, so that one timer bounds all of them, where contexts with a time of their own would cost each operation
// some microseconds. Without it they have such contexts, and also if the server's context can end.
func PerConnection(ctx context.Context, _ net.Conn) context.Context {
	if ctx.Done() != nil {
		return ctx
	}
	return &turns{Context: ctx, over: make(chan struct{})}
}

// turns is a context that ends when an operation takes too long. The connection is then of no use any more.
type turns struct {
	context.Context // of the server
	over            chan struct{}

	mu    sync.Mutex // protects what follows
	timer *time.Timer
	until time.Time // when the operation whose turn it is has to be done; zero while there is none
	err   error     // once the context has ended
	after []*func() // to be called then; hardly ever more than one
}

type turnsKey struct{}

// turnsOf is nil where the context is not that of a connection.
func turnsOf(ctx context.Context) *turns {
	t, _ := ctx.Value(turnsKey{}).(*turns)
	return t
}

// begin starts the turn of an operation.
func (t *turns) begin(limit time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = time.Now().Add(limit)
	if t.timer == nil {
		t.timer = time.AfterFunc(limit, t.expire)
		return
	}
	t.timer.Reset(limit)
}

// done ends it, and tells whether there may be another.
func (t *turns) done() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = time.Time{}
	t.timer.Stop()
	return t.err == nil
}

// expire may come late: then the time is that of another operation, or of none.
func (t *turns) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil || t.until.IsZero() || time.Now().Before(t.until) {
		return
	}
	t.err = context.DeadlineExceeded
	close(t.over)
	for _, f := range t.after {
		go (*f)()
	}
	t.after = nil
}

// Done is closed when the context ends.
func (t *turns) Done() <-chan struct{} { return t.over }

// Err is what an operation's own context would say.
func (t *turns) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Value gives what the server's context has.
func (t *turns) Value(key any) any {
	if key == (turnsKey{}) {
		return t
	}
	return t.Context.Value(key)
}

// AfterFunc lets [context] do without a goroutine for each context that is made from this one.
func (t *turns) AfterFunc(f func()) (stop func() bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		go f()
		return func() bool { return false }
	}
	t.after = append(t.after, &f)
	return func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		at := slices.Index(t.after, &f)
		if at >= 0 {
			t.after = slices.Delete(t.after, at, at+1)
		}
		return at >= 0
	}
}
