package server

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec"
	"workflowfactory/graph"
	"workflowfactory/model"
	"workflowfactory/transport"
)

// source gives the events behind subscriptions, so that all who asked the same and may see the same share one execution
// of each.
type source struct {
	schema graphql.ExecutableSchema
	errs   graph.Errors
}

// Open is part of transport.Source.
func (s source) Open(ctx context.Context, _ *graphql.OperationContext) (transport.Stream, error) {
	stream, err := graph.OpenStream(ctx, s.schema, s.errs)
	if err != nil {
		return transport.Stream{}, err
	}
	return transport.Stream{
		Start: eventOf(graph.Delivery{At: stream.From}),
		Events: func(yield func(transport.Event, error) bool) {
			for delivery, err := range stream.Events {
				if !yield(eventOf(delivery), err) {
					return
				}
			}
		},
	}, nil
}

// OneEvent is part of transport.Source.
func (s source) OneEvent(ctx context.Context, value any) context.Context {
	return exec.OneEvent(ctx, value)
}

func eventOf(d graph.Delivery) transport.Event {
	e := transport.Event{Position: d.At.Position, Cursor: d.At.String(), Key: d.About}
	if d.Event != nil {
		e.Value = d.Event
	}
	return e
}

// scopeOf is all that decides on what a caller sees of the stream: the role, and for an agent which one it is. What is
// executed for a group knows nothing else of anybody in it. An agent that has not registered yet may do so at any
// moment, so it is looked at for itself.
func scopeOf(ctx context.Context, op *graphql.OperationContext) (string, func(context.Context) context.Context) {
	caller := model.CallerFrom(ctx)
	unbound := caller.Role == model.RoleAgent && caller.AgentID.IsZero()
	if caller.Role == "" || unbound || !graph.IsStream(op) {
		return "", nil
	}
	viewer := model.Caller{Role: caller.Role, AgentID: caller.AgentID}
	return viewer.Role.String() + " " + viewer.AgentID.String(), func(ctx context.Context) context.Context {
		as := viewer
		as.RequestID = newRequestID() // under which the log has what nobody was meant to see
		return model.WithCaller(ctx, as)
	}
}
