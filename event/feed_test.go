package event_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"workflowfactory/event"
	"workflowfactory/model"
)

func TestAStreamGivesThePastAndThenWhatComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.node(event.Options{})
	w.position(n, w.write(5))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	want := int64(1)
	for e, err := range n.Subscribe(ctx, event.Subscription{After: &model.Cursor{}}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Position != want {
			t.Fatalf("position %d, want %d", e.Position, want)
		}
		if want == 5 {
			w.write(5)
			n.Kick()
		}
		if want++; want > 10 {
			break
		}
	}
}

func TestAStreamWithoutACursorBeginsAtTheCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.node(event.Options{})
	w.position(n, w.write(3))
	stream := n.Subscribe(t.Context(), event.Subscription{})
	w.position(n, w.write(2))
	got, err := take(stream, 2)
	if err != nil || !slices.Equal(positionsOf(got), []int64{4, 5}) {
		t.Errorf("got %v, %v", positionsOf(got), err)
	}
}

// E21: whoever asks for the head, then reads, and subscribes after the head, misses nothing.
func TestTheHeadIsNeverAheadOfWhatAQueryShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.node(event.Options{})
	entity := model.NewID(model.KindTask)
	ctx, cancel := context.WithCancel(t.Context())
	written := make(chan error, 1)
	go func() {
		var err error
		for v := int64(1); v <= 200 && err == nil; v++ {
			_, err = (fact{entity: entity, version: v}).insert(ctx, w.pool)
			n.Kick()
		}
		written <- err
	}()
	defer cancel()
	for range 50 {
		head, err := n.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var newest int64
		if err := w.pool.QueryRow(t.Context(), "SELECT coalesce(max(version), 0) FROM events").Scan(&newest); err != nil {
			t.Fatal(err)
		}
		if newest == 200 {
			break
		}
		// The state shows version newest; the stream after head must go on with what the state does not show.
		first := w.collect(n, event.Subscription{After: &head}, 1)[0]
		if first.Version > newest+1 {
			t.Fatalf("the state shows version %d and the stream goes on with %d", newest, first.Version)
		}
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
}

func TestPosition(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.node(event.Options{RingEntries: 4})
	seq := w.write(1)
	if c := w.position(first, seq); c != (model.Cursor{Epoch: 1, Position: 1}) {
		t.Errorf("cursor %v", c)
	}
	w.position(first, w.write(20))
	t.Run("of an event that left the ring", func(t *testing.T) {
		if c := w.position(first, seq); c.Position != 1 {
			t.Errorf("position %d", c.Position)
		}
	})
	t.Run("of an event from before the feed began", func(t *testing.T) {
		if c := w.position(w.node(event.Options{}), seq); c.Position != 1 {
			t.Errorf("position %d", c.Position)
		}
	})
	t.Run("without being kicked", func(t *testing.T) {
		c, err := first.Position(t.Context(), w.write(1))
		if err != nil || c.Position != 22 {
			t.Errorf("position %d, %v", c.Position, err)
		}
	})
	t.Run("of nothing is the head", func(t *testing.T) {
		c, err := first.Position(t.Context(), 0)
		if err != nil || c.Position != 22 {
			t.Errorf("position %d, %v", c.Position, err)
		}
	})
	t.Run("of an event that never comes", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := first.Position(ctx, 1<<40); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

// E12: whatever a client has of one replica, it can go on with at another, even at one that has not read so far.
func TestACursorOfOneReplicaWorksOnAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.node(event.Options{}), w.node(event.Options{RingEntries: 2})
	for i := range 20 {
		c := w.position(a, w.write(1))
		stream := b.Subscribe(t.Context(), event.Subscription{After: &c})
		w.write(1)
		a.Kick()
		got, err := take(stream, 1)
		if err != nil || got[0].Position != int64(2*i+2) {
			t.Fatalf("after %d: %v, %v", c.Position, positionsOf(got), err)
		}
	}
}

// E14: wherever a subscriber begins, and however little the ring holds, it gets each entry once.
func TestTheBoundaryOfTheRing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const total = 24
	w.position(w.node(event.Options{}), w.write(total-4))
	for ring := 1; ring <= 8; ring++ {
		n := w.node(event.Options{RingEntries: ring, PageEntries: 3})
		if ring == 1 {
			w.position(n, w.write(4)) // so that the ring also has grown at its end
		}
		for after := int64(0); after < total; after++ {
			got := w.collect(n, event.Subscription{After: &model.Cursor{Epoch: 1, Position: after}}, int(total-after))
			if !slices.Equal(positionsOf(got), upFrom(after+1, int(total-after))) {
				t.Errorf("ring of %d, after %d: %v", ring, after, positionsOf(got))
			}
		}
		n.stop()
	}
}

