package db

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// Create adds a task to a workflow that has not ended.
func (r Tasks) Create(ctx context.Context, in model.CreateTaskInput) (*model.TaskPayload, error) {
	p := &model.TaskPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) (err error) {
		p.Task, err = idempotent(ctx, c, "createTask", in.IdempotencyKey, in, func() (*model.Task, error) {
			return c.createTask(ctx, in)
		})
		return err
	})
	return p, err
}

func (c *change) createTask(ctx context.Context, in model.CreateTaskInput) (*model.Task, error) {
	g, err := c.lockGraph(ctx, in.WorkflowID)
	if err != nil {
		return nil, err
	}
	if err := g.w.CheckOpen(); err != nil {
		return nil, err
	}
	t, err := model.NewTask(g.w, in, c.now)
	if err != nil {
		return nil, err
	}
	parents, err := g.parents(ctx, in.DependsOn)
	if err != nil {
		return nil, err
	}
	g.count("", t.Status)
	if err := g.insertTasks(ctx, []*model.Task{t}); err != nil {
		return nil, err
	}
	waits := make([][2]model.ID, len(parents))
	for i, parent := range parents {
		waits[i] = [2]model.ID{t.ID, parent.ID}
	}
	if err := c.insertDependencies(ctx, waits); err != nil {
		return nil, err
	}
	return t, g.resettle(ctx, []*model.Task{t})
}

