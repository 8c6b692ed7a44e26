package event_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/event"
	"workflowfactory/model"
)

// BenchmarkCommitToSubscriber gives the time from a commit to each of 1,000 subscribers at a steady rate, and beside it
// that of a bare relay: NOTIFY inside the writing transaction, one connection that listens, one channel a subscriber.
// The relay promises nothing of what the stream does; it is the least that one could wait.
func BenchmarkCommitToSubscriber(b *testing.B) {
	for _, rate := range []int{200, 1000} {
		b.Run(fmt.Sprintf("stream/%d", rate), func(b *testing.B) { benchDelivery(b, rate, streamTo) })
		b.Run(fmt.Sprintf("relay/%d", rate), func(b *testing.B) { benchDelivery(b, rate, relayTo) })
	}
}

const audience = 1000

// delivered is called by subscriber i with the tag of an event.
type delivered func(i int, tag string)

// A publisher begins the audience and gives what commits an event with a tag.
type publisher func(ctx context.Context, w *world, ready *sync.WaitGroup, got delivered) (publish func(tag string) error)

func benchDelivery(b *testing.B, rate int, begin publisher) {
	w := newWorld(b)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	const most = 1 << 20
	committed := make([]atomic.Int64, most) // when event n was
	delays := make([][]time.Duration, audience)
	var all sync.WaitGroup // of deliveries
	var ready sync.WaitGroup
	ready.Add(audience)
	publish := begin(ctx, w, &ready, func(i int, tag string) {
		at := time.Now().UnixNano()
		var n int
		fmt.Sscan(tag, &n)
		if since := committed[n].Load(); since > 0 {
			delays[i] = append(delays[i], time.Duration(at-since))
		} else {
			delays[i] = append(delays[i], 0) // it came before the writer heard that it had committed
		}
		all.Done()
	})
	ready.Wait()
	work := make(chan int, most)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for n := range work {
				if err := publish(fmt.Sprint(n)); err != nil {
					b.Error(err)
				}
				committed[n].Store(time.Now().UnixNano())
			}
		})
	}
	pace := time.NewTicker(time.Second / time.Duration(rate))
	defer pace.Stop()
	n := 0
	for b.Loop() {
		<-pace.C
		all.Add(audience)
		work <- n
		n++
	}
	close(work)
	writers.Wait()
	all.Wait()
	sorted := slices.Concat(delays...)
	slices.Sort(sorted)
	b.ReportMetric(float64(sorted[len(sorted)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(sorted[len(sorted)*99/100].Microseconds())/1000, "p99-ms")
}

func streamTo(ctx context.Context, w *world, ready *sync.WaitGroup, got delivered) func(string) error {
	n := w.node(event.Options{})
	for i := range audience {
		go func() {
			stream := n.Subscribe(ctx, event.Subscription{})
			ready.Done()
			for e, err := range stream {
				if err != nil {
					return
				}
				got(i, e.Decoded(func() any { return tagOf(e) }).(string))
			}
		}()
	}
	entity := model.NewID(model.KindTask)
	return func(tag string) error {
		_, err := (fact{entity: entity, version: 1, tag: tag}).insert(ctx, w.pool)
		n.Kick()
		return err
	}
}

func tagOf(e *model.Entry) string {
	var snapshot struct{ Tag string }
	json.Unmarshal(e.Snapshot, &snapshot)
	return snapshot.Tag
}

func relayTo(ctx context.Context, w *world, ready *sync.WaitGroup, got delivered) func(string) error {
	conn, err := pgx.Connect(ctx, w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "LISTEN relay"); err != nil {
		w.t.Fatal(err)
	}
	channels := make([]chan string, audience)
	for i := range channels {
		channels[i] = make(chan string, 256)
		go func() {
			ready.Done()
			for tag := range channels[i] {
				got(i, tag)
			}
		}()
	}
	go func() {
		defer conn.Close(context.Background())
		for {
			notice, err := conn.WaitForNotification(ctx)
			if err != nil {
				return
			}
			for _, c := range channels {
				c <- notice.Payload
			}
		}
	}()
	entity := model.NewID(model.KindTask)
	return func(tag string) error {
		return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
			if _, err := (fact{entity: entity, version: 1, tag: tag}).insert(ctx, tx); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "SELECT pg_notify('relay', $1)", tag)
			return err
		})
	}
}
