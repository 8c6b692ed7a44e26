package transport

import (
	"context"
	"runtime"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// catchUp reads the stream after the member's place until it can join the group.
func (m *member) catchUp() {
	m.guarded(m.ctx, func(ctx context.Context) {
		viewer, cancel := m.group.as.viewer(ctx)
		defer cancel()
		viewer, failure := withFailure(viewer)
		op := m.op
		if m.cursor != "" {
			op = anonymous(m.op, m.cursor)
		}
		viewer = graphql.WithOperationContext(viewer, op)
		switch settled, err := m.read(viewer, op); {
		case settled:
		case m.ctx.Err() != nil:
			m.lastWord(nil)
		default:
			m.conclude(m.group.verdict(viewer, err, failure))
		}
	})
}

// read is settled when the member has joined, or has had its last word.
func (m *member) read(ctx context.Context, op *graphql.OperationContext) (settled bool, err error) {
	stream, err := m.config.Sharing.Source.Open(ctx, op)
	if err != nil {
		return false, err
	}
	m.position, m.cursor = stream.Start.Position, stream.Start.Cursor
	if m.group.join(m) {
		return true, nil
	}
	defer m.exec.hub.replays.wanted()()
	var batch []Event
	for event, err := range stream.Events {
		if err == nil && event.Position > m.position { // or an attempt to join has got so far
			batch = append(batch, event)
		}
		if err == nil && event.Value != nil && len(batch) < batchEvents {
			continue
		}
		if over, failed := m.advance(ctx, batch); over || failed != nil {
			return over, failed
		}
		if err != nil {
			return false, err
		}
		clear(batch)
		batch = batch[:0]
		if m.group.join(m) {
			return true, nil
		}
	}
	return m.advance(ctx, batch)
}

// batchEvents is how many events a member that is behind answers before another that is gets its turn.
const batchEvents = 64

// advance answers events and queues the answers. It is over when the member has had its last word.
func (m *member) advance(ctx context.Context, batch []Event) (over bool, err error) {
	if len(batch) == 0 {
		return false, nil
	}
	answers := make([]shared, 0, len(batch))
	queued := 0
	notIn := m.exec.hub.lane.work(ctx, func() {
		for _, event := range batch {
			var answered shared
			if answered, err = m.group.replay(ctx, event); err != nil {
				return
			}
			answers = append(answers, answered)
		}
		for queued < len(answers) && m.push(answers[queued]) {
			queued++
		}
	})
	if notIn != nil {
		return false, notIn
	}
	for _, answered := range answers[queued:] {
		if answered.payload != nil && !m.send(m.ctx, frame{bytes: answered.payload, cursor: answered.cursor, key: answered.key}) {
			return true, nil
		}
		m.position, m.cursor = answered.position, answered.cursor
	}
	return false, err
}

// lane is where those who are behind work, a few at a time and only while nobody else wants the processors: who comes
// back must not make those wait who are there.
type lane struct {
	places chan struct{} // holds a value for each place that is free
}

func newLane() *lane {
	l := &lane{places: make(chan struct{}, runtime.GOMAXPROCS(0))}
	for range cap(l.places) {
		l.places <- struct{}{}
	}
	return l
}

// work does it as soon as there is a place, and gives the context's cause if that ends before.
func (l *lane) work(ctx context.Context, do func()) error {
	select {
	case <-l.places:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() {
		go func() {
			rest()
			l.places <- struct{}{}
		}()
	}()
	do()
	return nil
}

const (
	leastRest = 50 * time.Microsecond
	mostRest  = 20 * time.Millisecond // so that those who are behind get on beside any load
)

// rest returns when nobody else waits for this processor, among them those who write what was queued.
//
// It sleeps although there may be nothing to wait for: with somebody always ready to run, the runtime looks at the
// network every 10 ms only, and each answer of the database to anybody would wait for that.
func rest() {
	for began := time.Now(); time.Since(began) < mostRest; {
		time.Sleep(leastRest)
		stood := time.Now()
		runtime.Gosched() // behind all who are ready to run
		if time.Since(stood) < leastRest {
			return
		}
	}
}
