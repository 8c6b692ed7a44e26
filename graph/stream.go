package graph

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/event"
	"workflowfactory/model"
)

// Stream is what a subscription would deliver, apart from its execution.
type Stream struct {
	From   model.Cursor // nothing after it is missing
	Events iter.Seq2[Delivery, error]
}

// Delivery is one event of a Stream, or word that there is none up to a place.
type Delivery struct {
	At    model.Cursor
	Event model.Event // what the subscription's channel would carry; nil for none
	About any         // the noun of which a newer event may take the place of this one; nil when none may

	head bool // nothing more is there yet
}

// IsStream says whether a subscription is a part of the one stream of events, and so can be opened by OpenStream: then
// it takes a place in that stream to go on after.
func IsStream(op *graphql.OperationContext) bool {
	for field := range rootFields(op.Operation.SelectionSet) {
		if field.Definition == nil {
			return false
		}
		after := field.Definition.Arguments.ForName("after")
		if after == nil || after.Type.Name() != "EventCursor" {
			return false
		}
	}
	return true
}

// OpenStream gives the events behind the subscription of the context's operation, for the context's caller. Arguments
// are read and rights are asked as ever, by the subscription's own resolver. The error is a gqlerror.List as clients
// see it. The stream ends with ctx.
func OpenStream(ctx context.Context, schema graphql.ExecutableSchema, errs Errors) (Stream, error) {
	var t tap
	ctx = graphql.WithResponseContext(ctx, errs.Present, errs.Recover)
	schema.Exec(context.WithValue(ctx, tapKey{}, &t))
	if failed := graphql.GetErrors(ctx); len(failed) > 0 {
		return Stream{}, failed
	}
	if t.Events == nil {
		return Stream{}, errors.New("open a subscription that is no part of the stream")
	}
	return t.Stream, nil
}

// feed fills the channel of a subscription beside its resolver, and closes it. A panic ends the stream with an error, not
// the process.
func feed[T any](ctx context.Context, r *Resolver, out chan T, fill func()) {
	go func() {
		defer close(out)
		defer r.rescue(ctx)
		fill()
	}()
}

// rescue makes a panic on a goroutine of ours the failure of the stream that the context is of; the presenter logs it.
func (r *Resolver) rescue(ctx context.Context) {
	if thrown := recover(); thrown != nil {
		r.Fail(ctx, panicked(thrown))
	}
}

func panicked(thrown any) error { return fmt.Errorf("panic: %v\n%s", thrown, debug.Stack()) }

type tapKey struct{}

// tap takes from a subscription's resolver what it would deliver.
type tap struct{ Stream }

func tapOf(ctx context.Context) *tap {
	t, _ := ctx.Value(tapKey{}).(*tap)
	return t
}

// part is what a subscription asks for of the stream.
type part struct {
	filter   model.EntryFilter
	after    *model.Cursor // nil to begin now
	conflate bool
}

// openPart settles where a part of the stream begins, and reads nothing yet. Take gives the event of an entry that the
// filter takes, nil for one that is not to be delivered.
func openPart(ctx context.Context, feed *event.Feed, p part, take func(*model.Entry) model.Event) (Stream, error) {
	from, err := startOf(ctx, feed, p.after)
	if err != nil {
		return Stream{}, err
	}
	events := func(yield func(Delivery, error) bool) {
		atHead := func(c model.Cursor) error {
			if !yield(Delivery{At: c, head: true}, nil) {
				return errEnough
			}
			return nil
		}
		for entry, err := range feed.Subscribe(ctx, event.Subscription{After: &from, Filter: p.filter, AtHead: atHead}) {
			if errors.Is(err, errEnough) {
				return
			}
			if err != nil {
				yield(Delivery{}, err)
				return
			}
			if !yield(Delivery{At: entry.Cursor(), Event: take(entry)}, nil) {
				return
			}
		}
	}
	if p.conflate {
		return Stream{From: from, Events: conflated(events)}, nil
	}
	return Stream{From: from, Events: events}, nil
}

// errEnough ends a stream whose reader wants no more of it.
var errEnough = errors.New("the reader has enough")

func startOf(ctx context.Context, feed *event.Feed, after *model.Cursor) (model.Cursor, error) {
	if after == nil {
		return feed.Head(ctx)
	}
	return feed.Resume(ctx, *after)
}
