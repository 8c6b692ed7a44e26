package db

import (
	"context"

	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// graph is one workflow whose row this change has locked, and those of its tasks that the change touches. The
// workflow's row is the lock of the graph: whoever changes which tasks there are, what they wait for or how they end
// holds it. So the roll-up, the readiness and the race of the last two parents are settled by this one rule.
type graph struct {
	c      *change
	w      *model.Workflow
	was    model.Workflow // as last recorded
	moving bool           // something has happened since the workflow was last rolled up
	tasks  map[model.ID]*node
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
	t := c.trip()
	queueLock(t, "id = $1", false, func(w *model.Workflow) { c.holdGraph(w) }, uuid(id)) // index: primary key
	t.stamp()
	if err := t.send(ctx); err != nil {
		return nil, err
	}
	if c.graphs[id] == nil {
		return nil, model.Missing("workflow", id)
	}
	return c.graphs[id], nil
}

func (c *change) holdGraph(w *model.Workflow) *graph {
	g, ok := c.graphs[w.ID]
	if !ok {
		g = &graph{c: c, w: w, was: *w, tasks: map[model.ID]*node{}}
		c.graphs[w.ID] = g
	}
	return g
}

// lockGraphOf locks the workflow of a task, and the task. It answers NOT_FOUND when there is none. Indexes: primary keys.
func (c *change) lockGraphOf(ctx context.Context, taskID model.ID) (*graph, *model.Task, error) {
	var task *model.Task
	t := c.trip()
	queueLock(t, "id = (SELECT workflow_id FROM tasks WHERE id = $1)", false, func(w *model.Workflow) { c.holdGraph(w) }, uuid(taskID))
	queueLock(t, "id = $1", false, func(found *model.Task) { task = found }, uuid(taskID))
	t.stamp()
	if err := t.send(ctx); err != nil {
		return nil, nil, err
	}
	if task == nil || c.graphs[task.WorkflowID] == nil {
		return nil, nil, model.Missing("task", taskID)
	}
	g := c.graphs[task.WorkflowID]
	return g, g.hold(task).task, nil
}

// lock locks the tasks of the graph that a condition names, in the order of their ids. What this change has changed
// must have been written before, or the condition sees the old rows.
func (g *graph) lock(ctx context.Context, where string, args ...any) ([]*model.Task, error) {
	if err := g.c.writeTasks(ctx); err != nil {
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

// count moves one task in the workflow's counters. "" stands for no task: a new or a deleted one.
func (g *graph) count(from, to model.TaskStatus) {
	g.w.Count(from, to)
	g.moving = true
}

// record notes what happened to a locked task; the workflow's counters follow.
func (g *graph) record(t *model.Task, what model.EventType) {
	n := g.tasks[t.ID]
	g.count(n.was.Status, t.Status)
	record(g.c, what, &n.was, t)
	n.was = *t
	g.touch(n)
}

// touch marks a task for writing; nobody needs to hear of it.
func (g *graph) touch(n *node) {
	if !n.dirty {
		n.dirty = true
		g.c.dirty = append(g.c.dirty, n.task)
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
	if err := g.c.writeTasks(ctx); err != nil {
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

// release settles what waits for a task that is done now.
func (g *graph) release(ctx context.Context, done *model.Task) error {
	if _, known := g.c.below[done.ID]; !known {
		if err := g.c.lockBelow(ctx, g, done.ID); err != nil {
			return err
		}
	}
	for _, id := range g.c.below[done.ID] {
		n := g.tasks[id]
		if n.task.WaitsFor > 0 { // of one that has ended it is counted anew when that is retried
			n.task.WaitsFor--
			g.touch(n)
		}
		g.settle(n.task)
	}
	return nil
}

// lockBelow locks what depends directly on a task, and notes it.
func (c *change) lockBelow(ctx context.Context, g *graph, id model.ID) error {
	t := c.trip()
	c.queueBelow(t, []model.ID{id})
	queueLock(t, "id = ANY(ARRAY(SELECT task_id FROM task_dependencies WHERE depends_on_id = $1))", false,
		func(found *model.Task) { g.hold(found) }, uuid(id)) // index: task_dependents
	return t.send(ctx)
}

// queueBelow asks what depends directly on tasks. Their workflows must be locked. Index: task_dependents.
func (c *change) queueBelow(t *trip, ids []model.ID) {
	for _, id := range ids {
		c.below[id] = nil
	}
	t.add("SELECT depends_on_id, task_id FROM task_dependencies WHERE depends_on_id = ANY($1) ORDER BY task_id", func(r *row) error {
		on := r.id()
		c.below[on] = append(c.below[on], r.id())
		return nil
	}, uuids(ids))
}

// dependents locks the tasks that depend directly on others. Index: task_dependents.
func (g *graph) dependents(ctx context.Context, on []*model.Task) ([]*model.Task, error) {
	if len(on) == 0 {
		return nil, nil
	}
	return g.lock(ctx, "id = ANY(ARRAY(SELECT task_id FROM task_dependencies WHERE depends_on_id IN (?)))", bun.List(idsOf(on)))
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

// writeTasks writes the tasks that changed since the last time.
func (c *change) writeTasks(ctx context.Context) error {
	if len(c.dirty) == 0 {
		return nil
	}
	t := c.trip()
	c.queueTasks(t)
	return t.send(ctx)
}

func (c *change) queueTasks(t *trip) {
	queueUpdate(t, c.dirty)
	for _, task := range c.dirty {
		if g := c.graphs[task.WorkflowID]; g != nil {
			g.tasks[task.ID].dirty = false
		}
	}
	c.dirty = nil
}

func (c *change) queueWorkflows(t *trip) {
	var workflows []*model.Workflow
	for _, g := range c.graphs {
		workflows = append(workflows, g.w)
	}
	queueUpdate(t, workflows)
}

// announce notes what happened to the workflow itself, now.
func (g *graph) announce(what model.EventType) {
	g.moving = true
	record(g.c, what, &g.was, g.w)
	g.was = *g.w
}

// rollUp concludes the workflow if its last open task has ended, and tells how it went on.
func (g *graph) rollUp() {
	if !g.moving {
		return
	}
	if what, ended := g.w.Conclude(g.c.now); ended {
		g.announce(what)
	} else if len(model.Diff(&g.was, g.w)) > 0 {
		g.announce(model.EventTypeWorkflowProgressed)
	}
	g.moving = false
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
