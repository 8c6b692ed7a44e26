package db

import (
	"context"

	"workflowfactory/model"
)

// Create creates a workflow with its tasks, all or nothing, and starts it if that is asked for. It answers
// BAD_USER_INPUT or CYCLE_DETECTED, naming the task at fault.
func (r Workflows) Create(ctx context.Context, in model.CreateWorkflowInput) (*model.WorkflowPayload, error) {
	p := &model.WorkflowPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) (err error) {
		p.Workflow, err = idempotent(ctx, c, "createWorkflow", in.IdempotencyKey, in, func() (*model.Workflow, error) {
			return c.createWorkflow(ctx, in)
		})
		return err
	})
	return p, err
}

func (c *change) createWorkflow(ctx context.Context, in model.CreateWorkflowInput) (*model.Workflow, error) {
	w, err := model.NewWorkflow(in, c.caller.ActorID(), c.now)
	if err != nil {
		return nil, err
	}
	tasks, waits, err := model.Plan(w, in.Tasks, c.now)
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		w.Count("", t.Status)
	}
	if err := insert(ctx, c, model.EventTypeWorkflowCreated, w); err != nil {
		return nil, err
	}
	g := c.holdGraph(w)
	if err := g.insertTasks(ctx, tasks); err != nil {
		return nil, err
	}
	if err := c.insertDependencies(ctx, waits); err != nil {
		return nil, err
	}
	if in.Start != nil && *in.Start {
		return w, g.start(ctx)
	}
	return w, nil
}

// Update changes a workflow's fields. It answers CONFLICT when the caller expected another version.
func (r Workflows) Update(ctx context.Context, in model.UpdateWorkflowInput) (*model.WorkflowPayload, error) {
	return r.onGraph(ctx, in.ID, func(ctx context.Context, g *graph) error {
		if err := g.w.CheckVersion(in.ExpectedVersion); err != nil {
			return err
		}
		if err := g.w.Update(in); err != nil {
			return err
		}
		g.announce(model.EventTypeWorkflowUpdated)
		return nil
	})
}

// Start makes the tasks of a PENDING workflow claimable.
func (r Workflows) Start(ctx context.Context, in model.StartWorkflowInput) (*model.WorkflowPayload, error) {
	return r.onGraph(ctx, in.ID, func(ctx context.Context, g *graph) error {
		g.c.reason = in.Reason
		return g.start(ctx)
	})
}

func (g *graph) start(ctx context.Context) error {
	if err := g.w.Start(g.c.now); err != nil {
		return err
	}
	g.announce(model.EventTypeWorkflowStarted)
	return g.settleAll(ctx, "status = 'PENDING' AND waits_for = 0")
}

// settleAll settles all tasks that a condition names. Index: tasks_in_workflow_status.
func (g *graph) settleAll(ctx context.Context, where string) error {
	tasks, err := g.lock(ctx, where)
	g.settle(tasks...)
	return err
}

// Pause lets nothing new be claimed: once it returns, no claim commits. What agents hold they may finish.
func (r Workflows) Pause(ctx context.Context, in model.PauseWorkflowInput) (*model.WorkflowPayload, error) {
	return r.onGraph(ctx, in.ID, func(ctx context.Context, g *graph) error {
		g.c.reason = in.Reason
		if err := g.w.Pause(g.c.now); err != nil {
			return err
		}
		g.announce(model.EventTypeWorkflowPaused)
		return g.settleAll(ctx, "status = 'READY'")
	})
}

// Resume goes on with a PAUSED workflow.
func (r Workflows) Resume(ctx context.Context, in model.ResumeWorkflowInput) (*model.WorkflowPayload, error) {
	return r.onGraph(ctx, in.ID, func(ctx context.Context, g *graph) error {
		g.c.reason = in.Reason
		if err := g.w.Resume(); err != nil {
			return err
		}
		g.announce(model.EventTypeWorkflowResumed)
		return g.settleAll(ctx, "status = 'PENDING' AND waits_for = 0")
	})
}

