package event_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"workflowfactory/event"
	"workflowfactory/model"
)

// BenchmarkReconnect lets 1,000 subscribers, each 10,000 events behind, come to a replica that has just started, while
// writers go on. It gives how long it takes until all have caught up, how long a write takes then and in quiet, and the
// memory that it takes. With small rings all is read from the database.
func BenchmarkReconnect(b *testing.B) {
	b.Run("ring", func(b *testing.B) { benchReconnect(b, 0) })
	b.Run("pages", func(b *testing.B) { benchReconnect(b, 100) })
}

func benchReconnect(b *testing.B, ring int) {
	const behind = 10_000
	w := newWorld(b)
	before := w.node(event.Options{})
	w.flood(before, behind-1)
	before.stop()
	for b.Loop() {
		n := w.node(event.Options{RingEntries: ring})
		quiet := w.writes(n, time.Second, nil)
		head, err := n.Head(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		after := model.Cursor{Epoch: head.Epoch, Position: head.Position - behind}
		done := make(chan struct{})
		began := time.Now()
		go func() {
			defer close(done)
			var all sync.WaitGroup
			for range audience {
				all.Go(func() {
					if got, err := count(n, after, behind); got != behind {
						b.Errorf("got %d: %v", got, err)
					}
				})
			}
			all.Wait()
		}()
		busy := w.writes(n, time.Minute, done)
		b.ReportMetric(time.Since(began).Seconds(), "s-to-catch-up")
		b.ReportMetric(float64(p99(quiet).Microseconds())/1000, "p99-quiet-ms")
		b.ReportMetric(float64(p99(busy).Microseconds())/1000, "p99-busy-ms")
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys>>20), "MiB")
		n.stop()
	}
}

func count(n *node, after model.Cursor, most int) (got int, err error) {
	for _, err := range n.Subscribe(context.Background(), event.Subscription{After: &after}) {
		if err != nil {
			return got, err
		}
		if got++; got == most {
			break
		}
	}
	return got, nil
}

// writes commits events for that long or until done, and gives how long each took.
func (w *world) writes(n *node, long time.Duration, done <-chan struct{}) (took []time.Duration) {
	w.t.Helper()
	entity := model.NewID(model.KindTask)
	for began := time.Now(); time.Since(began) < long; {
		select {
		case <-done:
			return took
		default:
		}
		start := time.Now()
		if _, err := (fact{entity: entity, version: 1}).insert(w.t.Context(), w.pool); err != nil {
			w.t.Fatal(err)
		}
		n.Kick()
		took = append(took, time.Since(start))
		time.Sleep(2 * time.Millisecond)
	}
	return took
}

func p99(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)*99/100]
}
