package event

import (
	"context"
	"time"

	"workflowfactory/model"
)

const (
	sequenceFloor   = 2 * time.Millisecond // between two runs, so that events which come fast are placed together
	sequenceCeiling = 10 * time.Millisecond
	pollBusy        = 50 * time.Millisecond  // the leader looks so often although nobody asked,
	pollIdle        = 250 * time.Millisecond // or so often when nothing came for a while
	helpAfter       = 50 * time.Millisecond  // without an answer from the leader, the others help themselves
	busyFor         = time.Second
)

// listen hears what the processes tell each other, for as long as the connection lasts.
func (f *Feed) listen(ctx context.Context) error {
	defer f.leading.Store(false)
	return f.log.Listen(ctx, f.asks, f.hear)
}

func (f *Feed) hear(n model.LogNews) {
	if f.leading.Swap(n.Leading) != n.Leading && n.Leading {
		signal(f.help) // nobody may have sequenced for a while
	}
	if n.Asked && n.Leading {
		signal(f.asked)
	}
	if n.Head > 0 {
		f.known(n.Head)
	}
}

// known wakes the tail if the log reaches further than anybody has told, unless what is being placed will bring it.
func (f *Feed) known(head int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if head <= f.told {
		return
	}
	f.told = head
	if !f.placing && head > f.ring.high.Load() {
		signal(f.hints)
	}
}

// sequencer is the state of the sequencing loop.
type sequencer struct {
	timer  *time.Timer
	asked  bool      // the leader was asked and has not answered
	since  int64     // the head when it was asked
	placed time.Time // when something was last placed
	pause  time.Duration
}

// sequence places events until ctx ends: when it leads, as soon as somebody commits; otherwise it asks the leader, and
// helps itself when the leader does not answer.
func (f *Feed) sequence(ctx context.Context) {
	s := sequencer{timer: time.NewTimer(0)}
	for {
		wanted := false
		select {
		case <-ctx.Done():
			return
		case <-f.kicks:
			if wanted = f.leading.Load(); !wanted {
				f.askLeader(&s)
			}
		case <-f.asked:
			wanted = true
		case <-f.help:
			wanted = true
		case <-s.timer.C:
			wanted = f.leading.Load() || s.asked && f.high() == s.since
			s.asked = false
		}
		if wanted && f.place(ctx, &s) != nil {
			return
		}
	}
}

// askLeader asks the leader and sets the time to help oneself.
func (f *Feed) askLeader(s *sequencer) {
	if !s.asked {
		s.asked, s.since = true, f.high()
		s.timer.Reset(helpAfter)
	}
	signal(f.asks)
}

// place sequences once and then waits as long as it should before the next time. It gives an error when ctx ended.
func (f *Feed) place(ctx context.Context, s *sequencer) error {
	began := time.Now()
	news, err := f.placeAndRead(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		s.pause = nextPause(s.pause)
		f.options.Logger.WarnContext(ctx, "sequence events", "error", err, "againIn", s.pause)
		signal(f.help)
		return sleep(ctx, s.pause)
	}
	s.pause, s.asked = 0, false
	f.counts.runs.Add(1)
	if news {
		s.placed = time.Now()
	}
	if f.leading.Load() {
		s.timer.Reset(pollIdle)
		if time.Since(s.placed) < busyFor {
			s.timer.Reset(pollBusy)
		}
	}
	// On a busy database a run takes longer; resting half as long leaves a third of the time to others.
	return sleep(ctx, min(max(sequenceFloor, time.Since(began)/2), sequenceCeiling))
}

// placeAndRead sequences, and hands what is new to the tail, which need not read it then. It gives whether anything is.
func (f *Feed) placeAndRead(ctx context.Context) (news bool, err error) {
	f.mu.Lock()
	f.placing = true
	after := f.ring.high.Load()
	f.mu.Unlock()
	entries, state, err := f.log.SequenceAndRead(ctx, model.LogRange{After: after, UpTo: after + tailEntries, Limit: tailEntries})
	if len(entries) > 0 {
		select {
		case f.placed <- Batch{state, entries}:
			after = entries[len(entries)-1].Position
		default: // the tail is behind, and reads it
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.placing = false
	news = state.Head > f.told
	f.told = max(f.told, state.Head)
	if f.told > after {
		signal(f.hints)
	}
	return news, err
}

func (f *Feed) high() int64 { return f.ring.high.Load() }
