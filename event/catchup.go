package event

import (
	"context"
	"fmt"

	"workflowfactory/model"
)

// reckonPages is after how many pages it is reckoned whether a subscriber gets any nearer to the head.
const reckonPages = 50

// catchUp reads one page from the database, of what lies between the subscriber and the ring. It gives nothing when the
// database fails, after a pause, or when the log has turned into another.
func (r *reader) catchUp(ctx context.Context) ([]*model.Entry, error) {
	if err := r.reckon(); err != nil {
		return nil, err
	}
	p, err := r.sharedPage(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		r.pause = nextPause(r.pause)
		r.options.Logger.WarnContext(ctx, "read events for a subscriber", "error", err, "againIn", r.pause)
		return nil, sleep(ctx, r.pause)
	}
	r.pause = 0
	switch {
	case p.upTo <= r.at:
		return nil, nil // the ring has turned and holds it
	case p.state.Epoch() != r.epoch || p.state.Head < p.upTo:
		signal(r.hints) // the log has turned into another, and the tail is to find out how
		return nil, sleep(ctx, nextPause(0))
	case p.state.Floor > r.at:
		return nil, r.expired(model.CursorTooOld, r.head())
	case len(p.entries) == r.options.PageEntries:
		r.at = p.entries[len(p.entries)-1].Position
	default:
		r.at = p.upTo
	}
	r.counts.fromPages.Add(int64(len(p.entries)))
	return p.entries, nil
}

// page is what one read gives: what a filter takes of the log up to a position, at most Options.PageEntries.
type page struct {
	entries []*model.Entry
	state   model.LogState
	upTo    int64
}

// sharedPage reads the page after the subscriber's place. Subscribers of one filter that came back together are at the
// same place, and then one read is for all of them.
func (r *reader) sharedPage(ctx context.Context) (page, error) {
	at, filter := r.at, r.Filter
	flight := r.flights.DoChan(fmt.Sprint(at, filter), func() (any, error) {
		r.mu.Lock()
		upTo := r.ring.low
		r.mu.Unlock()
		// Whoever came first may leave, and the others still want the page.
		q := model.LogRange{After: at, UpTo: max(upTo, at), Limit: r.options.PageEntries}
		entries, state, err := r.read(context.WithoutCancel(ctx), q, filter)
		return page{entries, state, upTo}, err
	})
	select {
	case result := <-flight:
		return result.Val.(page), result.Err
	case <-ctx.Done():
		return page{}, context.Cause(ctx)
	}
}

// reckon ends the stream of a subscriber for whom the log grows faster than it reads, since that would never end.
func (r *reader) reckon() error {
	if r.pages++; r.pages%reckonPages != 1 {
		return nil
	}
	distance := r.high() - r.at
	if r.pages > 1 && distance >= r.distance {
		return r.expired(model.CursorHopeless, r.head())
	}
	r.distance = distance
	return nil
}

// read reads from the log as one of a few.
func (f *Feed) read(ctx context.Context, q model.LogRange, filter model.EntryFilter) ([]*model.Entry, model.LogState, error) {
	leave, err := f.enter(ctx)
	if err != nil {
		return nil, model.LogState{}, err
	}
	defer leave()
	f.counts.pages.Add(1)
	return f.log.Read(ctx, q, filter)
}

// enter waits to be one of the few who may ask the database at once for what is not new. However many want the past,
// the tail and the sequencer find a free connection.
func (f *Feed) enter(ctx context.Context) (leave func(), err error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	select {
	case f.pages <- struct{}{}:
		return func() { <-f.pages }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-f.stopped:
		return nil, ErrStopped
	}
}
