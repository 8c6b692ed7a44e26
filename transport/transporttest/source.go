package transporttest

import (
	"context"
	"iter"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"workflowfactory/transport"
)

// Source gives the feed's events before they are executed.
type Source struct {
	*Resolver

	OnOpen  func(context.Context)       // sees each context that a stream is opened with; nil is fine
	Refuse  error                       // what Open answers
	Skew    int64                       // added to where streams say they begin: anything but 0 is a lie
	OnEvent func(transport.Event) error // may end a stream, and may panic; nil is fine
	Keyed   bool                        // events of one topic replace each other
}

type eventKey struct{}

// OneEvent has `ticks` answer for this event alone.
func (s *Source) OneEvent(ctx context.Context, value any) context.Context {
	return context.WithValue(ctx, eventKey{}, value)
}

// Open reads the feed as `ticks` would.
func (s *Source) Open(ctx context.Context, op *graphql.OperationContext) (transport.Stream, error) {
	if s.OnOpen != nil {
		s.OnOpen(ctx)
	}
	if s.Refuse != nil {
		return transport.Stream{}, s.Refuse
	}
	arguments := op.Operation.SelectionSet[0].(*ast.Field).ArgumentMap(op.Variables)
	position, err := s.position(argument(arguments, "after"))
	if err != nil {
		return transport.Stream{}, err
	}
	return transport.Stream{
		Start:  transport.Event{Position: int64(position) + s.Skew, Cursor: strconv.Itoa(position)},
		Events: s.events(position, s.Feed.Read(ctx, position, text(argument(arguments, "topic")))),
	}, nil
}

func argument(arguments map[string]any, name string) *string {
	if s, ok := arguments[name].(string); ok {
		return &s
	}
	return nil
}

func (s *Source) events(position int, ticks iter.Seq[*Tick]) iter.Seq2[transport.Event, error] {
	return func(yield func(transport.Event, error) bool) {
		for tick := range ticks {
			if tick == nil {
				if !yield(transport.Event{Position: int64(position), Cursor: strconv.Itoa(position)}, nil) {
					return
				}
				continue
			}
			position = tick.Number
			event := transport.Event{Position: int64(tick.Number), Cursor: strconv.Itoa(tick.Number), Value: tick}
			if s.Keyed {
				event.Key = tick.Topic
			}
			if s.OnEvent != nil {
				if err := s.OnEvent(event); err != nil {
					yield(event, err)
					return
				}
			}
			if !yield(event, nil) {
				return
			}
		}
	}
}

type viewerKey struct{}

// WithViewer returns a context that knows its viewer.
func WithViewer(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, viewerKey{}, name)
}

// ViewerFrom is who the context says is looking, "" for nobody.
func ViewerFrom(ctx context.Context) string {
	name, _ := ctx.Value(viewerKey{}).(string)
	return name
}
