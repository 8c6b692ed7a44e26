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
	if r.at >= upTo {
		return nil, nil // the ring turned meanwhile
	}
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
