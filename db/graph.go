package db

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// graph is one workflow whose row this change has locked, and those of its tasks that the change touches. The
// workflow's row is the lock of the graph: whoever changes which tasks there are, what they wait for or how they end
// holds it. So the roll-up, the readiness and the race of the last two parents are settled by this one rule.
type graph struct {
	c     *change
	w     *model.Workflow
	was   model.Workflow // as last recorded
	what  model.EventType
	tasks map[model.ID]*node
	dirty []*model.Task
}

// node is a locked task and what it was when it was last recorded.
type node struct {
	task  *model.Task
	was   model.Task
	dirty bool
}

// lockGraph locks a workflow. It answers NOT_FOUND when there is none.
func (c *change) lockGraph(ctx context.Context, id model.ID) (*graph, error) {
	if g, ok := c.graphs[id]; ok {
		return g, nil
	}
	w, err := locked[model.Workflow](ctx, c, id, "workflow")
	if err != nil {
		return nil, err
	}
	return c.holdGraph(w), c.stamp(ctx)
}

func (c *change) holdGraph(w *model.Workflow) *graph {
	g := &graph{c: c, w: w, was: *w, tasks: map[model.ID]*node{}}
	c.graphs[w.ID] = g
	return g
}

// lockGraphOf locks the workflow of a task, and the task. It answers NOT_FOUND when there is none.
func (c *change) lockGraphOf(ctx context.Context, taskID model.ID) (*graph, *model.Task, error) {
	var workflowID model.ID
	err := c.NewSelect().Table("tasks").Column("workflow_id").Where("id = ?", taskID).Scan(ctx, &workflowID)
	if isNoRows(err) {
		return nil, nil, model.Missing("task", taskID)
	}
	if err != nil {
		return nil, nil, err
	}
	g, err := c.lockGraph(ctx, workflowID)
	if err != nil {
		return nil, nil, err
	}
	t, err := g.task(ctx, taskID)
	return g, t, err
}

// task locks one task of the graph.
func (g *graph) task(ctx context.Context, id model.ID) (*model.Task, error) {
	tasks, err := g.lock(ctx, "id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(tasks) == 0 {
		return nil, model.Missing("task", id)
	}
	return tasks[0], nil
}

// lock locks the tasks of the graph that a condition names, in the order of their ids. What this change has changed
// must have been written before, or the condition sees the old rows.
func (g *graph) lock(ctx context.Context, where string, args ...any) ([]*model.Task, error) {
	if err := g.write(ctx); err != nil {
		return nil, err
	}
	rows, err := lockWhere[model.Task](ctx, g.c, "workflow_id = ? AND ("+where+")", append([]any{g.w.ID}, args...)...)
	for i, t := range rows {
		rows[i] = g.hold(t).task
	}
	return rows, err
}

func (g *graph) hold(t *model.Task) *node {
	n, ok := g.tasks[t.ID]
	if !ok {
		n = &node{task: t, was: *t}
		g.tasks[t.ID] = n
	}
	return n
}

// record notes what happened to a locked task: the workflow's counters follow, and its attempt ends if it was held.
func (g *graph) record(t *model.Task, what model.EventType) {
	n := g.tasks[t.ID]
	g.w.Count(n.was.Status, t.Status)
	if n.was.Status == model.TaskStatusInProgress && t.Status != model.TaskStatusInProgress {
		g.c.agentOf(n.was.AgentID)
	}
	record(g.c, what, &n.was, t)
	n.was = *t
	g.touch(n)
}

// touch marks a task for writing; nobody needs to hear of it.
func (g *graph) touch(n *node) {
	if !n.dirty {
		n.dirty = true
		g.dirty = append(g.dirty, n.task)
	}
}

// settle makes waiting tasks READY or PENDING, whichever holds now.
func (g *graph) settle(tasks ...*model.Task) {
	for _, t := range tasks {
		if !t.Settle(g.w.Status, g.c.now) {
			continue
		}
		if t.Status == model.TaskStatusReady {
			g.record(t, model.EventTypeTaskReady)
		} else {
			g.record(t, model.EventTypeTaskUpdated)
		}
	}
}

