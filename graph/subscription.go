package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// subscriptionResolver answers subscriptions: each is the one stream, less what was not asked for and what the caller
// may not see.
type subscriptionResolver struct{ *Resolver }

// Subscription resolves the root of that name.
func (r *Resolver) Subscription() gen.SubscriptionResolver { return subscriptionResolver{r} }

func (r subscriptionResolver) WorkflowEvents(ctx context.Context, workflowID *model.ID, after *model.Cursor, conflate bool) (<-chan *model.WorkflowEvent, error) {
	f := only(model.KindWorkflow)
	f.WorkflowID = narrow(f.WorkflowID, workflowID)
	return deliver(ctx, r.Resolver, part{f, after, conflate}, all[*model.WorkflowEvent])
}

func (r subscriptionResolver) TaskEvents(ctx context.Context, workflowID, taskID, agentID *model.ID, after *model.Cursor, conflate bool) (<-chan *model.TaskEvent, error) {
	f := only(model.KindTask)
	f.WorkflowID = narrow(f.WorkflowID, workflowID)
	f.TaskID = narrow(f.TaskID, taskID)
	f.AgentID = narrow(f.AgentID, agentID)
	return deliver(ctx, r.Resolver, part{f, after, conflate}, all[*model.TaskEvent])
}

func (r subscriptionResolver) AgentEvents(ctx context.Context, agentID *model.ID, after *model.Cursor, conflate bool) (<-chan *model.AgentEvent, error) {
	f := only(model.KindAgent)
	f.AgentID = narrow(f.AgentID, agentID)
	return deliver(ctx, r.Resolver, part{f, after, conflate}, all[*model.AgentEvent])
}

func (r subscriptionResolver) SuggestionEvents(ctx context.Context, taskID, workflowID *model.ID, status *model.SuggestionStatus, after *model.Cursor, conflate bool) (<-chan *model.SuggestionEvent, error) {
	f := only(model.KindSuggestion)
	f.TaskID = narrow(f.TaskID, taskID)
	f.WorkflowID = narrow(f.WorkflowID, workflowID)
	return deliver(ctx, r.Resolver, part{f, after, conflate}, func(e *model.SuggestionEvent) bool {
		return status == nil || e.Suggestion != nil && e.Suggestion.Status == *status
	})
}

func (r subscriptionResolver) CommentEvents(ctx context.Context, taskID *model.ID, after *model.Cursor) (<-chan *model.CommentEvent, error) {
	f := only(model.KindComment)
	f.TaskID = narrow(f.TaskID, taskID)
	return deliver(ctx, r.Resolver, part{filter: f, after: after}, all[*model.CommentEvent])
}

func (r subscriptionResolver) Events(ctx context.Context, filter *model.EventFilter, after *model.Cursor, conflate bool) (<-chan model.Event, error) {
	return deliver(ctx, r.Resolver, part{filter.Entries(), after, conflate}, all[model.Event])
}

// only takes the entries about one kind of noun.
func only(k model.Kind) model.EntryFilter {
	return model.EntryFilter{Kind: model.Among[model.Kind]{}.And(k)}
}

// narrow wants that id, if one is given.
func narrow(a model.Among[model.ID], id *model.ID) model.Among[model.ID] {
	if id == nil {
		return a
	}
	return a.And(*id)
}

func all[E model.Event](E) bool { return true }

// deliver gives the events of a part of the stream that the caller may see and want wants, until ctx ends. The channel
// holds nothing: the subscriber's own pace is the only one there is. Who opens a Stream is given the events themselves.
func deliver[E model.Event](ctx context.Context, r *Resolver, p part, want func(E) bool) (<-chan E, error) {
	caller := model.CallerFrom(ctx)
	stream, err := openPart(ctx, r.Feed, p, func(entry *model.Entry) model.Event {
		if !caller.MaySee(entry) {
			return nil
		}
		if e := entry.Event(); want(e.(E)) {
			return e
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if t := tapOf(ctx); t != nil {
		t.Stream = stream
		return nil, nil
	}
	events := make(chan E)
	feed(ctx, r, events, func() {
		for delivery, err := range stream.Events {
			if err != nil {
				r.Fail(ctx, err)
				return
			}
			if delivery.Event == nil {
				continue
			}
			select {
			case events <- delivery.Event.(E):
			case <-ctx.Done():
				return
			}
		}
	})
	return events, nil
}
