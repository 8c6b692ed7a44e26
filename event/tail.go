package event

import (
	"context"
	"fmt"
	"time"

	"workflowfactory/model"
)

const (
	tailEntries = 1000
	tailPoll    = 250 * time.Millisecond // how often the database is asked although nobody told of anything new
)

// begin finds the end of the log, from where on this feed reads it.
func (f *Feed) begin(ctx context.Context) error {
	state, err := f.ask(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state, f.told = state, state.Head
	f.epochNow.Store(state.Epoch())
	f.ring.restart(state.Head)
	close(f.ready)
	return nil
}

// tail reads what is new, each time the log has grown.
func (f *Feed) tail(ctx context.Context) error {
	for {
		more, err := f.pull(ctx)
		if err == nil && !more {
			err = f.awaitNews(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// pull reads what comes after the ring. It gives whether there may be more.
func (f *Feed) pull(ctx context.Context) (more bool, err error) {
	after := f.high()
	entries, state, err := f.log.Read(ctx, model.LogRange{After: after, UpTo: after + tailEntries, Limit: tailEntries}, model.EntryFilter{})
	if err != nil {
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if state.Epoch() > f.state.Epoch() {
		f.turn(state)
		return true, nil
	}
	if state.Epoch() < f.state.Epoch() {
		return false, fmt.Errorf("the log is in epoch %d although epoch %d has begun: this is not the primary", state.Epoch(), f.state.Epoch())
	}
	if state.Head < after {
		signal(f.help) // which begins a new epoch if this is another database than before
		return false, fmt.Errorf("the log ends at %d although %d has been read", state.Head, after)
	}
	if err := f.take(state, entries); err != nil {
		return false, err
	}
	f.handOn(state, entries)
	return len(entries) == tailEntries, nil
}

// take adds entries to the ring and wakes those whom they may concern.
func (f *Feed) take(state model.LogState, entries []*model.Entry) error {
	for i, e := range entries {
		if want := f.ring.high.Load() + 1 + int64(i); e.Position != want {
			return fmt.Errorf("the log has position %d where %d belongs", e.Position, want)
		}
	}
	f.state = state
	if len(entries) == 0 {
		return nil
	}
	f.counts.batches.Add(1)
	f.counts.tailed.Add(int64(len(entries)))
	for _, e := range entries {
		f.ring.append(e)
		f.watch.wake(e)
	}
	f.announce()
	return nil
}

// announce wakes those who wait for any change of the ring.
func (f *Feed) announce() {
	close(f.moved)
	f.moved = make(chan struct{})
}

// turn goes over to a new epoch. What was read past the fork never happened in it: the feed forgets that, and wakes
// every subscriber, so that those who saw it are told.
func (f *Feed) turn(state model.LogState) {
	fork := state.ForkAfter(f.state.Epoch())
	f.options.Logger.Warn("the event log goes on in a new epoch", "epoch", state.Epoch(), "fork", fork, "read", f.ring.high.Load())
	f.state, f.told = state, state.Head
	f.epochNow.Store(state.Epoch()) // before the ring changes, so that a reader can tell what it took
	f.ring.cut(fork)
	close(f.turned)
	f.turned = make(chan struct{})
	f.watch.wakeAll()
	f.announce()
}

// fill reads backwards from where the feed began until the ring is full, so that those who come back after a restart
// find what they missed in memory.
func (f *Feed) fill(ctx context.Context) error {
	for {
		f.mu.Lock()
		low, floor := f.ring.low, f.state.Floor
		f.mu.Unlock()
		if low <= floor {
			return nil
		}
		r := model.LogRange{After: max(low-tailEntries, floor), UpTo: low, Limit: tailEntries, Newest: true}
		entries, state, err := f.read(ctx, r, model.EntryFilter{})
		if err != nil {
			return err
		}
		if !f.put(state, entries) {
			return nil
		}
	}
}

// put adds older entries in front of the ring, newest first, and gives whether there is room for more of them.
func (f *Feed) put(state model.LogState, entries []*model.Entry) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if state.Epoch() != f.state.Epoch() {
		return false
	}
	for _, e := range entries {
		if e.Position != f.ring.low || !f.ring.prepend(e) {
			return false // the ring is full, or has lost its oldest to newer ones, or these were dropped from the log
		}
	}
	return len(entries) > 0
}
