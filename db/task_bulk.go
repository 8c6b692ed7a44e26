package db

import (
	"context"
	"errors"

	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// maxBulk bounds how many tasks one call changes.
const maxBulk = 500

// CancelMany calls many tasks off, with an outcome for each. The tasks of one workflow change together.
func (r Tasks) CancelMany(ctx context.Context, in model.CancelTasksInput) (*model.BulkTasksPayload, error) {
	return r.bulk(ctx, in.Ids, in.Filter, in.Reason, func(ctx context.Context, g *graph, t *model.Task) error {
		return g.cancel(ctx, t, in.Reason)
	})
}

// RetryMany does many tasks again, with an outcome for each. The tasks of one workflow change together.
func (r Tasks) RetryMany(ctx context.Context, in model.RetryTasksInput) (*model.BulkTasksPayload, error) {
	return r.bulk(ctx, in.Ids, in.Filter, in.Reason, retryOne)
}

// bulk changes tasks one by one, in one change for each workflow: an outcome that is an error has changed nothing.
func (r Tasks) bulk(ctx context.Context, ids []model.ID, f *model.TaskFilter, reason *string, do func(context.Context, *graph, *model.Task) error) (*model.BulkTasksPayload, error) {
	ids, more, err := r.chosen(ctx, ids, f)
	if err != nil {
		return nil, err
	}
	groups, err := r.byWorkflow(ctx, ids)
	if err != nil {
		return nil, err
	}
	p := &model.BulkTasksPayload{HasMore: more}
	outcomes := map[model.ID]*model.TaskOutcome{}
	for _, group := range groups {
		written, err := r.bulkIn(ctx, group, reason, outcomes, do)
		if err != nil {
			return nil, err
		}
		p.Seq = max(p.Seq, written.Seq)
	}
	for _, id := range ids {
		o := outcomes[id]
		if o == nil {
			o = failed(id, model.Missing("task", id))
		}
		p.Outcomes = append(p.Outcomes, o)
		if o.Error == nil {
			p.Succeeded++
		} else {
			p.Failed++
		}
	}
	return p, nil
}

// chosen gives the ids to change, each once, and whether the filter takes more.
func (r Tasks) chosen(ctx context.Context, ids []model.ID, f *model.TaskFilter) (chosen []model.ID, more bool, err error) {
	switch {
	case (ids == nil) == (f == nil):
		return nil, false, model.BadInput("ids", "give either ids or a filter")
	case len(ids) > maxBulk:
		return nil, false, model.BadInput("ids", "at most %d tasks at a time", maxBulk)
	case f == nil:
		return distinct(ids), false, nil
	}
	l := r.list(inWorkflows(ctx, "x.workflow_id"), f, taskTable.sorting(created, oldestFirst))
	pages, err := l.pages(ctx, span{limit: maxBulk})
	if err != nil {
		return nil, false, err
	}
	return idsOf(pages[0].rows), pages[0].more, nil
}

// inOneWorkflow are tasks of one workflow.
type inOneWorkflow struct {
	workflow model.ID
	tasks    []model.ID
}

// byWorkflow groups tasks by their workflows. Index: primary key.
func (r Tasks) byWorkflow(ctx context.Context, ids []model.ID) ([]inOneWorkflow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var groups []inOneWorkflow
	var rows []struct{ ID, WorkflowID model.ID }
	err := r.bun.NewSelect().Table("tasks").Column("id", "workflow_id").Where("id IN (?)", bun.List(ids)).OrderExpr("workflow_id, id").Scan(ctx, &rows)
	for _, row := range rows {
		if n := len(groups); n == 0 || groups[n-1].workflow != row.WorkflowID {
			groups = append(groups, inOneWorkflow{workflow: row.WorkflowID})
		}
		last := &groups[len(groups)-1]
		last.tasks = append(last.tasks, row.ID)
	}
	return groups, publicError(err)
}

// bulkIn changes tasks of one workflow.
func (r Tasks) bulkIn(ctx context.Context, group inOneWorkflow, reason *string, outcomes map[model.ID]*model.TaskOutcome, do func(context.Context, *graph, *model.Task) error) (model.Change, error) {
	return r.change(ctx, func(ctx context.Context, c *change) error {
		c.reason = reason
		g, err := c.lockGraph(ctx, group.workflow)
		if err != nil {
			return ignoreMissing(err)
		}
		tasks, err := g.lock(ctx, "id IN (?)", bun.List(group.tasks))
		if err != nil {
			return err
		}
		for _, t := range tasks {
			err := do(ctx, g, t)
			if refusal, ok := errors.AsType[*model.Error](err); ok {
				outcomes[t.ID] = failed(t.ID, refusal)
			} else if err != nil {
				return err
			} else {
				outcomes[t.ID] = &model.TaskOutcome{ID: t.ID, Task: t}
			}
		}
		return nil
	})
}

func failed(id model.ID, why *model.Error) *model.TaskOutcome {
	return &model.TaskOutcome{ID: id, Error: outcomeError(why)}
}

func outcomeError(why *model.Error) *model.OutcomeError {
	return &model.OutcomeError{Code: string(why.Code), Message: why.Message}
}
