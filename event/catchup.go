package event

import (
	"context"

	"workflowfactory/model"
)

// reckonPages is after how many pages it is reckoned whether a subscriber gets any nearer to the head.
const reckonPages = 50

// catchUp reads one page from the database, of what lies between the subscriber and the ring. It gives nothing when the
// database fails, after a pause, or when the log has turned into another.
func (r *reader) catchUp(ctx context.Context) ([]*model.Entry, error) {
	r.mu.Lock()
	upTo := r.ring.low
	r.mu.Unlock()
	if err := r.reckon(); err != nil {
		return nil, err
	}
	entries, state, err := r.page(ctx, model.LogRange{After: r.at, UpTo: upTo, Limit: r.options.PageEntries}, r.Filter)
	if err != nil {
		r.pause = nextPause(r.pause)
		r.options.Logger.WarnContext(ctx, "read events for a subscriber", "error", err, "againIn", r.pause)
		return nil, sleep(ctx, r.pause)
	}
	r.pause = 0
	if state.Epoch() != r.epoch || state.Head < upTo {
		signal(r.hints) // the log has turned into another, and the tail is to find out how
		return nil, sleep(ctx, nextPause(0))
	}
	if state.Floor > r.at {
		return nil, r.expired("RETENTION", r.head())
	}
	r.at = upTo
	if len(entries) == r.options.PageEntries {
		r.at = entries[len(entries)-1].Position
	}
	r.counts.fromPages.Add(int64(len(entries)))
	return entries, nil
}

// reckon ends the stream of a subscriber for whom the log grows faster than it reads, since that would never end.
func (r *reader) reckon() error {
	if r.pages++; r.pages%reckonPages != 1 {
		return nil
	}
	distance := r.high() - r.at
	if r.pages > 1 && distance >= r.distance {
		return r.expired("BEHIND", r.head())
	}
	r.distance = distance
	return nil
}

// page reads from the log as one of a few who may do so at once.
func (f *Feed) page(ctx context.Context, q model.LogRange, filter model.EntryFilter) ([]*model.Entry, model.LogState, error) {
	select {
	case f.pages <- struct{}{}:
		defer func() { <-f.pages }()
	case <-ctx.Done():
		return nil, model.LogState{}, context.Cause(ctx)
	}
	f.counts.pages.Add(1)
	return f.log.Read(ctx, q, filter)
}

func (f *Feed) head() model.Cursor {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.headLocked()
}

// resume checks a cursor that a client brings and gives it in the terms of the present epoch.
func (f *Feed) resume(ctx context.Context, c model.Cursor) (model.Cursor, error) {
	state := f.present()
	if c.Epoch > state.Epoch() || c.Position > state.Head {
		// Another process may have read further than this one, or the client comes from a life of the log that this
		// database does not know to be over.
		var err error
		if state, err = f.refresh(ctx); err != nil {
			return model.Cursor{}, err
		}
	}
	if c.Epoch > state.Epoch() {
		return model.Cursor{}, unknown()
	}
	if c.Position > forkAfter(state, c.Epoch) {
		return model.Cursor{}, f.expired("FAILOVER", model.Cursor{Epoch: state.Epoch(), Position: state.Head})
	}
	if c.Position > state.Head {
		return model.Cursor{}, unknown()
	}
	if c.Position < state.Floor {
		return model.Cursor{}, f.expired("RETENTION", model.Cursor{Epoch: state.Epoch(), Position: state.Head})
	}
	return model.Cursor{Epoch: state.Epoch(), Position: c.Position}, nil
}

// present is what the feed knows of the log: as far as it has read.
func (f *Feed) present() model.LogState {
	f.mu.Lock()
	defer f.mu.Unlock()
	state := f.state
	state.Head = f.ring.high
	return state
}

// refresh asks the database where the log stands, and waits until this feed is in the same epoch.
func (f *Feed) refresh(ctx context.Context) (model.LogState, error) {
	head, err := f.log.Sequence(ctx)
	if err != nil {
		return model.LogState{}, err
	}
	_, state, err := f.log.Read(ctx, model.LogRange{After: head, UpTo: head + 1}, model.EntryFilter{})
	if err != nil {
		return model.LogState{}, err
	}
	for {
		f.mu.Lock()
		epoch, moved := f.state.Epoch(), f.moved
		f.mu.Unlock()
		if epoch >= state.Epoch() {
			return state, nil
		}
		signal(f.hints)
		if err := f.wait(ctx, moved); err != nil {
			return model.LogState{}, err
		}
	}
}

// expired ends a subscription whose client must read anew.
func (f *Feed) expired(reason string, head model.Cursor) error {
	f.counts.expired.Add(1)
	e := model.Errorf(model.CursorExpired, "%s; read the present state anew and go on after the cursor given", because[reason])
	e.Details = map[string]any{"reason": reason, "cursor": head.String()}
	return e
}

var because = map[string]string{
	"RETENTION": "the events after this cursor are no longer kept",
	"FAILOVER":  "the database was replaced by one that had not received all events, and some before this cursor never came to be",
	"BEHIND":    "events come faster than this subscription reads them",
}

func unknown() error {
	return model.BadInput("after", "this cursor is ahead of every event; use one that this API gave you, unchanged")
}
