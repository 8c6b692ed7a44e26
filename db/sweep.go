package db

import (
	"context"
	"errors"

	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// sweepSize bounds how much one round of a sweep takes on.
const sweepSize = 100

// Sweep does once what time alone causes: it takes lost leases back, ends backoffs, settles suggestions that are due,
// notes agents that fell silent, tells of progress that is not told yet. Every replica runs it about once a second;
// each finding is checked again under its locks, so two at the same time do everything once.
func (d *DB) Sweep(ctx context.Context) error {
	return errors.Join(
		Tasks{d}.expireLeases(ctx),
		Tasks{d}.endBackoffs(ctx),
		Suggestions{d}.ExpireDue(ctx),
		Agents{d}.NoteSilent(ctx),
		Tasks{d}.freeReserved(ctx),
		Tasks{d}.AnnounceProgress(ctx),
	)
}

// expireLeases takes tasks back whose holders were not heard from in time, or whose attempt took too long.
// Index: tasks_held_by, which holds no more than what is in progress.
func (r Tasks) expireLeases(ctx context.Context) error {
	const due = "status = 'IN_PROGRESS' AND lease_expires_at <= now()"
	return r.sweep(ctx, due, func(ctx context.Context, g *graph, t *model.Task) error {
		if t.Status != model.TaskStatusInProgress {
			return nil // the task before it took the whole workflow down
		}
		how, why := t.Lost(g.c.now)
		return g.failAttempt(ctx, t, how, model.EventTypeTaskLeaseExpired, why, nil, nil)
	})
}

// endBackoffs makes tasks claimable whose wait is over. Index: tasks_in_backoff.
func (r Tasks) endBackoffs(ctx context.Context) error {
	const due = `status = 'PENDING' AND available_at <= now()
		AND EXISTS (SELECT FROM workflows AS w WHERE w.id = workflow_id AND w.status = 'RUNNING')`
	return r.sweep(ctx, due, func(ctx context.Context, g *graph, t *model.Task) error {
		g.settle(t)
		return nil
	})
}

// sweep finds tasks that a condition names and handles those of each workflow in one change, where the condition is
// asked again under the locks.
func (r Tasks) sweep(ctx context.Context, due string, handle func(context.Context, *graph, *model.Task) error) error {
	var found []struct{ ID, WorkflowID model.ID }
	err := r.bun.NewSelect().Table("tasks").Column("id", "workflow_id").Where(due).Limit(sweepSize).Scan(ctx, &found)
	if err != nil {
		return err
	}
	byWorkflow := map[model.ID][]model.ID{}
	for _, f := range found {
		byWorkflow[f.WorkflowID] = append(byWorkflow[f.WorkflowID], f.ID)
	}
	var errs []error
	for workflow, ids := range byWorkflow {
		_, err := r.change(ctx, func(ctx context.Context, c *change) error {
			g, err := c.lockGraph(ctx, workflow)
			if err != nil {
				return err
			}
			return g.sweep(ctx, ids, due, handle)
		})
		errs = append(errs, ignoreMissing(err))
	}
	return errors.Join(errs...)
}

func (g *graph) sweep(ctx context.Context, ids []model.ID, due string, handle func(context.Context, *graph, *model.Task) error) error {
	tasks, err := g.lock(ctx, due+" AND id IN (?)", bun.List(ids))
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if err := handle(ctx, g, t); err != nil {
			return err
		}
	}
	return nil
}

// freeReserved gives up keeping tasks for agents that fell silent after a decision. Index: tasks_resume.
func (r Tasks) freeReserved(ctx context.Context) error {
	_, err := r.pool.Exec(ctx, `
		UPDATE tasks SET resume_agent_id = NULL WHERE id IN (
			SELECT t.id FROM tasks AS t JOIN agents AS a ON a.id = t.resume_agent_id
			WHERE a.status = 'OFFLINE' OR a.removed_at IS NOT NULL
			ORDER BY t.id LIMIT 100 FOR NO KEY UPDATE OF t SKIP LOCKED)`)
	return err
}

// ignoreMissing forgives that somebody deleted meanwhile what a sweep found.
func ignoreMissing(err error) error {
	if e, ok := errors.AsType[*model.Error](err); ok && e.Code == model.NotFound {
		return nil
	}
	return err
}
