package event_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"workflowfactory/event"
	"workflowfactory/model"
)

// E10: a transaction that holds a transaction id delays nobody. However long it lasts, each event comes before it ends.
func TestAnIdleTransactionHoldsUpNobody(t *testing.T) {
	t.Parallel()
	const events = 100
	w := newWorld(t)
	n := w.node(event.Options{})
	before := w.position(n, w.write(3))
	defer w.holdTransaction()()
	if delays := w.delays(n, before, events); len(delays) != events {
		t.Errorf("%d of %d events come", len(delays), events)
	}
	// The control: who waits until no older transaction is open still waits, for all of them.
	if visible := w.count("SELECT count(*) FROM events WHERE xid < pg_snapshot_xmin(pg_current_snapshot())"); visible > before.Position {
		t.Errorf("the idle transaction holds up nobody anyway: %d events of %d before it", visible, before.Position)
	}
}

// BenchmarkIdleTransaction gives the times from commit to subscriber, one event at a time, and the same beside a
// transaction that holds an id all the while.
func BenchmarkIdleTransaction(b *testing.B) {
	w := newWorld(b)
	n := w.node(event.Options{})
	report := func(name string, delays []time.Duration) {
		for unit, d := range map[string]time.Duration{"p50": delays[len(delays)/2], "worst": delays[len(delays)-1]} {
			b.ReportMetric(float64(d.Microseconds())/1000, name+"-"+unit+"-ms")
		}
	}
	for b.Loop() {
		report("quiet", w.delays(n, w.position(n, w.write(1)), 250))
		end := w.holdTransaction()
		report("held", w.delays(n, w.position(n, w.write(1)), 250))
		end()
	}
}

// holdTransaction opens a transaction with an id, until the function that it gives is called.
func (w *world) holdTransaction() (end func()) {
	w.t.Helper()
	foreign, err := w.pool.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := foreign.Exec(w.t.Context(), "SELECT pg_current_xact_id()"); err != nil {
		w.t.Fatal(err)
	}
	return func() { foreign.Rollback(context.Background()) }
}

// delays writes that many events, each when the one before it has come, and gives the times from commit to a subscriber
// who had everything up to there, sorted.
func (w *world) delays(n *node, after model.Cursor, count int) (delays []time.Duration) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	received := make(chan time.Time)
	go func() {
		defer close(received)
		for _, err := range n.Subscribe(ctx, event.Subscription{After: &after}) {
			if err != nil {
				return
			}
			received <- time.Now()
		}
	}()
	entity := model.NewID(model.KindTask)
	for range count {
		if _, err := (fact{entity: entity, version: 1}).insert(ctx, w.pool); err != nil {
			w.t.Fatal(err)
		}
		committed := time.Now()
		n.Kick()
		at, ok := <-received
		if !ok {
			w.t.Fatal("the stream has ended")
		}
		delays = append(delays, at.Sub(committed))
	}
	slices.Sort(delays)
	return delays
}
