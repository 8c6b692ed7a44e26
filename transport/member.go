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
	place    int   // among the members of its group, which protects it
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

// push queues events, unless the member has them, and gives how many it has then: fewer than all when there is no room.
func (m *member) push(events []shared) (has int) {
	for has < len(events) && events[has].position <= m.position {
		has++
	}
	queued := m.out.offerAll(m.operation, events[has:])
	if has += queued; queued > 0 {
		m.position, m.cursor = events[has-1].position, events[has-1].cursor
	}
	return has
}

// conclude gives the operation its last word: what ended the stream, or `complete`.
func (m *member) conclude(verdict *graphql.Response) {
	if verdict == nil {
		m.lastWord(m.dialect.complete())
		return
	}
	m.finish(verdict)
}