// resettle counts anew what tasks wait for, and settles them: after something that they depend on ended, went or came.
func (g *graph) resettle(ctx context.Context, tasks []*model.Task) error {
	if len(tasks) == 0 {
		return nil
	}
	if err := g.write(ctx); err != nil {
		return err
	}
	var counts []struct {
		TaskID model.ID
		Open   int
	}
	// Primary key of task_dependencies, then of tasks.
	err := g.c.NewSelect().TableExpr("task_dependencies AS d").Join("JOIN tasks AS t ON t.id = d.depends_on_id").
		ColumnExpr("d.task_id").ColumnExpr("count(*) FILTER (WHERE t.status NOT IN ('COMPLETED', 'SKIPPED')) AS open").
		Where("d.task_id IN (?)", bun.List(idsOf(tasks))).GroupExpr("d.task_id").Scan(ctx, &counts)
	if err != nil {
		return err
	}
	open := map[model.ID]int{}
	for _, n := range counts {
		open[n.TaskID] = n.Open
	}
	for _, t := range tasks {
		if t.WaitsFor != open[t.ID] {
			t.WaitsFor = open[t.ID]
			g.touch(g.tasks[t.ID])
		}
		g.settle(t)
	}
	return nil
}

// release settles what waits for tasks that are done now.
func (g *graph) release(ctx context.Context, done ...*model.Task) error {
	dependents, err := g.dependents(ctx, done)
	if err != nil {
		return err
	}
	return g.resettle(ctx, dependents)
}

// dependents locks the tasks that depend directly on others. Index: task_dependents.
func (g *graph) dependents(ctx context.Context, on []*model.Task) ([]*model.Task, error) {
	if len(on) == 0 {
		return nil, nil
	}
	return g.lock(ctx, "id IN (SELECT task_id FROM task_dependencies WHERE depends_on_id IN (?))", bun.List(idsOf(on)))
}

// descendants locks the tasks that depend on others, directly or not, and satisfy a condition. Index: task_dependents.
func (g *graph) descendants(ctx context.Context, on []*model.Task, where string) ([]*model.Task, error) {
	if len(on) == 0 {
		return nil, nil
	}
	return g.lock(ctx, `id IN (
		WITH RECURSIVE below AS (
			SELECT task_id FROM task_dependencies WHERE depends_on_id IN (?)
			UNION
			SELECT d.task_id FROM below JOIN task_dependencies AS d ON d.depends_on_id = below.task_id)
		SELECT task_id FROM below) AND (`+where+`)`, bun.List(idsOf(on)))
}

// write writes the tasks that changed since the last time.
func (g *graph) write(ctx context.Context) error {
	dirty := g.dirty
	g.dirty = nil
	for _, t := range dirty {
		g.tasks[t.ID].dirty = false
	}
	slices.SortFunc(dirty, func(a, b *model.Task) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return updateAll(ctx, g.c, dirty)
}

// announce notes what happened to the workflow itself, now.
func (g *graph) announce(what model.EventType) {
	g.what = what
	record(g.c, what, &g.was, g.w)
	g.was = *g.w
}

// flush writes the tasks and then the workflow, which concludes if its last open task has ended.
func (g *graph) flush(ctx context.Context) error {
	if err := g.write(ctx); err != nil {
		return err
	}
	if what, ended := g.w.Conclude(g.c.now); ended {
		g.announce(what)
	} else if len(model.Diff(&g.was, g.w)) > 0 {
		g.announce(model.EventTypeWorkflowProgressed)
	}
	if g.what == "" {
		return nil
	}
	_, err := g.c.NewUpdate().Model(g.w).WherePK().Exec(ctx)
	return err
}

func idsOf[T any, P interface {
	*T
	GetID() model.ID
}](nouns []P) []model.ID {
	ids := make([]model.ID, len(nouns))
	for i, n := range nouns {
		ids[i] = n.GetID()
	}
	return ids
}
