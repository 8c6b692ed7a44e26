package transport

import (
	"context"
	"iter"

	"github.com/99designs/gqlgen/graphql"
)

// Source is where subscriptions come from when one execution serves all who asked the same: it gives the events before
// anything is executed for anybody.
type Source interface {
	// Open gives the events behind a subscription, as its resolver would choose them for the caller of the context, from
	// the argument `after` of its root field on, or from now on. The context lives as long as somebody listens. The error
	// is what a client sees who may not subscribe, or whose cursor is good for nothing; a gqlerror.List is shown as it is.
	Open(ctx context.Context, op *graphql.OperationContext) (Stream, error)

	// OneEvent returns a context in which the subscription answers for this one event, once.
	OneEvent(ctx context.Context, value any) context.Context
}

// Stream is a part of one order of events that is the same for everybody.
type Stream struct {
	// Start is where the stream begins: nothing that comes after it is missing. Its value is not looked at.
	Start Event

	// Events come with growing positions. An error ends the stream and is told to who listens, and so is what Fail was
	// given with the context of Open; without either it completes. An event without a value only says that there is
	// nothing up to its position; one such comes before the stream waits for more, unless nothing came since the last.
	Events iter.Seq2[Event, error]
}

// Event is one event, the same for all whom it concerns.
type Event struct {
	Position int64  // its place in the one order
	Cursor   string // what a client resumes after; never empty
	Value    any    // what OneEvent takes

	// Key, which can be compared, names what a later event with the same one replaces: this event is dropped when that one
	// comes while this one still waits in the queue of a connection. Nil for an event that has to be delivered.
	Key any
}

// Sharing has one execution serve all subscribers who sent the same document with the same variables and may see the
// same. The zero value shares nothing.
type Sharing struct {
	Source Source

	// Scope says as whom a caller's subscription is executed when it is shared: a key that differs where what may be
	// seen differs, and what puts that viewer, and nothing of the caller beyond it, into a context. An empty key executes
	// for this caller alone, as has to be done with what Source cannot open.
	Scope func(ctx context.Context, op *graphql.OperationContext) (key string, as func(context.Context) context.Context)
}

// scope is as whom a group's events are executed.
type scope struct {
	key string
	as  func(context.Context) context.Context
}

// meansMore is true for extensions other than those that stand for the document.
func meansMore(extensions map[string]any) bool {
	_, persisted := extensions[persistedQuery]
	return len(extensions) > 1 || len(extensions) == 1 && !persisted
}

// scope is false for what is executed for one caller alone. Extensions of a request may mean anything.
func (s *Sharing) scope(ctx context.Context, op *graphql.OperationContext) (scope, bool) {
	if s.Source == nil || s.Scope == nil || meansMore(op.Extensions) {
		return scope{}, false
	}
	key, as := s.Scope(ctx, op)
	return scope{key: key, as: as}, key != ""
}

// viewer is a context that knows of a caller what the scope says and nothing else, and ends with the given one.
func (s scope) viewer(ctx context.Context) (context.Context, context.CancelFunc) {
	viewer, cancel := context.WithCancel(s.as(context.Background()))
	stop := context.AfterFunc(ctx, cancel)
	return viewer, func() { stop(); cancel() }
}
