package graph

import (
	"context"

	"workflowfactory/event"
	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// subscriptionResolver answers subscriptions: each is the one stream, less what was not asked for and what the caller
// may not see.
type subscriptionResolver struct{ *Resolver }

// Subscription resolves the root of that name.
func (r *Resolver) Subscription() gen.SubscriptionResolver { return subscriptionResolver{r} }

func (r subscriptionResolver) WorkflowEvents(ctx context.Context, workflowID *model.ID, after *model.Cursor) (<-chan *model.WorkflowEvent, error) {
	f := only(model.KindWorkflow)
	f.WorkflowID = narrow(f.WorkflowID, workflowID)
	return stream(ctx, r.Resolver, f, after, all[*model.WorkflowEvent])
}

func (r subscriptionResolver) TaskEvents(ctx context.Context, workflowID, taskID, agentID *model.ID, after *model.Cursor) (<-chan *model.TaskEvent, error) {
	f := only(model.KindTask)
	f.WorkflowID = narrow(f.WorkflowID, workflowID)
	f.TaskID = narrow(f.TaskID, taskID)
	f.AgentID = narrow(f.AgentID, agentID)
	return stream(ctx, r.Resolver, f, after, all[*model.TaskEvent])
}

func (r subscriptionResolver) AgentEvents(ctx context.Context, agentID *model.ID, after *model.Cursor) (<-chan *model.AgentEvent, error) {
	f := only(model.KindAgent)
	f.AgentID = narrow(f.AgentID, agentID)
	return stream(ctx, r.Resolver, f, after, all[*model.AgentEvent])
}

func (r subscriptionResolver) SuggestionEvents(ctx context.Context, taskID, workflowID *model.ID, status *model.SuggestionStatus, after *model.Cursor) (<-chan *model.SuggestionEvent, error) {
	f := only(model.KindSuggestion)
	f.TaskID = narrow(f.TaskID, taskID)
	f.WorkflowID = narrow(f.WorkflowID, workflowID)
	return stream(ctx, r.Resolver, f, after, func(e *model.SuggestionEvent) bool {
		return status == nil || e.Suggestion != nil && e.Suggestion.Status == *status
	})
}

func (r subscriptionResolver) CommentEvents(ctx context.Context, taskID *model.ID, after *model.Cursor) (<-chan *model.CommentEvent, error) {
	f := only(model.KindComment)
	f.TaskID = narrow(f.TaskID, taskID)
	return stream(ctx, r.Resolver, f, after, all[*model.CommentEvent])
}

func (r subscriptionResolver) Events(ctx context.Context, filter *model.EventFilter, after *model.Cursor) (<-chan model.Event, error) {
	return stream(ctx, r.Resolver, filter.Entries(), after, all[model.Event])
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

// stream delivers the events that the filter takes, the caller may see and want wants, until ctx ends. The channel
// holds nothing: the subscriber's own pace is the only one there is. Who opens a Stream is given the events themselves.
func stream[E model.Event](ctx context.Context, r *Resolver, f model.EntryFilter, after *model.Cursor, want func(E) bool) (<-chan E, error) {
	caller := model.CallerFrom(ctx)
	take := func(entry *model.Entry) any {
		if !caller.MaySee(entry) {
			return nil
		}
		if e := entry.Event().(E); want(e) {
			return e
		}
		return nil
	}
	if t := tapOf(ctx); t != nil {
		return nil, t.hold(ctx, r.Feed, f, after, take)
	}
	entries := r.Feed.Subscribe(ctx, event.Subscription{After: after, Filter: f})
	events := make(chan E)
	go func() {
		defer close(events)
		for entry, err := range entries {
			if err != nil {
				r.Fail(ctx, err)
				return
			}
			e, taken := take(entry).(E)
			if !taken {
				continue
			}
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events, nil
}
