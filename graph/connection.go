package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// idsOf gives the id of each object. An object that is missing has the zero ID, which names nothing.
func idsOf[T any](objs []*T, id func(*T) model.ID) []model.ID {
	ids := make([]model.ID, len(objs))
	for i, o := range objs {
		if o != nil {
			ids[i] = id(o)
		}
	}
	return ids
}

func page(first *int, after *string, last *int, before *string) model.Page {
	return model.Page{First: first, After: after, Last: last, Before: before}
}

// totals counts what each connection asks for; the first count of a list counts for all its parents.
func totals[C any](ctx context.Context, connections []*C, count func(*C) model.Count) ([]int, error) {
	totals := make([]int, len(connections))
	for i, c := range connections {
		if c == nil {
			continue
		}
		var err error
		if totals[i], err = count(c)(ctx); err != nil {
			return nil, err
		}
	}
	return totals, nil
}

// WorkflowConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) WorkflowConnection() gen.WorkflowConnectionResolver {
	return workflowConnectionResolver{}
}

type workflowConnectionResolver struct{}

func (workflowConnectionResolver) TotalCount(ctx context.Context, objs []*model.WorkflowConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.WorkflowConnection) model.Count { return c.Count })
}

// TaskConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) TaskConnection() gen.TaskConnectionResolver { return taskConnectionResolver{} }

type taskConnectionResolver struct{}

func (taskConnectionResolver) TotalCount(ctx context.Context, objs []*model.TaskConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.TaskConnection) model.Count { return c.Count })
}

// AgentConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) AgentConnection() gen.AgentConnectionResolver { return agentConnectionResolver{} }

type agentConnectionResolver struct{}

func (agentConnectionResolver) TotalCount(ctx context.Context, objs []*model.AgentConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.AgentConnection) model.Count { return c.Count })
}

// SuggestionConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) SuggestionConnection() gen.SuggestionConnectionResolver {
	return suggestionConnectionResolver{}
}

type suggestionConnectionResolver struct{}

func (suggestionConnectionResolver) TotalCount(ctx context.Context, objs []*model.SuggestionConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.SuggestionConnection) model.Count { return c.Count })
}

// CommentConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) CommentConnection() gen.CommentConnectionResolver {
	return commentConnectionResolver{}
}

type commentConnectionResolver struct{}

func (commentConnectionResolver) TotalCount(ctx context.Context, objs []*model.CommentConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.CommentConnection) model.Count { return c.Count })
}

// UserConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) UserConnection() gen.UserConnectionResolver { return userConnectionResolver{} }

type userConnectionResolver struct{}

func (userConnectionResolver) TotalCount(ctx context.Context, objs []*model.UserConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.UserConnection) model.Count { return c.Count })
}

// SessionConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) SessionConnection() gen.SessionConnectionResolver {
	return sessionConnectionResolver{}
}

type sessionConnectionResolver struct{}

func (sessionConnectionResolver) TotalCount(ctx context.Context, objs []*model.SessionConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.SessionConnection) model.Count { return c.Count })
}

// ApiKeyConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) ApiKeyConnection() gen.ApiKeyConnectionResolver { return apiKeyConnectionResolver{} }

type apiKeyConnectionResolver struct{}

func (apiKeyConnectionResolver) TotalCount(ctx context.Context, objs []*model.APIKeyConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.APIKeyConnection) model.Count { return c.Count })
}

// EventConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) EventConnection() gen.EventConnectionResolver { return eventConnectionResolver{} }

type eventConnectionResolver struct{}

func (eventConnectionResolver) TotalCount(ctx context.Context, objs []*model.EventConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.EventConnection) model.Count { return c.Count })
}

// TaskLogConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) TaskLogConnection() gen.TaskLogConnectionResolver {
	return taskLogConnectionResolver{}
}

type taskLogConnectionResolver struct{}

func (taskLogConnectionResolver) TotalCount(ctx context.Context, objs []*model.TaskLogConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.TaskLogConnection) model.Count { return c.Count })
}
