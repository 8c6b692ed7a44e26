package event

import (
	"context"
	"time"

	"workflowfactory/model"
)

// Position gives the place of the event with that seq, once it has one: a subscription after it sees what came after
// the event, and one that has passed it has seen the event. It waits for that until ctx ends. For seq 0, where nothing
// was written, it gives the head.
func (f *Feed) Position(ctx context.Context, seq int64) (model.Cursor, error) {
	if seq == 0 {
		return f.Head(ctx)
	}
	if err := f.wait(ctx, f.ready); err != nil {
		return model.Cursor{}, err
	}
	_, older, _ := f.inRing(seq)
	pause := helpAfter
	if older {
		pause = 0
	}
	look := time.NewTimer(pause)
	defer look.Stop()
	for {
		cursor, _, moved := f.inRing(seq)
		if cursor.Position > 0 {
			return cursor, nil
		}
		select {
		case <-moved:
		case <-look.C:
			// The event left the ring, or was placed before this feed began; or the leader is slow or gone.
			if found, err := f.find(ctx, seq); err != nil || found.Position > 0 {
				return found, err
			}
			signal(f.help)
			pause = nextPause(pause)
			look.Reset(pause)
		case <-ctx.Done():
			return model.Cursor{}, context.Cause(ctx)
		case <-f.stopped:
			return model.Cursor{}, ErrStopped
		}
	}
}

// inRing gives the cursor of the event if the ring holds it, whether it is older than the ring, and what is closed when
// the ring changes.
func (f *Feed) inRing(seq int64) (c model.Cursor, older bool, moved <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if position, ok := f.ring.positions[seq]; ok {
		return model.Cursor{Epoch: f.state.Epoch(), Position: position}, false, f.moved
	}
	oldest := f.ring.after(f.ring.low, 1)
	return model.Cursor{}, len(oldest) > 0 && seq < oldest[0].Seq, f.moved
}

// find asks the database where the event stands, and waits until this feed has read so far.
func (f *Feed) find(ctx context.Context, seq int64) (model.Cursor, error) {
	position, err := f.lookUp(ctx, seq)
	if err != nil {
		return model.Cursor{}, err
	}
	for {
		f.mu.Lock()
		head, moved := f.headLocked(), f.moved
		f.mu.Unlock()
		if head.Position >= position {
			return model.Cursor{Epoch: head.Epoch, Position: position}, nil
		}
		signal(f.hints)
		if err := f.wait(ctx, moved); err != nil {
			return model.Cursor{}, err
		}
	}
}

func (f *Feed) lookUp(ctx context.Context, seq int64) (position int64, err error) {
	leave, err := f.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	return f.log.Find(ctx, seq)
}
