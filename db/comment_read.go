package db

import (
	"context"
	"time"

	"workflowfactory/model"
)

var commentTable = table[model.Comment]{
	name: "comments",
	columns: whole("x.id, x.created_at, x.updated_at, x.version, x.task_id, x.workflow_id, x.suggestion_id, x.author_id, x.body, "+
		"x.parent_id, x.edited_at, x.mentions", func(r *row, c *model.Comment) {
		scanNoun(r, &c.Noun)
		c.TaskID, c.WorkflowID, c.SuggestionID, c.AuthorID = r.id(), r.id(), r.id(), r.id()
		c.Body, c.ParentID, c.EditedAt = r.text(), r.id(), r.timeOrNil()
		c.Mentions = r.ids()
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

// Page lists what was said, as far as the caller may see it: about a task, the oldest first, or about all of them, the
// newest first. A malformed page or filter is BAD_USER_INPUT. Indexes: comments_of_task, comments_created,
// comments_mentions.
func (r Comments) Page(ctx context.Context, taskID *model.ID, f *model.CommentFilter, p model.Page) (*model.CommentConnection, error) {
	l := r.list(inWorkflows(ctx, "x.workflow_id"), "")
	l.via, l.sort = nil, commentTable.sorting(created, newestFirst)
	if taskID != nil {
		l.where.must("x.task_id = " + l.where.arg(uuid(*taskID)))
		l.sort = commentTable.sorting(created, oldestFirst)
	}
	me := model.CallerFrom(ctx).ActorID()
	l.where.must(l.where.comment(f, me))
	return connectOne[model.CommentConnection](ctx, l, p)
}

// comment gives the condition of a filter, asked by me.
func (w *where) comment(f *model.CommentFilter, me model.ID) string {
	if f == nil {
		return ""
	}
	return all(
		nested(w, f.And, f.Or, f.Not, func(w *where, f *model.CommentFilter) string { return w.comment(f, me) }),
		w.id("x.id", f.ID),
		w.text("x.body", f.Body),
		w.id("x.author_id", f.AuthorID),
		w.anyID("x.mentions", f.Mentions),
		w.mentionsMe(f.MentionsMe, me),
		w.id("x.task_id", f.TaskID),
		w.id("x.suggestion_id", f.SuggestionID),
		w.id("x.workflow_id", f.WorkflowID),
		w.moment("x.created_at", f.CreatedAt))
}

func (w *where) mentionsMe(f *bool, me model.ID) string {
	if f == nil {
		return ""
	}
	mine := w.anyID("x.mentions", &model.IDFilter{Eq: &me})
	if !*f {
		return "NOT " + mine
	}
	return mine
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
