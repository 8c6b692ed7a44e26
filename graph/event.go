package graph

import (
	"context"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// logPage reads what is asked for of the log; the oldest comes first unless ordered otherwise. A cursor is answered
// with what a subscription after it would be: BAD_USER_INPUT or CURSOR_EXPIRED where it is good for nothing.
func (r *Resolver) logPage(ctx context.Context, o *model.EventOrder, first *int, after *model.Cursor, last *int, before *model.Cursor) (db.LogPage, error) {
	p := db.LogPage{First: first, Last: last, Direction: model.OrderDirectionAsc}
	if o != nil {
		p.Direction = o.Direction
	}
	var err error
	if p.After, err = r.place(ctx, after); err != nil {
		return p, err
	}
	p.Before, err = r.place(ctx, before)
	return p, err
}

func (r *Resolver) place(ctx context.Context, c *model.Cursor) (*model.Cursor, error) {
	if c == nil {
		return nil, nil
	}
	place, err := r.Feed.Resume(ctx, *c)
	return &place, err
}

// logEvent answers the fields that events of every kind have.
type logEvent[E interface{ LogEntry() *model.Entry }] struct{ *Resolver }

func (r logEvent[E]) Cursor(_ context.Context, events []E) ([]*model.Cursor, error) {
	cursors := make([]*model.Cursor, len(events))
	for i, e := range events {
		cursors[i] = new(e.LogEntry().Cursor())
	}
	return cursors, nil
}

func (r logEvent[E]) Actor(ctx context.Context, events []E) ([]model.Actor, error) {
	ids := make([]model.ID, len(events))
	for i, e := range events {
		ids[i] = e.LogEntry().ActorID
	}
	return r.Access.Actors(ctx, ids)
}

func (r logEvent[E]) Changes(_ context.Context, events []E) ([][]*model.FieldChange, error) {
	changes := make([][]*model.FieldChange, len(events))
	for i, e := range events {
		changes[i] = e.LogEntry().FieldChanges()
	}
	return changes, nil
}

// Address tells from where it was asked for, to whom that may concern.
func (r logEvent[E]) Address(ctx context.Context, events []E) ([]*string, error) {
	addresses := make([]*string, len(events))
	if !auth.Allows(model.CallerFrom(ctx).Role, model.ActionOversee) {
		return addresses, nil
	}
	for i, e := range events {
		if from := e.LogEntry().Address; from != "" {
			addresses[i] = &from
		}
	}
	return addresses, nil
}

// WorkflowEvent answers the fields of events about workflows.
func (r *Resolver) WorkflowEvent() gen.WorkflowEventResolver {
	return logEvent[*model.WorkflowEvent]{r}
}

// TaskEvent answers the fields of events about tasks.
func (r *Resolver) TaskEvent() gen.TaskEventResolver { return logEvent[*model.TaskEvent]{r} }

// AgentEvent answers the fields of events about agents.
func (r *Resolver) AgentEvent() gen.AgentEventResolver { return logEvent[*model.AgentEvent]{r} }

// SuggestionEvent answers the fields of events about suggestions.
func (r *Resolver) SuggestionEvent() gen.SuggestionEventResolver {
	return logEvent[*model.SuggestionEvent]{r}
}

// CommentEvent answers the fields of events about comments.
func (r *Resolver) CommentEvent() gen.CommentEventResolver { return logEvent[*model.CommentEvent]{r} }

// AccessEvent answers the fields of events about accounts, sessions and keys.
func (r *Resolver) AccessEvent() gen.AccessEventResolver { return logEvent[*model.AccessEvent]{r} }