// parents locks the tasks that a new one shall wait for. They are of the same workflow, and can still be done.
func (g *graph) parents(ctx context.Context, ids []model.ID) ([]*model.Task, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	slices.SortFunc(ids, func(a, b model.ID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	parents, err := g.lock(ctx, "id IN (?)", bun.List(ids))
	if err != nil {
		return nil, err
	}
	if len(parents) < len(ids) {
		return nil, model.BadInput("dependsOn", "a task can only depend on tasks of its own workflow")
	}
	for _, p := range parents {
		if err := p.CheckAwaitable(); err != nil {
			return nil, err
		}
	}
	return parents, nil
}

// insertTasks writes new tasks, which the workflow's counters have already counted.
func (g *graph) insertTasks(ctx context.Context, tasks []*model.Task) error {
	if err := g.c.routeTasks(ctx, tasks); err != nil {
		return err
	}
	if err := g.c.checkAgents(ctx, tasks); err != nil {
		return err
	}
	for _, t := range tasks {
		g.hold(t)
	}
	return insert(ctx, g.c, model.EventTypeTaskCreated, tasks...)
}

// checkAgents wants the agents that tasks are reserved for to be there.
func (c *change) checkAgents(ctx context.Context, tasks []*model.Task) error {
	var ids []model.ID
	for _, t := range tasks {
		if !t.AssigneeID.IsZero() && !slices.Contains(ids, t.AssigneeID) {
			ids = append(ids, t.AssigneeID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	n, err := c.NewSelect().Table("agents").Where("removed_at IS NULL AND id IN (?)", bun.List(ids)).Count(ctx)
	if err == nil && int(n) < len(ids) {
		err = model.BadInput("agentId", "there is no such agent")
	}
	return err
}

// maxDependents bounds how many tasks may wait for one, so that both lists of a task are bounded.
const maxDependents = 500

func (c *change) insertDependencies(ctx context.Context, waits [][2]model.ID) error {
	if len(waits) == 0 {
		return nil
	}
	rows := make([]*taskDependency, len(waits))
	parents := make([]model.ID, len(waits))
	for i, w := range waits {
		rows[i] = &taskDependency{TaskID: w[0], DependsOnID: w[1]}
		parents[i] = w[1]
	}
	if _, err := c.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
		return err
	}
	crowded, err := c.NewSelect().Table("task_dependencies").Where("depends_on_id IN (?)", bun.List(parents)).
		GroupExpr("depends_on_id").Having("count(*) > ?", maxDependents).ColumnExpr("1").Exists(ctx)
	if err == nil && crowded {
		err = model.BadInput("dependsOn", "at most %d tasks can wait for one", maxDependents)
	}
	return err
}

type taskDependency struct {
	bun.BaseModel `bun:"task_dependencies"`
	TaskID        model.ID `bun:"type:uuid"`
	DependsOnID   model.ID `bun:"type:uuid"`
}

// Update changes a task's fields. It answers CONFLICT when the caller expected another version.
func (r Tasks) Update(ctx context.Context, in model.UpdateTaskInput) (*model.TaskPayload, error) {
	return r.onTask(ctx, in.ID, nil, func(ctx context.Context, g *graph, t *model.Task) error {
		if err := t.CheckVersion(in.ExpectedVersion); err != nil {
			return err
		}
		priority := t.Priority
		if err := t.Update(in); err != nil {
			return err
		}
		if err := g.c.routeTasks(ctx, []*model.Task{t}); err != nil {
			return err
		}
		if t.Priority != priority {
			if err := g.c.pressAs(ctx, t); err != nil {
				return err
			}
		}
		g.record(t, model.EventTypeTaskUpdated)
		return nil
	})
}

// Assign reserves a task that is not over for one agent; whoever holds it keeps it until then.
func (r Tasks) Assign(ctx context.Context, in model.AssignTaskInput) (*model.TaskPayload, error) {
	return r.onTask(ctx, in.ID, nil, func(ctx context.Context, g *graph, t *model.Task) error {
		if err := t.Assign(in.AgentID); err != nil {
			return err
		}
		if err := g.c.checkAgents(ctx, []*model.Task{t}); err != nil {
			return err
		}
		g.record(t, model.EventTypeTaskUpdated)
		return nil
	})
}

// Unassign reserves a task for nobody any more.
func (r Tasks) Unassign(ctx context.Context, in model.UnassignTaskInput) (*model.TaskPayload, error) {
	return r.onTask(ctx, in.ID, nil, func(ctx context.Context, g *graph, t *model.Task) error {
		if err := t.Assign(model.ID{}); err != nil {
			return err
		}
		g.record(t, model.EventTypeTaskUpdated)
		return nil
	})
}

// Retry does a FAILED, CANCELLED or SKIPPED task again, and what was skipped because of it; an ended workflow goes on.
func (r Tasks) Retry(ctx context.Context, in model.RetryTaskInput) (*model.TaskPayload, error) {
	return r.onTask(ctx, in.ID, in.Reason, func(ctx context.Context, g *graph, t *model.Task) error {
		if in.Input != nil {
			t.Input = in.Input
		}
		return retryOne(ctx, g, t)
	})
}

func retryOne(ctx context.Context, g *graph, t *model.Task) error {
	if !t.Status.CanBecome(model.TaskStatusPending) || !t.Status.IsOver() {
		return model.Errorf(model.InvalidTransition, "task %s is %s; only one that is FAILED, CANCELLED or SKIPPED can be retried", t.ID, t.Status)
	}
	if g.w.Status.IsOver() {
		if err := g.w.Retry(g.c.now); err != nil {
			return err
		}
	}
	below, err := g.descendants(ctx, []*model.Task{t}, "status = 'SKIPPED' AND error->>'code' = 'DEPENDENCY_FAILED'")
	if err != nil {
		return err
	}
	return g.reopen(ctx, append([]*model.Task{t}, below...))
}

// Cancel calls a task off; what depends on it is skipped. A late write of its holder is STALE_LEASE.
func (r Tasks) Cancel(ctx context.Context, in model.CancelTaskInput) (*model.TaskPayload, error) {
	return r.onTask(ctx, in.ID, in.Reason, func(ctx context.Context, g *graph, t *model.Task) error {
		return g.cancel(ctx, t, in.Reason)
	})
}

func (g *graph) cancel(ctx context.Context, t *model.Task, reason *string) error {
	why := model.TaskError{Code: model.TaskCancelled, Message: "the task was cancelled"}
	if reason != nil {
		why.Message = *reason
	}
	if err := g.leave(ctx, []*model.Task{t}, model.EventTypeTaskCancelled, why); err != nil {
		return err
	}
	return g.skipBelow(ctx, t)
}

// Skip leaves a task out; what depends on it goes on as if it were done.
func (r Tasks) Skip(ctx context.Context, in model.SkipTaskInput) (*model.TaskPayload, error) {
	return r.onTask(ctx, in.ID, in.Reason, func(ctx context.Context, g *graph, t *model.Task) error {
		why := model.TaskError{Code: model.TaskSkipped, Message: "the task was skipped"}
		if in.Reason != nil {
			why.Message = *in.Reason
		}
		if err := g.leave(ctx, []*model.Task{t}, model.EventTypeTaskSkipped, why); err != nil {
			return err
		}
		return g.release(ctx, t)
	})
}

// leave cancels or skips tasks: their attempts end, and what was suggested about them is withdrawn.
func (g *graph) leave(ctx context.Context, tasks []*model.Task, what model.EventType, why model.TaskError) error {
	for _, t := range tasks {
		if t.Status == model.TaskStatusInProgress {
			g.c.endAttempt(t, model.AttemptOutcomeCancelled, &why, nil)
		}
		end := t.Cancel
		if what == model.EventTypeTaskSkipped {
			end = t.Skip
		}
		if err := end(g.c.now, why); err != nil {
			return err
		}
		g.record(t, what)
	}
	return g.c.withdrawPending(ctx, tasks)
}

// skipBelow leaves out what depends, directly or not, on a task that will not be done.
func (g *graph) skipBelow(ctx context.Context, t *model.Task) error {
	below, err := g.descendants(ctx, []*model.Task{t}, "status IN ('PENDING', 'READY')")
	if err != nil {
		return err
	}
	return g.leave(ctx, below, model.EventTypeTaskSkipped, model.TaskError{
		Code: model.TaskDependencyFailed, Message: "it depends on \"" + t.Name + "\", which was not done",
	})
}

// Delete deletes a task that nobody holds; what waited for it no longer does.
func (r Tasks) Delete(ctx context.Context, in model.DeleteTaskInput) (*model.TaskDeletedPayload, error) {
	p, err := r.onTask(ctx, in.ID, in.Reason, func(ctx context.Context, g *graph, t *model.Task) error {
		if err := t.CheckDeletable(); err != nil {
			return err
		}
		waiting, err := g.dependents(ctx, []*model.Task{t})
		if err != nil {
			return err
		}
		if _, err := g.c.NewDelete().Model(t).WherePK().Exec(ctx); err != nil {
			return err
		}
		g.count(t.Status, "")
		recordDeletion(g.c, model.EventTypeTaskDeleted, t)
		return g.resettle(ctx, waiting)
	})
	return &model.TaskDeletedPayload{Change: p.Change, DeletedID: in.ID}, err
}

// AddDependency makes a task that has not begun wait for another. A circle is CYCLE_DETECTED.
func (r Tasks) AddDependency(ctx context.Context, in model.AddTaskDependencyInput) (*model.TaskPayload, error) {
	return r.onTask(ctx, in.TaskID, nil, func(ctx context.Context, g *graph, t *model.Task) error {
		if err := t.CheckWaiting(); err != nil {
			return err
		}
		parents, err := g.parents(ctx, []model.ID{in.DependsOnID})
		if err != nil {
			return err
		}
		if err := g.checkAcyclic(ctx, t, parents[0]); err != nil {
			return err
		}
		if err := g.c.insertDependencies(ctx, [][2]model.ID{{t.ID, parents[0].ID}}); err != nil {
			return err
		}
		g.record(t, model.EventTypeTaskUpdated)
		return g.resettle(ctx, []*model.Task{t})
	})
}

// checkAcyclic refuses that a task wait for one that waits for it, directly or not, and that it wait for too many.
func (g *graph) checkAcyclic(ctx context.Context, t, parent *model.Task) error {
	below, err := g.descendants(ctx, []*model.Task{t}, "true")
	if err != nil {
		return err
	}
	if t == parent || slices.Contains(below, parent) {
		return &model.Error{Code: model.CycleDetected, Field: "dependsOnId", Message: "\"" + parent.Name + "\" already waits for \"" + t.Name + "\""}
	}
	n, err := g.c.NewSelect().Table("task_dependencies").Where("task_id = ?", t.ID).Count(ctx)
	if err == nil && n >= model.MaxItems {
		err = model.BadInput("dependsOnId", "a task can depend on at most %d others", model.MaxItems)
	}
	return err
}

// RemoveDependency makes a task not wait for another any more.
func (r Tasks) RemoveDependency(ctx context.Context, in model.RemoveTaskDependencyInput) (*model.TaskPayload, error) {
	return r.onTask(ctx, in.TaskID, nil, func(ctx context.Context, g *graph, t *model.Task) error {
		gone, err := g.c.NewDelete().Model(&taskDependency{}).
			Where("task_id = ? AND depends_on_id = ?", in.TaskID, in.DependsOnID).Exec(ctx)
		if err != nil {
			return err
		}
		if n, _ := gone.RowsAffected(); n == 0 { // pgx always knows
			return model.Errorf(model.NotFound, "task %s does not depend on %s", in.TaskID, in.DependsOnID)
		}
		g.record(t, model.EventTypeTaskUpdated)
		return g.resettle(ctx, []*model.Task{t})
	})
}

// onTask runs a use case on one task of a locked workflow.
func (r Tasks) onTask(ctx context.Context, id model.ID, reason *string, do func(context.Context, *graph, *model.Task) error) (*model.TaskPayload, error) {
	p := &model.TaskPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) error {
		c.reason = reason
		g, t, err := c.lockGraphOf(ctx, id)
		if err != nil {
			return err
		}
		p.Task = t
		return do(ctx, g, t)
	})
	return p, err
}

// union gives both lists, each task once.
func union(a, b []*model.Task) []*model.Task {
	all := slices.Clone(a)
	for _, t := range b {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}
