package exec

import (
	"context"
	"fmt"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
)

// Stream is a subscription field.
type Stream struct {
	open  func(c *Call) (source, error)
	event func(c *Call, value any)
}

// source waits for the next event and gives it to the call. It is false when the stream or the
// context has ended.
type source func(ctx context.Context, c *Call) bool

// NewStream makes a subscription field of its resolver and of what takes one event.
func NewStream[T any](subscribe func(c *Call) (<-chan T, error), take func(c *Call, event []T)) *Stream {
	return &Stream{
		open: func(c *Call) (source, error) {
			events, err := subscribe(c)
			return receive(events, take), err
		},
		event: func(c *Call, value any) {
			event, ok := value.(T)
			if !ok && value != nil {
				c.col.fail(fmt.Errorf("an event of %s is a %s, not a %T", c.name(), reflect.TypeFor[T](), value))
				return
			}
			take(c, []T{event})
		},
	}
}

func receive[T any](events <-chan T, take func(c *Call, event []T)) source {
	return func(ctx context.Context, c *Call) bool {
		select {
		case event, ok := <-events:
			if ok {
				take(c, []T{event})
			}
			return ok
		case <-ctx.Done():
			return false
		}
	}
}

type eventKey struct{}

// OneEvent has a subscription that is executed with the context given answer for this one event,
// once, instead of asking its resolver for a stream: DispatchOperation then gives a handler with a
// single response. Directives are asked as ever; arguments are not looked at, since the event has
// been chosen. The value must be of the type whose channel the resolver returns.
//
// One operation context may serve any number of such executions, also at the same time.
func OneEvent(ctx context.Context, value any) context.Context {
	return context.WithValue(ctx, eventKey{}, &event{value})
}

type event struct{ value any }

func eventOf(ctx context.Context) *event {
	e, _ := ctx.Value(eventKey{}).(*event)
	return e
}

// subscribe opens the stream. Each event is then a run of its own, with one object at its root.
func (s *Schema) subscribe(ctx context.Context, op *graphql.OperationContext, plan *selection) graphql.ResponseHandler {
	if len(plan.fields) != 1 || len(plan.asked) != 1 {
		graphql.AddErrorf(ctx, "must subscribe to exactly one stream")
		return graphql.OneShot(nil)
	}
	r, c := s.newEvent(ctx, op, plan)
	r.open(c)
	if c.col.source == nil {
		Release(r.write())
		return graphql.OneShot(nil)
	}
	return func(ctx context.Context) *graphql.Response {
		return s.next(ctx, op, plan, c)
	}
}

// newEvent begins a run of a subscription with the call of its one field.
func (s *Schema) newEvent(ctx context.Context, op *graphql.OperationContext, plan *selection) (*run, *Call) {
	r := s.newRun(op, plan)
	r.Context = ctx
	r.root.open()
	return r, r.newCall(r, &r.root, &r.root.cols[0])
}

// open asks the guards and the resolver. A panic is the failure of the field.
func (r *run) open(c *Call) {
	defer r.rescue(c.Ctx, c.col)
	r.call(c)
}

// next waits for an event and answers it. Nil says that there will be none.
func (s *Schema) next(ctx context.Context, op *graphql.OperationContext, plan *selection, opened *Call) *graphql.Response {
	r, c := s.newEvent(ctx, op, plan)
	c.In, c.Field.Args = opened.In, opened.Field.Args
	if !r.receive(ctx, c, opened.col.source) {
		return nil
	}
	if c.col.all == nil && c.col.field.subs != nil {
		r.below(c.Ctx, c.col, c.Field)
	}
	return &graphql.Response{Data: r.write()}
}

// receive waits for the event and takes it. A panic while it is taken is the failure of the field.
func (r *run) receive(ctx context.Context, c *Call, next source) (more bool) {
	more = true
	defer r.rescue(c.Ctx, c.col)
	return next(ctx, c)
}
