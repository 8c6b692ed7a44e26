package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// queryResolver answers queries; viewer and health are in access.go, and people, sessions and keys in files of their own.
type queryResolver struct{ *Resolver }

// Query resolves the root of that name.
func (r *Resolver) Query() gen.QueryResolver { return queryResolver{r} }

func (r queryResolver) Cursor(ctx context.Context) (*model.Cursor, error) {
	head, err := r.Feed.Head(ctx)
	return &head, err
}

func (r queryResolver) Workflow(ctx context.Context, id model.ID) (*model.Workflow, error) {
	return one(r.Resolver.Workflows.ByIDs(ctx, []model.ID{id}))
}

func (r queryResolver) Workflows(ctx context.Context, filter *model.WorkflowFilter, orderBy *model.WorkflowOrder, first *int, after *string, last *int, before *string) (*model.WorkflowConnection, error) {
	return r.Resolver.Workflows.Page(ctx, filter, orderBy, page(first, after, last, before))
}

func (r queryResolver) Task(ctx context.Context, id model.ID) (*model.Task, error) {
	return one(r.Resolver.Tasks.ByIDs(ctx, []model.ID{id}))
}

func (r queryResolver) Tasks(ctx context.Context, filter *model.TaskFilter, orderBy *model.TaskOrder, first *int, after *string, last *int, before *string) (*model.TaskConnection, error) {
	return r.Resolver.Tasks.Page(ctx, filter, orderBy, page(first, after, last, before))
}

func (r queryResolver) Agent(ctx context.Context, id model.ID) (*model.Agent, error) {
	return one(r.Resolver.Agents.ByIDs(ctx, []model.ID{id}))
}

func (r queryResolver) Agents(ctx context.Context, filter *model.AgentFilter, orderBy *model.AgentOrder, first *int, after *string, last *int, before *string) (*model.AgentConnection, error) {
	return r.Resolver.Agents.Page(ctx, filter, orderBy, page(first, after, last, before))
}

func (r queryResolver) Suggestion(ctx context.Context, id model.ID) (*model.Suggestion, error) {
	return one(r.Resolver.Suggestions.ByIDs(ctx, []model.ID{id}))
}

func (r queryResolver) Suggestions(ctx context.Context, filter *model.SuggestionFilter, orderBy *model.SuggestionOrder, first *int, after *string, last *int, before *string) (*model.SuggestionConnection, error) {
	return r.Resolver.Suggestions.Page(ctx, filter, orderBy, page(first, after, last, before))
}

func (r queryResolver) Comments(ctx context.Context, taskID *model.ID, filter *model.CommentFilter, first *int, after *string, last *int, before *string) (*model.CommentConnection, error) {
	return r.Resolver.Comments.Page(ctx, taskID, filter, page(first, after, last, before))
}

func (r queryResolver) Events(ctx context.Context, filter *model.EventFilter, orderBy *model.EventOrder, first *int, after *model.Cursor, last *int, before *model.Cursor) (*model.EventConnection, error) {
	p, err := r.logPage(ctx, orderBy, first, after, last, before)
	if err != nil {
		return nil, err
	}
	return r.History.Page(ctx, filter.Entries(), p)
}

// one takes the only value out of a batch of one.
func one[T any](batch []*T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return batch[0], nil
}
