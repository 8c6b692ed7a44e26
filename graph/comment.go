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

// Mentions asks once for all that the comments call on. Nobody who is in the database is ever taken out of it.
func (r commentResolver) Mentions(ctx context.Context, objs []*model.Comment) ([][]model.Actor, error) {
	var ids []model.ID
	for _, c := range objs {
		ids = append(ids, c.Mentions...)
	}
	actors, err := r.Access.Actors(ctx, ids)
	if err != nil {
		return nil, err
	}
	mentions := make([][]model.Actor, len(objs))
	for i, c := range objs {
		mentions[i], actors = actors[:len(c.Mentions):len(c.Mentions)], actors[len(c.Mentions):]
	}
	return mentions, nil
}
