package event

import (
	"context"
	"math"

	"workflowfactory/model"
)

// Resume checks a cursor that a client brings and gives it in the terms of the present epoch. It answers BAD_USER_INPUT
// for a cursor that this log never gave and CURSOR_EXPIRED when what follows it is no longer kept or never happened. It
// waits for the feed to start.
func (f *Feed) Resume(ctx context.Context, c model.Cursor) (model.Cursor, error) {
	if err := f.wait(ctx, f.ready); err != nil {
		return model.Cursor{}, err
	}
	state := f.present()
	// Another process may have read further than this one, or the client comes from a life of the log that this database
	// does not know to be over. Twice, since the first answer may be to a question that was asked before.
	for try := 0; try < 2 && (c.Epoch > state.Epoch() || c.Position > state.Head); try++ {
		var err error
		if state, err = f.refresh(ctx); err != nil {
			return model.Cursor{}, err
		}
	}
	switch why := state.WhyNot(c); why {
	case "":
		return model.Cursor{Epoch: state.Epoch(), Position: c.Position}, nil
	case model.CursorUnknown:
		return model.Cursor{}, unknown()
	default:
		return model.Cursor{}, f.expired(why, model.Cursor{Epoch: state.Epoch(), Position: state.Head})
	}
}

// present is what the feed knows of the log: as far as it has read.
func (f *Feed) present() model.LogState {
	f.mu.Lock()
	defer f.mu.Unlock()
	state := f.state
	state.Head = f.ring.high.Load()
	return state
}

// refresh asks the database where the log stands, once for all who ask at the same time, and waits until this feed is in
// the same epoch.
func (f *Feed) refresh(ctx context.Context) (model.LogState, error) {
	var state model.LogState
	flight := f.flights.DoChan("state", func() (any, error) { return f.ask(context.WithoutCancel(ctx)) })
	select {
	case result := <-flight:
		if result.Err != nil {
			return state, result.Err
		}
		state = result.Val.(model.LogState)
	case <-ctx.Done():
		return state, context.Cause(ctx)
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
			return state, err
		}
	}
}

// ask asks the database where the log stands. Sequencing first begins a new epoch, if one is due.
func (f *Feed) ask(ctx context.Context) (model.LogState, error) {
	_, state, err := f.log.SequenceAndRead(ctx, model.LogRange{After: math.MaxInt64 - 1, UpTo: math.MaxInt64})
	return state, err
}

// expired ends a subscription whose client must read anew.
func (f *Feed) expired(reason string, head model.Cursor) error {
	f.counts.expired.Add(1)
	e := model.Errorf(model.CursorExpired, "%s; read the present state anew and go on after the cursor given", because[reason])
	e.Details = map[string]any{"reason": reason, "cursor": head.String()}
	return e
}

var because = map[string]string{
	model.CursorTooOld:   "the events after this cursor are no longer kept",
	model.CursorLost:     "the database was replaced by one that had not received all events, and some before this cursor never came to be",
	model.CursorHopeless: "events come faster than this subscription reads them",
}

func unknown() error {
	return model.BadInput("after", "this cursor is ahead of every event; use one that this API gave you, unchanged")
}
