package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// Workflow answers the fields of workflows that are not columns of their own.
func (r *Resolver) Workflow() gen.WorkflowResolver { return workflowResolver{r} }

type workflowResolver struct{ *Resolver }

func (r workflowResolver) CreatedBy(ctx context.Context, objs []*model.Workflow) ([]model.Actor, error) {
	return r.Access.Actors(ctx, idsOf(objs, func(w *model.Workflow) model.ID { return w.CreatedByID }))
}

func (r workflowResolver) TaskCounts(ctx context.Context, objs []*model.Workflow) ([]*model.TaskCounts, error) {
	return r.Workflows.TaskCounts(ctx, idsOf(objs, (*model.Workflow).GetID))
}

func (r workflowResolver) Tasks(ctx context.Context, objs []*model.Workflow, filter *model.TaskFilter, orderBy *model.TaskOrder, first *int, after *string, last *int, before *string) ([]*model.TaskConnection, error) {
	return r.Resolver.Tasks.OfWorkflows(ctx, idsOf(objs, (*model.Workflow).GetID), filter, orderBy, page(first, after, last, before))
}

func (r workflowResolver) Agents(ctx context.Context, objs []*model.Workflow, filter *model.AgentFilter, orderBy *model.AgentOrder, first *int, after *string, last *int, before *string) ([]*model.AgentConnection, error) {
	return r.Resolver.Agents.OfWorkflows(ctx, idsOf(objs, (*model.Workflow).GetID), filter, orderBy, page(first, after, last, before))
}

func (r workflowResolver) Suggestions(ctx context.Context, objs []*model.Workflow, filter *model.SuggestionFilter, orderBy *model.SuggestionOrder, first *int, after *string, last *int, before *string) ([]*model.SuggestionConnection, error) {
	return r.Resolver.Suggestions.OfWorkflows(ctx, idsOf(objs, (*model.Workflow).GetID), filter, orderBy, page(first, after, last, before))
}

func (r workflowResolver) History(ctx context.Context, objs []*model.Workflow, filter *model.EventFilter, orderBy *model.EventOrder, first *int, after *model.Cursor, last *int, before *model.Cursor) ([]*model.EventConnection, error) {
	p, err := r.logPage(ctx, orderBy, first, after, last, before)
	if err != nil {
		return nil, err
	}
	return r.Resolver.History.OfWorkflows(ctx, idsOf(objs, (*model.Workflow).GetID), filter.Entries(), p)
}
