package db

import (
	"context"
	"time"

	"workflowfactory/model"
)

var commentTable = table[model.Comment]{
	name: "comments",
	columns: whole("x.id, x.created_at, x.updated_at, x.version, x.task_id, x.workflow_id, x.suggestion_id, x.author_id, x.body, "+
		"x.parent_id, x.edited_at", func(r *row, c *model.Comment) {
		scanNoun(r, &c.Noun)
		c.TaskID, c.WorkflowID, c.SuggestionID, c.AuthorID = r.id(), r.id(), r.id(), r.id()
		c.Body, c.ParentID, c.EditedAt = r.text(), r.id(), r.timeOrNil()
	}),
	key: "x.id",
	id:  (*model.Comment).GetID,
	orders: orders[model.Comment]{
		created: byTime("x.created_at", func(c *model.Comment) time.Time { return c.CreatedAt }),
	},
}

// ByIDs gives the comments with these ids that the caller may see, each at the place of its id; nil for the others.
func (r Comments) ByIDs(ctx context.Context, ids []model.ID) ([]*model.Comment, error) {
	return byIDs(ctx, r.DB, &commentTable, inWorkflow(ctx, "x.workflow_id"), ids)
}

// Referenced gives the comments with these ids, whoever asks: for what something that the caller may see refers to.
func (r Comments) Referenced(ctx context.Context, ids []model.ID) ([]*model.Comment, error) {
	return byIDs(ctx, r.DB, &commentTable, &where{}, ids)
}

// Page lists what was said about a task, the oldest first; nothing when the caller may not see the task. A malformed
// page is BAD_USER_INPUT.
func (r Comments) Page(ctx context.Context, taskID model.ID, p model.Page) (*model.CommentConnection, error) {
	w := inWorkflow(ctx, "x.workflow_id")
	l := r.list(w, "x.task_id = p.id", taskID)
	connections, err := connect[model.CommentConnection](ctx, l, p)
	if err != nil {
		return nil, err
	}
	return connections[0], nil
}

// OfTasks lists what was said about each task, the oldest first.
func (r Comments) OfTasks(ctx context.Context, ids []model.ID, p model.Page) ([]*model.CommentConnection, error) {
	return connect[model.CommentConnection](ctx, r.list(&where{}, "x.task_id = p.id", ids...), p)
}

// OfSuggestions lists what was said about each suggestion, the oldest first.
func (r Comments) OfSuggestions(ctx context.Context, ids []model.ID, p model.Page) ([]*model.CommentConnection, error) {
	return connect[model.CommentConnection](ctx, r.list(&where{}, "x.suggestion_id = p.id", ids...), p)
}

func (r Comments) list(w *where, via string, ids ...model.ID) *list[model.Comment] {
	return &list[model.Comment]{
		DB: r.DB, table: &commentTable, where: w, sort: commentTable.sorting(created, oldestFirst), via: []string{via}, parents: ids,
	}
}
