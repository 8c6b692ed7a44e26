package event_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"workflowfactory/event"
	"workflowfactory/model"
)

// soak lengthens the tests that let writers loose. CI runs them for seconds.
var soak = flag.Duration("soak", 2*time.Second, "how long the writers write in tests of order")

// E1 to E8, E11, E12 and E13 under concurrent writers: two replicas, other sequencers beside theirs, and subscribers
// that leave and resume at either.
func TestEverySubscriberGetsTheSameExactHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.node(event.Options{RingEntries: 64, PageEntries: 20}), w.node(event.Options{})
	nodes := []*node{a, b}
	c := w.startCrew(8, func() { nodes[rand.IntN(2)].Kick() })
	raw := w.tailBySeq()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var sequencers sync.WaitGroup
	for range 2 {
		sequencers.Go(func() {
			for ctx.Err() == nil {
				a.db.Events().Sequence(ctx)
			}
		})
	}
	roamers := make([]*roamer, 20)
	for i := range roamers {
		roamers[i] = c.roam(nodes)
	}
	time.Sleep(*soak)
	c.stop()
	cancel()
	sequencers.Wait()

	head, err := a.db.Events().Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	streams := [][]delivery{w.history(a, head), w.history(b, head)}
	for property, example := range violations(c.ledger, streams...) {
		t.Errorf("%s: %s", property, example)
	}
	for _, r := range roamers {
		if err := r.finish(streams[0], nodes); err != nil {
			t.Errorf("a subscriber of %+v after %d resumes: %v", r.filter, r.resumes, err)
		}
	}
	t.Logf("%d events of %d transactions", head, len(c.commits))

	// The control: this is what would be lost without positions.
	if found := violations(c.ledger, raw()); found["E1 none missing"] == "" {
		t.Errorf("reading by seq lost nothing, so this run proves little: %v", found)
	}
}

// history is the whole log as the node gives it.
func (w *world) history(n *node, head int64) []delivery {
	w.t.Helper()
	entries := w.collect(n, event.Subscription{After: &model.Cursor{}}, int(head))
	s := make([]delivery, len(entries))
	for i, e := range entries {
		s[i] = deliveryOf(e)
	}
	return s
}

// tailBySeq reads events by their numbers as they become visible, as one would without a sequencer, until the function
// that it gives is called.
func (w *world) tailBySeq() (stop func() []delivery) {
	ctx, cancel := context.WithCancel(w.t.Context())
	got := make(chan []delivery)
	go func() {
		var s []delivery
		last := int64(0)
		for over := false; !over; {
			over = ctx.Err() != nil // once more after the end
			rows, err := w.pool.Query(w.t.Context(), "SELECT seq, id, entity_id, version, snapshot->>'tag' FROM events WHERE seq > $1 ORDER BY seq", last)
			if err != nil {
				continue
			}
			for rows.Next() {
				d := delivery{Position: int64(len(s) + 1)}
				rows.Scan(&last, (*[16]byte)(&d.ID), (*[16]byte)(&d.Entity), &d.Version, &d.Tag)
				s = append(s, d)
			}
		}
		got <- s
	}()
	return func() []delivery {
		cancel()
		return <-got
	}
}

// roamer is a subscriber that leaves every now and then and resumes at any replica.
type roamer struct {
	filter  model.EntryFilter
	start   model.Cursor
	cursor  model.Cursor
	got     []int64
	resumes int
	stop    context.CancelFunc
	err     error
	done    chan struct{}
}

func (c *crew) roam(nodes []*node) *roamer {
	ctx, cancel := context.WithCancel(c.w.t.Context())
	r := &roamer{stop: cancel, done: make(chan struct{})}
	if chance(50) {
		some := rand.Perm(len(c.workflow))[:3]
		r.filter.WorkflowID = r.filter.WorkflowID.And(c.workflow[some[0]], c.workflow[some[1]], c.workflow[some[2]])
	}
	if chance(50) {
		r.start, _ = nodes[0].Head(ctx)
		r.cursor = r.start
	}
	go func() {
		defer close(r.done)
		for ctx.Err() == nil && r.err == nil {
			r.visit(ctx, nodes[rand.IntN(len(nodes))], time.Duration(rand.IntN(150))*time.Millisecond)
		}
	}()
	return r
}

// visit subscribes for a while.
func (r *roamer) visit(ctx context.Context, n *node, stay time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, stay)
	defer cancel()
	r.resumes++
	for e, err := range n.Subscribe(ctx, event.Subscription{After: &r.cursor, Filter: r.filter}) {
		if err != nil {
			if ctx.Err() == nil {
				r.err = err
			}
			return
		}
		r.got, r.cursor = append(r.got, e.Position), e.Cursor()
		if chance(5) {
			dawdle(time.Millisecond)
		}
	}
}

// finish reads on to the end and compares with what the filter takes of the history.
func (r *roamer) finish(history []delivery, nodes []*node) error {
	r.stop()
	<-r.done
	if r.err != nil {
		return r.err
	}
	var want []int64
	all, err := take(nodes[0].Subscribe(context.Background(), event.Subscription{After: &r.start}), len(history)-int(r.start.Position))
	if err != nil {
		return err
	}
	for _, e := range all {
		if r.filter.Match(e) {
			want = append(want, e.Position)
		}
	}
	if missing := len(want) - len(r.got); missing > 0 {
		rest, err := take(nodes[1].Subscribe(context.Background(), event.Subscription{After: &r.cursor, Filter: r.filter}), missing)
		if err != nil {
			return err
		}
		r.got = append(r.got, positionsOf(rest)...)
	}
	if !slices.Equal(r.got, want) {
		return fmt.Errorf("got %d positions, want %d: %w", len(r.got), len(want), errDiffers)
	}
	return nil
}

var errDiffers = errors.New("they differ")
