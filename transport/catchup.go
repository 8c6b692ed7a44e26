package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// catchUp reads the stream after the member's place until it can join the group.
func (m *member) catchUp() {
	m.guarded(m.ctx, func(ctx context.Context) {
		viewer, cancel := m.group.as.viewer(ctx)
		defer cancel()
		viewer, failure := withFailure(viewer)
		switch settled, err := m.read(viewer); {
		case settled:
		case m.ctx.Err() != nil:
			m.lastWord(nil)
		default:
			m.conclude(m.group.verdict(viewer, err, failure))
		}
	})
}

// read is done when the member has joined, or has had its last word. While others are ahead on the same way, the
// member goes on with what they were answered, and needs no stream of its own.
func (m *member) read(ctx context.Context) (done bool, err error) {
	defer m.exec.hub.replays.wanted()()
	for {
		op := m.op
		if m.cursor != "" {
			op = anonymous(m.op, m.cursor)
		}
		viewer := graphql.WithOperationContext(ctx, op)
		stream, err := m.config.Sharing.Source.Open(viewer, op)
		if err != nil {
			return false, err
		}
		m.position, m.cursor = stream.Start.Position, stream.Start.Cursor
		if m.group.join(m) {
			return true, nil
		}
		how, err := m.lead(viewer, stream)
		if how != withOthers || err != nil {
			return how == settled, err
		}
		for how == withOthers && err == nil {
			how, err = m.turn(viewer, nil)
		}
		if how == settled || err != nil {
			return how == settled, err
		}
	}
}

// progress is how a member that is behind got on.
type progress int

const (
	alone      progress = iota // by itself, as far as it got
	withOthers                 // by what others were answered, who are ahead
	settled                    // it has joined, or has had its last word
)

// lead answers what the stream gives, for the member and for those who come after it, until that ends or others turn out
// to be ahead.
func (m *member) lead(ctx context.Context, stream Stream) (how progress, err error) {
	var batch []Event
	for event, err := range stream.Events {
		if err == nil {
			batch = append(batch, event)
		}
		if err == nil && event.Value != nil && len(batch) < batchEvents {
			continue
		}
		if how, failed := m.answer(ctx, batch); how != alone || failed != nil {
			return how, failed
		}
		if err != nil {
			return alone, err
		}
		clear(batch)
		batch = batch[:0]
	}
	return m.answer(ctx, batch)
}

// answer takes as many turns as the events need.
func (m *member) answer(ctx context.Context, own []Event) (how progress, err error) {
	for how == alone && err == nil {
		for len(own) > 0 && own[0].Position <= m.position { // or an attempt to join has got so far
			own = own[1:]
		}
		if len(own) == 0 {
			break
		}
		how, err = m.turn(ctx, own)
	}
	return how, err
}

// batchEvents is about how many events a member that is behind gets before another that is has its turn.
const batchEvents = 64

// turn takes what others were answered or, when there is nothing of that, answers some of the member's own events.
func (m *member) turn(ctx context.Context, own []Event) (how progress, err error) {
	var left []shared // for which there was no room
	notIn := m.exec.hub.lane.work(ctx, func() {
		if left, how = m.takeFromOthers(); how == alone && len(own) > 0 {
			left, err = m.group.replay(ctx, m.cursor, own)
			left = left[m.push(left):]
		}
	})
	if notIn != nil {
		return alone, notIn
	}
	if !m.queue(left) || err == nil && m.group.join(m) {
		return settled, nil
	}
	return how, err
}

func (m *member) takeFromOthers() (left []shared, how progress) {
	for taken := 0; taken < batchEvents && len(left) == 0; {
		answers := m.exec.hub.replays.find(replayKey{m.group.key, m.cursor})
		if len(answers) == 0 {
			break
		}
		how = withOthers
		taken += len(answers)
		left = answers[m.push(answers):]
	}
	return left, how
}

// queue waits for room as often as need be. False means that the member has had its last word.
func (m *member) queue(events []shared) bool {
	for len(events) > 0 {
		next := events[0]
		if !m.send(m.ctx, frame{bytes: next.payload, cursor: next.cursor, key: next.key}) {
			return false
		}
		m.position, m.cursor = next.position, next.cursor
		events = events[1:]
		events = events[m.push(events):]
	}
	return true
}
