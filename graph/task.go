package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// Task answers the fields of tasks that are not columns of their own.
func (r *Resolver) Task() gen.TaskResolver { return taskResolver{r} }

// TaskAttempt answers who held a task.
func (r *Resolver) TaskAttempt() gen.TaskAttemptResolver { return taskAttemptResolver{r} }

type taskResolver struct{ *Resolver }

func (r taskResolver) Workflow(ctx context.Context, objs []*model.Task) ([]*model.Workflow, error) {
	return r.Workflows.Referenced(ctx, idsOf(objs, func(t *model.Task) model.ID { return t.WorkflowID }))
}

func (r taskResolver) DependsOn(ctx context.Context, objs []*model.Task) ([][]*model.Task, error) {
	return r.Tasks.Dependencies(ctx, idsOf(objs, (*model.Task).GetID))
}

func (r taskResolver) Dependents(ctx context.Context, objs []*model.Task) ([][]*model.Task, error) {
	return r.Tasks.Dependents(ctx, idsOf(objs, (*model.Task).GetID))
}

func (r taskResolver) Assignee(ctx context.Context, objs []*model.Task) ([]*model.Agent, error) {
	return r.Agents.Referenced(ctx, idsOf(objs, func(t *model.Task) model.ID { return t.AssigneeID }))
}

func (r taskResolver) Agent(ctx context.Context, objs []*model.Task) ([]*model.Agent, error) {
	return r.Agents.Referenced(ctx, idsOf(objs, func(t *model.Task) model.ID { return t.AgentID }))
}

func (r taskResolver) Attempts(ctx context.Context, objs []*model.Task) ([][]*model.TaskAttempt, error) {
	return r.Tasks.Attempts(ctx, idsOf(objs, (*model.Task).GetID))
}

func (r taskResolver) Suggestions(ctx context.Context, objs []*model.Task, filter *model.SuggestionFilter, orderBy *model.SuggestionOrder, first *int, after *string, last *int, before *string) ([]*model.SuggestionConnection, error) {
	return r.Resolver.Suggestions.OfTasks(ctx, idsOf(objs, (*model.Task).GetID), filter, orderBy, page(first, after, last, before))
}

func (r taskResolver) Comments(ctx context.Context, objs []*model.Task, first *int, after *string, last *int, before *string) ([]*model.CommentConnection, error) {
	return r.Resolver.Comments.OfTasks(ctx, idsOf(objs, (*model.Task).GetID), page(first, after, last, before))
}

func (r taskResolver) Claimability(ctx context.Context, objs []*model.Task) ([]*model.Claimability, error) {
	return r.Tasks.Claimability(ctx, objs)
}

func (r taskResolver) Logs(ctx context.Context, objs []*model.Task, attempt *int, level *model.LogLevel, first *int, after *string, last *int, before *string) ([]*model.TaskLogConnection, error) {
	return r.Tasks.Logs(ctx, idsOf(objs, (*model.Task).GetID), attempt, level, page(first, after, last, before))
}

func (r taskResolver) History(ctx context.Context, objs []*model.Task, filter *model.EventFilter, orderBy *model.EventOrder, first *int, after *model.Cursor, last *int, before *model.Cursor) ([]*model.EventConnection, error) {
	p, err := r.logPage(ctx, orderBy, first, after, last, before)
	if err != nil {
		return nil, err
	}
	return r.Resolver.History.OfTasks(ctx, idsOf(objs, (*model.Task).GetID), filter.Entries(), p)
}

type taskAttemptResolver struct{ *Resolver }

func (r taskAttemptResolver) Agent(ctx context.Context, objs []*model.TaskAttempt) ([]*model.Agent, error) {
	return r.Agents.Referenced(ctx, idsOf(objs, func(a *model.TaskAttempt) model.ID { return a.AgentID }))
}
