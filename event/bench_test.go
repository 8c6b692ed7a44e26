package event_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/event"
	"workflowfactory/model"
)

// BenchmarkWriteToSubscriber gives the time from the begin of a write to each of 1,000 subscribers at a steady rate, and beside it
// that of a bare relay: NOTIFY inside the writing transaction, one connection that listens, one channel a subscriber.
// The relay promises nothing of what the stream does; it is the least that one could wait.
func BenchmarkWriteToSubscriber(b *testing.B) {
	for _, rate := range []int{200, 1000} {
		b.Run(fmt.Sprintf("stream/%d", rate), func(b *testing.B) { benchDelivery(b, rate, streamTo) })
		b.Run(fmt.Sprintf("relay/%d", rate), func(b *testing.B) { benchDelivery(b, rate, relayTo) })
	}
}

const audience = 1000

// delivered is called by subscriber i with the number of an event.
type delivered func(i, n int)

// A publisher begins the audience and gives what commits an event of a number.
type publisher func(ctx context.Context, w *world, ready *sync.WaitGroup, got delivered) (publish func(n int) error)

func benchDelivery(b *testing.B, rate int, begin publisher) {
	w := newWorld(b)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	const most = 1 << 20
	written := make([]time.Time, most) // when the write of event n began: its commit ends before or after the relay's notice
	delays := make([][]time.Duration, audience)
	var all sync.WaitGroup // of deliveries
	var ready sync.WaitGroup
	ready.Add(audience)
	publish := begin(ctx, w, &ready, func(i, n int) {
		delays[i] = append(delays[i], time.Since(written[n]))
		all.Done()
	})
	ready.Wait()
	work := make(chan int, most)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for n := range work {
				written[n] = time.Now()
				if err := publish(n); err != nil {
					b.Error(err)
				}
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

func streamTo(ctx context.Context, w *world, ready *sync.WaitGroup, got delivered) func(int) error {
	feed := w.node(event.Options{})
	for i := range audience {
		go func() {
			stream := feed.Subscribe(ctx, event.Subscription{})
			ready.Done()
			for e, err := range stream {
				if err != nil {
					return
				}
				got(i, e.Decoded(func() any { return numberOf(e) }).(int))
			}
		}()
	}
	entity := model.NewID(model.KindTask)
	return func(n int) error {
		_, err := (fact{entity: entity, version: 1, tag: strconv.Itoa(n)}).insert(ctx, w.pool)
		feed.Kick()
		return err
	}
}

func numberOf(e *model.Entry) (n int) {
	n, err := strconv.Atoi(deliveryOf(e).Tag)
	if err != nil {
		panic(err)
	}
	return n
}

func relayTo(ctx context.Context, w *world, ready *sync.WaitGroup, got delivered) func(int) error {
	conn, err := pgx.Connect(ctx, w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "LISTEN relay"); err != nil {
		w.t.Fatal(err)
	}
	channels := make([]chan int, audience)
	for i := range channels {
		channels[i] = make(chan int, 256)
		go func() {
			ready.Done()
			for n := range channels[i] {
				got(i, n)
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
			n, err := strconv.Atoi(notice.Payload)
			if err != nil {
				panic(err)
			}
			for _, c := range channels {
				c <- n
			}
		}
	}()
	entity := model.NewID(model.KindTask)
	return func(n int) error {
		return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
			if _, err := (fact{entity: entity, version: 1, tag: strconv.Itoa(n)}).insert(ctx, tx); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "SELECT pg_notify('relay', $1)", strconv.Itoa(n))
			return err
		})
	}
}
