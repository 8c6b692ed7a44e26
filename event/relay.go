package event

import (
	"context"
	"sync"
	"time"

	"workflowfactory/model"
)

// Relay carries what the leader has read of the log to the other processes, so that they need not read it from the
// database. It may lose, repeat and reorder batches: whoever misses something reads it from the database.
type Relay interface {
	// Publish hands on a batch of a life of the log.
	Publish(ctx context.Context, life string, b Batch) error

	// Follow gives the batches that others publish in a life of the log, until ctx ends or the connection breaks, and then
	// the error. It calls connected once it misses nothing more. take does not block.
	Follow(ctx context.Context, life string, connected func(), take func(Batch)) error
}

// Batch is a stretch of the log: consecutive entries, and the state of the log that they were read with.
type Batch struct {
	State   model.LogState
	Entries []*model.Entry // at least one
}

const (
	// relayPoll is how often the database is asked although the relay brings what is new.
	relayPoll = 2 * time.Second

	// relayed is how many batches wait to be published or taken, before one is left to the database.
	relayed = 64
)

// relay publishes while this process leads, and follows in each life of the log, until ctx ends.
func (f *Feed) relay(ctx context.Context) {
	for ctx.Err() == nil {
		f.persist(ctx, "follow the relay of events", f.follow)
	}
}

// follow does so in the present epoch, and returns nil when another has begun.
func (f *Feed) follow(ctx context.Context) error {
	f.mu.Lock()
	epoch, turned := f.state.Epoch(), f.turned
	f.mu.Unlock()
	life, err := f.log.Life(ctx, epoch)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	beside.Go(func() { f.publish(ctx, life, epoch) })
	beside.Go(func() {
		select {
		case <-turned:
			stop()
		case <-ctx.Done():
		}
	})
	defer f.following.Store(false)
	err = f.options.Relay.Follow(ctx, life, func() { f.following.Store(true) }, func(b Batch) {
		select {
		case f.arrived <- b:
		default: // the tail is behind and will miss it, and then read from the database
		}
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// publish hands on what the tail of the leader read.
func (f *Feed) publish(ctx context.Context, life string, epoch int32) {
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-f.leaving:
			if b.State.Epoch() != epoch {
				continue
			}
			if err := f.options.Relay.Publish(ctx, life, b); err != nil && ctx.Err() == nil {
				f.options.Logger.DebugContext(ctx, "relay events", "error", err) // Follow warns of a connection that is lost
			}
		}
	}
}

// handOn gives a batch that was just read to the publisher, if this process leads.
func (f *Feed) handOn(state model.LogState, entries []*model.Entry) {
	if f.options.Relay == nil || !f.leading.Load() || len(entries) == 0 {
		return
	}
	select {
	case f.leaving <- Batch{state, entries}:
	default: // the others read it from the database
	}
}

// relies gives whether the relay is expected to bring what is new.
func (f *Feed) relies() bool { return f.following.Load() && !f.leading.Load() }

// receive takes what did not come from the tail's own reading, as far as it is new, and gives that. It gives false when
// something is missing before it, or it is of another epoch.
func (f *Feed) receive(b Batch) (fresh []*model.Entry, fits bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	high := f.ring.high.Load()
	known := high + 1 - b.Entries[0].Position
	switch {
	case b.State.Epoch() < f.state.Epoch() || known >= int64(len(b.Entries)):
		return nil, true, nil // old
	case b.State.Epoch() > f.state.Epoch() || known < 0:
		return nil, false, nil
	}
	fresh = b.Entries[known:]
	return fresh, true, f.take(b.State, fresh)
}

// awaitNews waits until the database has to be asked for what is new; meanwhile it takes what the relay brings, and what
// this process has placed.
func (f *Feed) awaitNews(ctx context.Context) error {
	every := tailPoll
	if f.relies() {
		every = relayPoll
	}
	poll := time.NewTimer(every) // a notice is only a hint and may be lost
	defer poll.Stop()
	late := time.NewTimer(f.options.RelayGrace)
	defer late.Stop()
	late.Stop()
	for waiting := false; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
			return nil
		case <-late.C:
			return nil
		case <-f.hints:
			if !f.relies() {
				return nil
			}
			if !waiting {
				waiting = true
				late.Reset(f.options.RelayGrace)
			}
		case b := <-f.placed:
			fresh, fits, err := f.receive(b)
			if err != nil || !fits {
				return err
			}
			f.handOn(b.State, fresh)
		case b := <-f.arrived:
			fresh, fits, err := f.receive(b)
			if err != nil || !fits {
				return err
			}
			f.counts.relayed.Add(int64(len(fresh)))
			// It brings something, if slowly: what is still to come has its time anew.
			if waiting = f.lags(); waiting {
				late.Reset(f.options.RelayGrace)
			} else {
				late.Stop()
			}
		}
	}
}

// lags gives whether the log is known to reach further than the ring.
func (f *Feed) lags() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told > f.ring.high.Load()
}
