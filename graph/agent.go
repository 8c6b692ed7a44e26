package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// Agent answers the fields of agents that are not columns of their own.
func (r *Resolver) Agent() gen.AgentResolver { return agentResolver{r} }

type agentResolver struct{ *Resolver }

func (r agentResolver) CurrentTask(ctx context.Context, objs []*model.Agent) ([]*model.Task, error) {
	return r.Resolver.Tasks.CurrentOfAgents(ctx, idsOf(objs, (*model.Agent).GetID))
}

func (r agentResolver) Tasks(ctx context.Context, objs []*model.Agent, filter *model.TaskFilter, orderBy *model.TaskOrder, first *int, after *string, last *int, before *string) ([]*model.TaskConnection, error) {
	return r.Resolver.Tasks.OfAgents(ctx, idsOf(objs, (*model.Agent).GetID), filter, orderBy, page(first, after, last, before))
}

func (r agentResolver) RecentTasks(ctx context.Context, objs []*model.Agent, first *int) ([][]*model.Task, error) {
	limit := 10
	if first != nil {
		limit = *first
	}
	return r.Resolver.Tasks.RecentOfAgents(ctx, idsOf(objs, (*model.Agent).GetID), limit)
}

func (r agentResolver) Suggestions(ctx context.Context, objs []*model.Agent, filter *model.SuggestionFilter, orderBy *model.SuggestionOrder, first *int, after *string, last *int, before *string) ([]*model.SuggestionConnection, error) {
	return r.Resolver.Suggestions.OfAgents(ctx, idsOf(objs, (*model.Agent).GetID), filter, orderBy, page(first, after, last, before))
}

func (r agentResolver) History(ctx context.Context, objs []*model.Agent, filter *model.EventFilter, orderBy *model.EventOrder, first *int, after *model.Cursor, last *int, before *model.Cursor) ([]*model.EventConnection, error) {
	p, err := r.logPage(ctx, orderBy, first, after, last, before)
	if err != nil {
		return nil, err
	}
	return r.Resolver.History.OfAgents(ctx, idsOf(objs, (*model.Agent).GetID), filter.Entries(), p)
}