// Cancel calls a workflow off: its open tasks end at once, and late writes of their holders are STALE_LEASE.
func (r Workflows) Cancel(ctx context.Context, in model.CancelWorkflowInput) (*model.WorkflowPayload, error) {
	return r.onGraph(ctx, in.ID, func(ctx context.Context, g *graph) error {
		g.c.reason = in.Reason
		if err := g.w.Cancel(g.c.now); err != nil {
			return err
		}
		if err := g.cancelOpen(ctx, model.TaskError{Code: model.TaskCancelled, Message: "the workflow was cancelled"}); err != nil {
			return err
		}
		g.announce(model.EventTypeWorkflowCancelled)
		return nil
	})
}

// cancelOpen calls off every task that has not ended. Index: tasks_in_workflow_status.
func (g *graph) cancelOpen(ctx context.Context, why model.TaskError) error {
	tasks, err := g.lock(ctx, "status IN ('PENDING', 'READY', 'IN_PROGRESS', 'AWAITING_APPROVAL')")
	if err != nil {
		return err
	}
	return g.leave(ctx, tasks, model.EventTypeTaskCancelled, why)
}

// Retry runs an ended workflow again: what did not get done, or everything.
func (r Workflows) Retry(ctx context.Context, in model.RetryWorkflowInput) (*model.WorkflowPayload, error) {
	return r.onGraph(ctx, in.ID, func(ctx context.Context, g *graph) error {
		if err := g.w.Retry(g.c.now); err != nil {
			return err
		}
		if in.From != nil && *in.From == model.RetryFromAll {
			return g.restart(ctx)
		}
		undone, err := g.lock(ctx, "status IN ('FAILED', 'CANCELLED') OR status = 'SKIPPED' AND error->>'code' = ?", model.TaskDependencyFailed)
		if err != nil {
			return err
		}
		return g.reopen(ctx, undone)
	})
}

// restart begins every task anew. Index: tasks_in_workflow.
func (g *graph) restart(ctx context.Context) error {
	tasks, err := g.lock(ctx, "true")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		t.Restart()
		g.record(t, model.EventTypeTaskRetried)
	}
	g.announce(model.EventTypeWorkflowRetried)
	return g.resettle(ctx, tasks)
}

// reopen makes ended tasks wait again, and what waits for them with them.
func (g *graph) reopen(ctx context.Context, tasks []*model.Task) error {
	for _, t := range tasks {
		if err := t.Reopen(); err != nil {
			return err
		}
		g.record(t, model.EventTypeTaskRetried)
	}
	if g.was.Status.IsOver() {
		g.announce(model.EventTypeWorkflowRetried)
	}
	dependents, err := g.dependents(ctx, tasks)
	if err != nil {
		return err
	}
	return g.resettle(ctx, union(tasks, dependents))
}

// Delete deletes a workflow that does not run, with all its tasks. Their events stay.
func (r Workflows) Delete(ctx context.Context, in model.DeleteWorkflowInput) (*model.WorkflowDeletedPayload, error) {
	change, err := r.change(ctx, func(ctx context.Context, c *change) error {
		c.reason = in.Reason
		w, err := locked[model.Workflow](ctx, c, in.ID, "workflow")
		if err != nil {
			return err
		}
		if err := w.CheckDeletable(); err != nil {
			return err
		}
		if _, err := c.NewDelete().Model(w).WherePK().Exec(ctx); err != nil {
			return err
		}
		recordDeletion(c, model.EventTypeWorkflowDeleted, w)
		return nil
	})
	return &model.WorkflowDeletedPayload{Change: change, DeletedID: in.ID}, err
}

// onGraph runs a use case on one locked workflow.
func (r Workflows) onGraph(ctx context.Context, id model.ID, do func(context.Context, *graph) error) (*model.WorkflowPayload, error) {
	p := &model.WorkflowPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) error {
		g, err := c.lockGraph(ctx, id)
		if err != nil {
			return err
		}
		p.Workflow = g.w
		return do(ctx, g)
	})
	return p, err
}