// E15: a cursor that cannot be gone on from is refused with the reason.
func TestCursorsThatCannotBeGoneOnFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.node(event.Options{})
	w.position(n, w.write(3))
	for name, c := range map[string]model.Cursor{
		"beyond the head":  {Epoch: 1, Position: 4},
		"far beyond":       {Epoch: 1, Position: 1 << 60},
		"of a later epoch": {Epoch: 2, Position: 1},
	} {
		err := failure(n.Subscribe(t.Context(), event.Subscription{After: &c}))
		if e, ok := errors.AsType[*model.Error](err); !ok || e.Code != model.BadUserInput || e.Field != "after" {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := model.Cursor{Epoch: 0, Position: 1}
	err := failure(n.Subscribe(t.Context(), event.Subscription{After: &c}))
	if e, ok := errors.AsType[*model.Error](err); !ok || e.Code != model.CursorExpired || e.Details["reason"] != "FAILOVER" {
		t.Errorf("of an epoch before the first: %v", err)
	}
}

// A filter decides what wakes a subscriber, and it misses nothing for having slept.
func TestFilteredStreamsAreTheWholeStreamFiltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.node(event.Options{RingEntries: 8, PageEntries: 4})
	mine := model.NewID(model.KindWorkflow)
	filters := map[string]model.EntryFilter{
		"all":      {},
		"workflow": {WorkflowID: model.Among[model.ID]{}.And(mine)},
		"kind":     {Kind: model.Among[model.Kind]{}.And(model.KindTask)},
		"type":     {Type: model.Among[model.EventType]{}.And(model.EventTypeTaskUpdated)},
		"not type": {Type: model.Among[model.EventType]{Not: []model.EventType{model.EventTypeTaskReady}}},
	}
	type result struct {
		name string
		got  []int64
		err  error
	}
	results := make(chan result)
	var ofMine, ofAll []int64
	for name, f := range filters {
		stream, count := n.Subscribe(t.Context(), event.Subscription{Filter: f}), 100
		if name == "workflow" {
			count = 10
		}
		go func() {
			got, err := take(stream, count)
			results <- result{name, positionsOf(got), err}
		}()
	}
	for i := range 10 {
		w.writeFor(mine, 1)
		ofMine = append(ofMine, int64(10*i+1))
		w.position(n, w.write(9))
	}
	ofAll = upFrom(1, 100)
	for range filters {
		r := <-results
		want := ofAll
		if r.name == "workflow" {
			want = ofMine
		}
		if r.err != nil || !slices.Equal(r.got, want) {
			t.Errorf("%s: %v, %v", r.name, r.got, r.err)
		}
	}
}

func TestAStreamEndsWhenItIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.node(event.Options{})
	t.Run("by its context, with the cause", func(t *testing.T) {
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(gone)
		if err := failure(n.Subscribe(ctx, event.Subscription{})); !errors.Is(err, gone) {
			t.Error(err)
		}
	})
	// E22, at the feed: a stream in which nothing happens ends too.
	t.Run("by its check", func(t *testing.T) {
		revoked := model.Errorf(model.Forbidden, "revoked")
		calls := 0
		began := time.Now()
		err := failure(n.Subscribe(t.Context(), event.Subscription{Check: func() error {
			if calls++; calls > 1 {
				return revoked
			}
			return nil
		}}))
		if !errors.Is(err, revoked) || time.Since(began) > 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	t.Run("by the feed", func(t *testing.T) {
		stream := n.Subscribe(t.Context(), event.Subscription{})
		go n.stop()
		if err := failure(stream); !errors.Is(err, event.ErrStopped) {
			t.Error(err)
		}
	})
}

func TestAllHoldersOfAnEntryShareOneDecodedForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.node(event.Options{})
	w.position(n, w.write(1))
	decoded := 0
	for range 3 {
		e := w.collect(n, event.Subscription{After: &model.Cursor{}}, 1)[0]
		if got := e.Decoded(func() any { decoded++; return fmt.Sprint(decoded) }); got != "1" {
			t.Errorf("got %v", got)
		}
	}
}

// Who waits at the head hears how far that is, also when nothing there was for it.
func TestSubscribersHearWhereTheHeadIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.node(event.Options{RingEntries: 8, PageEntries: 4})
	mine := model.NewID(model.KindWorkflow)
	w.position(n, w.write(20))
	heads, enough := make(chan int64, 100), errors.New("enough")
	stream := n.Subscribe(t.Context(), event.Subscription{
		After:  &model.Cursor{Epoch: 1, Position: 2},
		Filter: model.EntryFilter{WorkflowID: model.Among[model.ID]{}.And(mine)},
		AtHead: func(c model.Cursor) error {
			if heads <- c.Position; c.Position == 21 {
				return enough
			}
			return nil
		},
	})
	got := make(chan []*model.Entry, 1)
	go func() {
		entries, err := take(stream, 100)
		if !errors.Is(err, enough) {
			t.Errorf("the stream ended with %v", err)
		}
		got <- entries
	}()
	if at := <-heads; at != 20 {
		t.Errorf("at the head of 20 it heard of %d", at)
	}
	w.writeFor(mine, 1)
	if at := <-heads; at != 21 {
		t.Errorf("after the event it heard of %d", at)
	}
	if entries := <-got; len(entries) != 1 || entries[0].Position != 21 {
		t.Errorf("it got %v", positionsOf(entries))
	}
}
