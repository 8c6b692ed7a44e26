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

	"workflowfactory/db/dbtest"
	"workflowfactory/event"
	"workflowfactory/model"
)

// BenchmarkWriteToSubscriber gives the time from the begin of a write until each of 1,000 subscribers has the event, at a
// steady rate, and beside it, in turns on the same database, that of a bare relay: NOTIFY inside the writing transaction,
// one connection that listens, one channel a subscriber. The relay promises nothing of what the stream does, neither
// order nor that anything arrives; it is the least that one could wait. PostgreSQL keeps its promises: fsync is on.
//
// Each turn of a rate takes some seconds, so -benchtime 1x is enough. The figures are medians of the turns.
func BenchmarkWriteToSubscriber(b *testing.B) {
	for _, rate := range []int{200, 1000} {
		b.Run(fmt.Sprintf("%d a second", rate), func(b *testing.B) {
			w := worldAt(b, dbtest.NewCluster(b).URL())
			var stream, relay []heard
			for b.Loop() {
				for range 3 {
					relay = append(relay, listenTo(b, w, rate, relayTo))
					stream = append(stream, listenTo(b, w, rate, streamTo))
				}
			}
			reportHeard(b, "stream", stream)
			reportHeard(b, "relay", relay)
		})
	}
}

const (
	audience = 1000
	turn     = 3 * time.Second
	warmUp   = time.Second // before each turn
)

// heard is how one turn went, in milliseconds and in events a second that could be written.
type heard struct{ p50, p99, rate float64 }

func reportHeard(b *testing.B, name string, turns []heard) {
	for unit, value := range map[string]func(heard) float64{
		"p50-ms": func(h heard) float64 { return h.p50 }, "p99-ms": func(h heard) float64 { return h.p99 }, "a-second": func(h heard) float64 { return h.rate },
	} {
		var values []float64
		for _, h := range turns {
			values = append(values, value(h))
		}
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], name+"-"+unit)
	}
}

// delivered is called by subscriber i with the number of an event.
type delivered func(i, n int)

// A publisher begins the audience and gives what commits an event of a number.
type publisher func(ctx context.Context, w *world, ready *sync.WaitGroup, got delivered) (publish func(n int) error, end func())

// listenTo has events written at the rate, and waits until everybody has them all.
func listenTo(b *testing.B, w *world, rate int, begin publisher) heard {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	first := int(warmUp.Seconds() * float64(rate)) // that counts
	events := first + int(turn.Seconds()*float64(rate))
	written := make([]time.Time, events) // when the write of event n began: its commit ends before or after the relay's notice
	delays := make([][]time.Duration, audience)
	var ready, all sync.WaitGroup // subscribers, deliveries
	ready.Add(audience)
	publish, end := begin(ctx, w, &ready, func(i, n int) {
		if n >= first {
			delays[i] = append(delays[i], time.Since(written[n]))
		}
		all.Done()
	})
	defer end()
	ready.Wait()
	all.Add(events * audience)
	work := make(chan int)
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
	began := time.Now()
	for n := range events {
		time.Sleep(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(rate))))
		work <- n
	}
	close(work)
	writers.Wait()
	took := time.Since(began)
	all.Wait()
	sorted := slices.Concat(delays...)
	slices.Sort(sorted)
	at := func(percent int) float64 { return float64(sorted[len(sorted)*percent/100].Microseconds()) / 1000 }
	return heard{p50: at(50), p99: at(99), rate: float64(events) / took.Seconds()}
}

func streamTo(ctx context.Context, w *world, ready *sync.WaitGroup, got delivered) (publish func(int) error, end func()) {
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
	}, feed.stop
}

func numberOf(e *model.Entry) (n int) {
	n, err := strconv.Atoi(deliveryOf(e).Tag)
	if err != nil {
		panic(err)
	}
	return n
}

func relayTo(ctx context.Context, w *world, ready *sync.WaitGroup, got delivered) (publish func(int) error, end func()) {
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
		defer func() {
			for _, c := range channels {
				close(c)
			}
		}()
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
		f := fact{entity: entity, version: 1, tag: strconv.Itoa(n)}
		var seq int64
		return w.pool.QueryRow(ctx, insertAndNotify, f.args()...).Scan(&seq)
	}, func() {}
}

// insertAndNotify is one statement and so one round trip, as the insert alone is.
const insertAndNotify = `WITH e AS (` + insertEvent + `) SELECT seq FROM e, LATERAL (SELECT pg_notify('relay', $5)) AS told`
