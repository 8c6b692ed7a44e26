package event

import (
	"context"
	"iter"
	"runtime"
	"time"

	"workflowfactory/model"
)

// Subscription asks for a part of the stream.
type Subscription struct {
	After  *model.Cursor     // what was seen last; nil to begin with what comes next
	Filter model.EntryFilter // which entries
	Check  func() error      // when set, asked before entries are given and every 2 s between; its error ends the stream

	// AtHead, when set, hears before each wait up to where the stream holds nothing more that the filter takes, unless it
	// has heard that already. It is called by who iterates, between two entries; its error ends the stream.
	AtHead func(model.Cursor) error
}

const (
	chunk      = 32              // entries taken from the ring at a time
	checkEvery = 2 * time.Second // how long a right may outlive its revocation, in a stream where nothing happens
)

// Subscribe gives every entry after a place that the filter takes, in order, none twice, first those of the past and
// then each as it comes. The stream ends with an error: BAD_USER_INPUT for a cursor that this log never gave,
// CURSOR_EXPIRED when what follows the cursor is no longer kept (RETENTION), never happened (FAILOVER), or grows faster
// than it is read (BEHIND), the cause when ctx ends, ErrStopped when the feed does. Failures of the database only delay it.
//
// Without After the stream begins where the feed stands at the call, not at the first iteration. Entries are shared by
// all subscribers: nobody may change them. The consumer's pace is its own; nothing is kept for it.
func (f *Feed) Subscribe(ctx context.Context, s Subscription) iter.Seq2[*model.Entry, error] {
	if s.After == nil {
		f.mu.Lock()
		if f.state.Epoch() > 0 {
			s.After = new(f.headLocked())
		}
		f.mu.Unlock()
	}
	return func(yield func(*model.Entry, error) bool) {
		r, err := f.open(ctx, s)
		if err != nil {
			yield(nil, err)
			return
		}
		defer r.close()
		for {
			entries, err := r.next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, e := range entries {
				r.seen = e.Position
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// reader is a subscriber's place in the stream.
type reader struct {
	*Feed
	Subscription
	watch *watch
	leave func() // removes the watch

	epoch    int32
	at       int64         // read so far
	seen     int64         // the last position that the subscriber knows of
	told     int64         // the last position that AtHead was told of
	pages    int           // read since it was last in the ring
	distance int64         // from the head, when that was last reckoned
	pause    time.Duration // after the last failure of the database
}

// open checks the cursor and begins to watch.
func (f *Feed) open(ctx context.Context, s Subscription) (*reader, error) {
	from, err := f.Head(ctx)
	if s.After != nil {
		from, err = f.Resume(ctx, *s.After)
	}
	if err != nil {
		return nil, err
	}
	r := &reader{Feed: f, Subscription: s, watch: &watch{woken: make(chan struct{}, 1)}, epoch: from.Epoch, at: from.Position, seen: from.Position}
	f.mu.Lock()
	defer f.mu.Unlock()
	r.leave = f.watch.add(&r.Filter, r.watch)
	f.counts.subscribers++
	return r, nil
}

func (r *reader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave()
	r.counts.subscribers--
}

// next gives entries that the filter takes, at least one, waiting for them if need be.
func (r *reader) next(ctx context.Context) ([]*model.Entry, error) {
	for {
		if err := r.check(ctx); err != nil {
			return nil, err
		}
		entries, place, err := r.take()
		switch {
		case err != nil:
			return nil, err
		case place == atHead:
			if err = r.tell(); err == nil {
				err = r.await(ctx)
			}
		case place == behindRing:
			entries, err = r.catchUp(ctx)
		}
		if err != nil || len(entries) > 0 {
			return entries, err
		}
	}
}

func (r *reader) check(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if r.Check == nil {
		return nil
	}
	return r.Check()
}

// tell has the subscriber know how far it has got.
func (r *reader) tell() error {
	if r.AtHead == nil || r.at == r.told {
		return nil
	}
	r.seen, r.told = r.at, r.at
	return r.AtHead(model.Cursor{Epoch: r.epoch, Position: r.at})
}

type place int

const (
	inRing place = iota
	atHead
	behindRing
)

// take gives what the filter takes of the next chunk of the ring.
func (r *reader) take() ([]*model.Entry, place, error) {
	high := r.high()
	entries := r.ring.after(r.at, chunk)
	switch {
	case r.epoch != r.epochNow.Load():
		return nil, inRing, r.followTurn()
	case len(entries) > 0:
		r.at += int64(len(entries))
		r.pages = 0
		if len(entries) == chunk {
			runtime.Gosched() // a thousand who catch up must not keep the processors from those who write
		}
		return r.matching(entries), inRing, nil
	case r.at < high:
		return nil, behindRing, nil
	}
	// Whoever adds to the ring does so first and wakes after that. So either the ring is seen here to have grown since, or
	// the watch is woken.
	r.watch.armed.Store(true)
	if r.at >= r.high() && r.epoch == r.epochNow.Load() {
		return nil, atHead, nil
	}
	r.watch.disarm()
	return nil, inRing, nil
}

func (r *reader) matching(entries []*model.Entry) []*model.Entry {
	taken := entries[:0]
	for _, e := range entries {
		if r.Filter.Match(e) {
			taken = append(taken, e)
		}
	}
	r.counts.fromRing.Add(int64(len(taken)))
	return taken
}

// followTurn goes over to the feed's epoch, if the subscriber has not seen what never happened in it.
func (r *reader) followTurn() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	fork := r.state.ForkAfter(r.epoch)
	if r.seen > fork {
		return r.expired(model.CursorLost, r.headLocked())
	}
	r.epoch, r.at = r.state.Epoch(), min(r.at, fork)
	return nil
}

// await waits until an entry comes that may concern the subscriber, or it is time to check. What came before that entry
// does not, and need not be read.
func (r *reader) await(ctx context.Context) error {
	var due <-chan time.Time
	if r.Check != nil {
		timer := time.NewTimer(checkEvery)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-r.watch.woken:
	case <-due:
		if !r.watch.disarm() {
			return nil
		}
	case <-ctx.Done():
		r.watch.disarm()
		return context.Cause(ctx)
	case <-r.stopped:
		r.watch.disarm()
		return ErrStopped
	}
	if first := r.watch.first; first > 0 {
		r.at = max(r.at, first-1)
	}
	return nil
}
