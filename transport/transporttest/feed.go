package transporttest

import (
	"context"
	"iter"
	"strings"
	"sync"
)

// Feed is an event log in memory. Its subscribers read it at their own pace, so they see each event once and in order.
type Feed struct {
	mu      sync.Mutex // protects what follows
	ticks   []*Tick
	readers int
	begun   int           // how many began to read since the start
	changed chan struct{} // closed at the next change
}

// NewFeed returns an empty feed.
func NewFeed() *Feed { return &Feed{changed: make(chan struct{})} }

// Publish appends n events of a topic, each padded to about size bytes.
func (f *Feed) Publish(topic string, n, size int) {
	padding := strings.Repeat("x", size)
	f.change(func() {
		for range n {
			f.ticks = append(f.ticks, &Tick{Number: len(f.ticks) + 1, Topic: topic, Padding: padding})
		}
	})
}

// AwaitReaders blocks until exactly n subscribers read the feed, or the context ends.
func (f *Feed) AwaitReaders(ctx context.Context, n int) error {
	return f.await(ctx, func() bool { return f.readers == n })
}

// AwaitBegun blocks until n subscribers have begun to read, those that have stopped included, or the context ends.
func (f *Feed) AwaitBegun(ctx context.Context, n int) error {
	return f.await(ctx, func() bool { return f.begun >= n })
}

func (f *Feed) await(ctx context.Context, reached func() bool) error {
	for {
		f.mu.Lock()
		done, changed := reached(), f.changed
		f.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Read gives the events after the position, of one topic or of all, until the context ends, and nil before it waits.
func (f *Feed) Read(ctx context.Context, after int, topic string) iter.Seq[*Tick] {
	f.change(func() { f.begun++ })
	return func(yield func(*Tick) bool) {
		f.change(func() { f.readers++ })
		defer f.change(func() { f.readers-- })
		for told := false; ; {
			tick, changed := f.at(after)
			if tick == nil {
				if !told && !yield(nil) {
					return
				}
				told = true
				select {
				case <-changed:
					continue
				case <-ctx.Done():
					return
				}
			}
			after++
			told = false
			if (topic == "" || tick.Topic == topic) && !yield(tick) {
				return
			}
		}
	}
}

// Head is the position of the newest event.
func (f *Feed) Head() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.ticks)
}

func (f *Feed) at(position int) (*Tick, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if position < len(f.ticks) {
		return f.ticks[position], nil
	}
	return nil, f.changed
}

func (f *Feed) change(how func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how()
	close(f.changed)
	f.changed = make(chan struct{})
}
