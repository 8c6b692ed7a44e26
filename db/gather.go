package db

import (
	"context"
	"errors"
	"sync"
	"time"

	"workflowfactory/model"
)

// gather does calls of one kind together, in one transaction and one commit. The first is done at once; those that
// come while one or several are being done are the next batch. So nobody waits for company, and the more there is to
// do, the less each takes.
//
// A batch waits for nobody: calls that need what somebody else has locked are set apart, and wait in batches of their
// own. And what goes wrong in a batch is found out one by one: one call cannot spoil another.
type gather[I, O any] struct {
	do func(ctx context.Context, b *batch[I, O]) error

	mu      sync.Mutex // protects waiting and busy
	waiting []*call[I, O]
	busy    bool
}

const (
	// maxBatch bounds how many calls are done together.
	maxBatch = 128
	// patience is how long a batch may hold up the next one: longer, and they are done side by side.
	patience = 50 * time.Millisecond
	// batchTimeout is for batches of several callers, whatever their own deadlines.
	batchTimeout = 10 * time.Second
)

// call is one caller's part of a batch.
type call[I, O any] struct {
	ctx    context.Context
	caller model.Caller
	in     I
	out    O
	err    error
	done   bool              // it was answered; for whoever does the batch
	turn   chan *batch[I, O] // what this call's goroutine is to do for all of the batch; closed once the call is done
}

// answer ends a call.
func (c *call[I, O]) answer(out O, err error) {
	c.out, c.err, c.done = out, err, true
	close(c.turn)
}

// batch is calls that are done together. Its do answers each call, or sets it apart.
type batch[I, O any] struct {
	calls []*call[I, O]
	waits bool                  // for locks
	apart map[any][]*call[I, O] // those that have to wait for the same
}

// setApart lets a call wait together with those that wait for the same.
func (b *batch[I, O]) setApart(c *call[I, O], what any) {
	if b.apart == nil {
		b.apart = map[any][]*call[I, O]{}
	}
	b.apart[what] = append(b.apart[what], c)
}

// call does what is asked, perhaps together with what others ask. A caller who leaves before it began is forgotten.
func (g *gather[I, O]) call(ctx context.Context, in I) (O, error) {
	c := &call[I, O]{ctx: ctx, caller: model.CallerFrom(ctx), in: in, turn: make(chan *batch[I, O], 1)}
	g.enter(c)
	select {
	case b, more := <-c.turn:
		if more {
			g.run(b)
		}
	case <-ctx.Done():
		if g.leave(c) {
			return c.out, context.Cause(ctx)
		}
	}
	for b := range c.turn {
		g.run(b)
	}
	return c.out, c.err
}

func (g *gather[I, O]) enter(c *call[I, O]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, c)
	if !g.busy {
		g.begin()
	}
}

// leave forgets a call that is not yet in a batch.
func (g *gather[I, O]) leave(c *call[I, O]) (left bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, waiting := range g.waiting {
		if waiting == c {
			g.waiting = append(g.waiting[:i:i], g.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// begin has the first of those that wait do the work of all.
func (g *gather[I, O]) begin() {
	n := min(len(g.waiting), maxBatch)
	if g.busy = n > 0; !g.busy {
		return
	}
	b := &batch[I, O]{calls: g.waiting[:n:n]}
	g.waiting = g.waiting[n:]
	b.calls[0].turn <- b
}

func (g *gather[I, O]) next() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begin()
}

// run does a batch, and sees to it that each of its calls is done in the end.
func (g *gather[I, O]) run(b *batch[I, O]) {
	if !b.waits {
		next := sync.OnceFunc(g.next)
		defer next()
		late := time.AfterFunc(patience, next)
		defer late.Stop()
	}
	err := errBrokeOff
	defer func() { b.leave(err) }()
	ctx, cancel := b.context()
	defer cancel()
	err = g.do(ctx, b)
}

// errBrokeOff is for the other callers of a batch in which there was a panic.
var errBrokeOff = errors.New("the work on several requests broke off")

// leave hands on what a batch did not answer: calls that were set apart to the first of each lot, and after an error
// each to its own caller.
func (b *batch[I, O]) leave(err error) {
	switch {
	case err == nil:
		for _, calls := range b.apart {
			calls[0].turn <- &batch[I, O]{calls: calls, waits: true}
		}
	case len(b.calls) == 1 || err == errBrokeOff:
		for _, c := range b.calls {
			if !c.done {
				c.answer(c.out, err)
			}
		}
	default:
		for _, c := range b.calls {
			if !c.done {
				c.turn <- &batch[I, O]{calls: []*call[I, O]{c}, waits: true}
			}
		}
	}
}

// context is the caller's for a single call, and for several one that none of them can end.
func (b *batch[I, O]) context() (context.Context, context.CancelFunc) {
	if len(b.calls) == 1 {
		return context.WithCancel(b.calls[0].ctx)
	}
	return context.WithTimeout(context.Background(), batchTimeout)
}
