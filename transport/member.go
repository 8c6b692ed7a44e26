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
	g, err := o.exec.hub.acquire(ctx, op, as)
	if err != nil {
		o.end(ctx, err)
		return
	}
	m := &member{operation: o, group: g, ctx: ctx, op: op}
	o.left = func() { g.leave(m); o.exec.hub.release(g) }
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

// conclude gives the operation its last word: what ended the stream, or `complete`.
func (m *member) conclude(verdict *graphql.Response) {
	if verdict == nil {
		m.lastWord(m.dialect.complete())
		return
	}
	m.finish(verdict)
}
