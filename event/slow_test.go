package event_test

import (
	"slices"
	"testing"

	"workflowfactory/event"
	"workflowfactory/model"
)

// E17: a slow subscriber costs no memory, and delays nobody. It reads what has left the ring from the database, and if
// the log grows faster than it reads, it is told. Its resume is exact.
func TestASlowSubscriber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const bytes = 64 << 10
	n := w.node(event.Options{RingBytes: bytes, PageEntries: 20})
	w.flood(n, 2000)
	var got []int64
	var ended error
	for e, err := range n.Subscribe(t.Context(), event.Subscription{After: &model.Cursor{}}) {
		if err != nil {
			ended = err
			break
		}
		if got = append(got, e.Position); len(got)%100 == 0 {
			w.flood(n, 200)
		}
		if len(got) > 50_000 {
			t.Fatal("a subscriber that falls back for ever is never told")
		}
	}
	wantExpired(t, ended, "BEHIND")
	if s := n.Stats(); s.RingBytes > bytes || s.RingEntries > bytes/512 {
		t.Errorf("the ring holds %d entries in %d bytes", s.RingEntries, s.RingBytes)
	}
	head := int(n.Stats().Head)
	rest := w.collect(n, event.Subscription{After: &model.Cursor{Epoch: 1, Position: got[len(got)-1]}}, head-len(got))
	if all := append(got, positionsOf(rest)...); !slices.Equal(all, upFrom(1, head)) {
		t.Errorf("%d before and %d after the resume are not the %d in order", len(got), len(rest), head)
	}
}

// A subscriber that comes from far behind but reads faster than the log grows gets all of it.
func TestASubscriberThatGainsGroundIsNotEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.node(event.Options{RingEntries: 10, PageEntries: 5})
	w.flood(n, 2000)
	want := int64(1)
	for e, err := range n.Subscribe(t.Context(), event.Subscription{After: &model.Cursor{}}) {
		if err != nil {
			t.Fatalf("after %d: %v", want-1, err)
		}
		if e.Position != want {
			t.Fatalf("position %d, want %d", e.Position, want)
		}
		if want%100 == 0 && want < 3000 {
			w.flood(n, 50)
		}
		if want++; want > 3000 {
			return
		}
	}
}

// flood commits n events and waits until the node has read them.
func (w *world) flood(n *node, count int) {
	w.t.Helper()
	w.bulk(count)
	w.position(n, w.write(1))
}
