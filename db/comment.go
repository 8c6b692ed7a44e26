package db

import (
	"context"

	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// Add says something about a task or a suggestion of it.
func (r Comments) Add(ctx context.Context, in model.AddCommentInput) (*model.CommentPayload, error) {
	return r.payload(ctx, func(ctx context.Context, c *change) (*model.Comment, error) {
		return idempotent(ctx, c, "addComment", in.IdempotencyKey, in, func() (*model.Comment, error) {
			return c.addComment(ctx, in)
		})
	})
}

// addComment is for tasks that the caller may see. Indexes: the primary key, and those of takesPart.
func (c *change) addComment(ctx context.Context, in model.AddCommentInput) (*model.Comment, error) {
	var task model.Task
	find := c.NewSelect().Model(&task).Column("id", "workflow_id").Where("id = ?", in.TaskID)
	if c.caller.Role == model.RoleAgent {
		find.Where(takesPart("?0", "task.workflow_id"), c.caller.AgentID)
	}
	err := find.Scan(ctx)
	if isNoRows(err) {
		return nil, model.Missing("task", in.TaskID)
	}
	if err != nil {
		return nil, err
	}
	comment, err := model.NewComment(in, &task, c.caller.ActorID(), c.now)
	if err != nil {
		return nil, err
	}
	if err := c.checkSameTask(ctx, "suggestions", "suggestionId", in.SuggestionID, task.ID); err != nil {
		return nil, err
	}
	if err := c.checkSameTask(ctx, "comments", "parentId", in.ParentID, task.ID); err != nil {
		return nil, err
	}
	if err := c.checkMentions(ctx, comment.Mentions); err != nil {
		return nil, err
	}
	return comment, insert(ctx, c, model.EventTypeCommentAdded, comment)
}

// checkMentions wants those whom a comment calls on to be there. Indexes: primary keys.
func (c *change) checkMentions(ctx context.Context, ids []model.ID) error {
	if len(ids) == 0 {
		return nil
	}
	var known int
	err := c.NewRaw(`SELECT (SELECT count(*) FROM users WHERE id IN (?0) AND active) + (SELECT count(*) FROM agents WHERE id IN (?0) AND removed_at IS NULL)`,
		bun.List(ids)).Scan(ctx, &known)
	if err == nil && known < len(ids) {
		err = model.BadInput("mentions", "among those that the comment calls on is one who is not there")
	}
	return err
}

// checkSameTask wants what a comment refers to to be about the same task.
func (c *change) checkSameTask(ctx context.Context, table, field string, id *model.ID, task model.ID) error {
	if id == nil {
		return nil
	}
	found, err := c.NewSelect().Table(table).Where("id = ? AND task_id = ?", *id, task).Exists(ctx)
	if err == nil && !found {
		err = model.BadInput(field, "there is no such thing about this task")
	}
	return err
}

// Update changes what was said; only its author may.
func (r Comments) Update(ctx context.Context, in model.UpdateCommentInput) (*model.CommentPayload, error) {
	return r.payload(ctx, func(ctx context.Context, c *change) (*model.Comment, error) {
		comment, err := locked[model.Comment](ctx, c, in.ID, "comment")
		if err != nil {
			return nil, err
		}
		was := *comment
		if err := comment.Edit(in, c.caller.ActorID(), c.now); err != nil {
			return nil, err
		}
		if in.Mentions.IsSet() {
			if err := c.checkMentions(ctx, comment.Mentions); err != nil {
				return nil, err
			}
		}
		return comment, update(ctx, c, model.EventTypeCommentUpdated, &was, comment)
	})
}

// Delete takes a comment back; only its author may. Its answers stay.
func (r Comments) Delete(ctx context.Context, in model.DeleteCommentInput) (*model.CommentDeletedPayload, error) {
	change, err := r.change(ctx, func(ctx context.Context, c *change) error {
		comment, err := locked[model.Comment](ctx, c, in.ID, "comment")
		if err != nil {
			return err
		}
		if err := comment.CheckAuthor(c.caller.ActorID()); err != nil {
			return err
		}
		if _, err := c.NewDelete().Model(comment).WherePK().Exec(ctx); err != nil {
			return err
		}
		recordDeletion(c, model.EventTypeCommentDeleted, comment)
		return nil
	})
	return &model.CommentDeletedPayload{Change: change, DeletedID: in.ID}, err
}

func (r Comments) payload(ctx context.Context, do func(context.Context, *change) (*model.Comment, error)) (*model.CommentPayload, error) {
	p := &model.CommentPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) (err error) {
		p.Comment, err = do(ctx, c)
		return err
	})
	return p, err
}
