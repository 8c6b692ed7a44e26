package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// BenchmarkPlaceBacklog gives what it takes to place one event when many wait to be placed together.
func BenchmarkPlaceBacklog(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := openBench(b)
			for b.Loop() {
				b.StopTimer()
				insertBench(b, d, n)
				b.StartTimer()
				if _, err := d.Events().Sequence(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/event")
		})
	}
}

// BenchmarkWriteAndPlace has sixteen writers commit an event each, over and over, while one session places what they
// write. It gives the events that are placed in a second, and how long a run of the sequencer takes.
func BenchmarkWriteAndPlace(b *testing.B) {
	d := openBench(b)
	var writers, placer sync.WaitGroup
	work, stop := make(chan bool), make(chan bool)
	for range 16 {
		writers.Go(func() {
			for range work {
				insertBench(b, d, 1)
			}
		})
	}
	var runs []time.Duration
	placer.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond): // as the feed rests between two runs
			}
			began := time.Now()
			if _, err := d.Events().Sequence(b.Context()); err != nil {
				b.Error(err)
				return
			}
			runs = append(runs, time.Since(began))
		}
	})
	for b.Loop() {
		work <- true
	}
	close(work)
	writers.Wait()
	close(stop)
	placer.Wait()
	slices.Sort(runs)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(runs[len(runs)/2].Microseconds())/1000, "run-p50-ms")
	b.ReportMetric(float64(runs[len(runs)*99/100].Microseconds())/1000, "run-p99-ms")
}

func openBench(b *testing.B) *DB {
	b.Helper()
	d, err := Open(b.Context(), dbtest.URL(b), Options{PoolSize: 20})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(d.Close)
	return d
}

// insertBench commits n events of a kilobyte each.
func insertBench(b *testing.B, d *DB, n int) {
	entries := make([]*model.Entry, n)
	for i := range entries {
		entries[i] = newCrowd(1).entries[0]
		entries[i].Changes = json.RawMessage(`[{"field": "status", "before": "READY", "after": "IN_PROGRESS"}]`)
		entries[i].Snapshot = json.RawMessage(`{"name": "a task", "description": "` + strings.Repeat("lorem ipsum ", 60) + `", "labels": ["a", "b"], "progress": 42}`)
	}
	_, err := d.transact(b.Context(), func(_ context.Context, c *change) error {
		c.entries = entries
		return nil
	})
	if err != nil {
		b.Error(err)
	}
}
