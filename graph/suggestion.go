package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// Suggestion answers the fields of suggestions that are not columns of their own.
func (r *Resolver) Suggestion() gen.SuggestionResolver { return suggestionResolver{r} }

// Decision answers who decided.
func (r *Resolver) Decision() gen.DecisionResolver { return decisionResolver{r} }

type suggestionResolver struct{ *Resolver }

func (r suggestionResolver) Task(ctx context.Context, objs []*model.Suggestion) ([]*model.Task, error) {
	return r.Tasks.Referenced(ctx, idsOf(objs, func(s *model.Suggestion) model.ID { return s.TaskID }))
}

func (r suggestionResolver) Workflow(ctx context.Context, objs []*model.Suggestion) ([]*model.Workflow, error) {
	return r.Workflows.Referenced(ctx, idsOf(objs, func(s *model.Suggestion) model.ID { return s.WorkflowID }))
}

func (r suggestionResolver) Agent(ctx context.Context, objs []*model.Suggestion) ([]*model.Agent, error) {
	return r.Agents.Referenced(ctx, idsOf(objs, func(s *model.Suggestion) model.ID { return s.AgentID }))
}

func (r suggestionResolver) DecidedBy(ctx context.Context, objs []*model.Suggestion) ([]model.Actor, error) {
	return r.Access.Actors(ctx, idsOf(objs, func(s *model.Suggestion) model.ID { return s.DecidedByID }))
}

func (r suggestionResolver) Comments(ctx context.Context, objs []*model.Suggestion, first *int, after *string, last *int, before *string) ([]*model.CommentConnection, error) {
	return r.Resolver.Comments.OfSuggestions(ctx, idsOf(objs, (*model.Suggestion).GetID), page(first, after, last, before))
}

type decisionResolver struct{ *Resolver }

func (r decisionResolver) By(ctx context.Context, objs []*model.Decision) ([]model.Actor, error) {
	return r.Access.Actors(ctx, idsOf(objs, func(d *model.Decision) model.ID { return d.ByID }))
}
