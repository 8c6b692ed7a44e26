package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// member is a subscription that shares its executions with others. It is in its group while it keeps up: then it has no
// goroutine, and the group queues its events. While it is behind, because it resumes or because its queue was full, it
// reads and executes by itself, at its own pace, until it has caught up; and it is ended when it is too slow even then.
type member struct {
	*operation
	group    *group
	ctx      context.Context // of the operation
	op       *graphql.OperationContext
	position int64 // up to which it has everything
}

// share subscribes as a member. It blocks only while the subscription is behind.
func (o *operation) share(ctx context.Context, op *graphql.OperationContext, as scope) {
	g, err := o.hub.acquire(ctx, o.exec, op, as)
	if err != nil {
		o.end(ctx, err)
		return
	}
	m := &member{operation: o, group: g, ctx: ctx, op: op}
	o.left = func() { g.leave(m); o.hub.release(g) }
	context.AfterFunc(ctx, func() { o.end(ctx, nil) })
	if o.resume == "" && fromNow(op) && g.joinNow(m) {
		return
	}
	m.catchUp()
}

// fromNow is true for a subscription that names no place to begin at.
func fromNow(op *graphql.OperationContext) bool {
	field := rootField(op.Operation.SelectionSet)
	return field != nil && field.ArgumentMap(op.Variables)[resumeArgument] == nil
}

// push queues an event unless the member has it. False means that there is no room.
func (m *member) push(event shared) bool {
	if event.position <= m.position {
		return true
	}
	if event.payload != nil {
		if _, room := m.out.offer(frame{owner: m.operation, bytes: event.payload, next: true, cursor: event.cursor, key: event.key}); !room {
			return false
		}
	}
	m.position, m.cursor = event.position, event.cursor
	return true
}

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
	for event, err := range stream.Events {
		if err != nil {
			return false, err
		}
		if event.Position <= m.position {
			continue // an attempt to join has got so far
		}
		answered, err := m.group.execute(ctx, event)
		if err != nil {
			return false, err
		}
		if answered.payload != nil && !m.send(m.ctx, frame{bytes: answered.payload, cursor: answered.cursor, key: answered.key}) {
			return true, nil
		}
		m.position, m.cursor = answered.position, answered.cursor
		if m.group.join(m) {
			return true, nil
		}
	}
	return false, nil
}

// conclude gives the operation its last word: what ended the stream, or `complete`.
func (m *member) conclude(verdict *graphql.Response) {
	if verdict == nil {
		m.lastWord(m.dialect.complete())
		return
	}
	m.finish(verdict)
}
