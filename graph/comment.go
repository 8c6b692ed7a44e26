package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// Comment answers the fields of comments that are not columns of their own.
func (r *Resolver) Comment() gen.CommentResolver { return commentResolver{r} }

type commentResolver struct{ *Resolver }

func (r commentResolver) Task(ctx context.Context, objs []*model.Comment) ([]*model.Task, error) {
	return r.Tasks.Referenced(ctx, idsOf(objs, func(c *model.Comment) model.ID { return c.TaskID }))
}

func (r commentResolver) Suggestion(ctx context.Context, objs []*model.Comment) ([]*model.Suggestion, error) {
	return r.Suggestions.Referenced(ctx, idsOf(objs, func(c *model.Comment) model.ID { return c.SuggestionID }))
}

func (r commentResolver) Author(ctx context.Context, objs []*model.Comment) ([]model.Actor, error) {
	return r.Access.Actors(ctx, idsOf(objs, func(c *model.Comment) model.ID { return c.AuthorID }))
}

func (r commentResolver) Parent(ctx context.Context, objs []*model.Comment) ([]*model.Comment, error) {
	return r.Comments.Referenced(ctx, idsOf(objs, func(c *model.Comment) model.ID { return c.ParentID }))
}
