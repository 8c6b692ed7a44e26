package db

import (
	"context"
	"time"

	"workflowfactory/model"
)

var workflowTable = prepared(table[model.Workflow]{
	name:   "workflows",
	object: "Workflow",
	columns: append(noun(func(w *model.Workflow) *model.Noun { return &w.Noun }, "taskCounts tasks agents suggestions history"), []part[model.Workflow]{
		{"name", "x.name", func(r *row, w *model.Workflow) { w.Name = r.text() }},
		{"description", "x.description", func(r *row, w *model.Workflow) { w.Description = r.textOrNil() }},
		{"status", "x.status", func(r *row, w *model.Workflow) { w.Status = word[model.WorkflowStatus](r) }},
		{"progress", "x.progress", func(r *row, w *model.Workflow) { w.Progress = r.int() }},
		{"priority", "x.priority", func(r *row, w *model.Workflow) { w.Priority = model.Priority(r.int()) }},
		{"input", "x.input", func(r *row, w *model.Workflow) { w.Input = r.json() }},
		{"trigger", "x.trigger_type", func(r *row, w *model.Workflow) { w.TriggerType = word[model.TriggerType](r) }},
		{"labels", "x.labels", func(r *row, w *model.Workflow) { w.Labels = r.texts() }},
		{"createdBy", "x.created_by", func(r *row, w *model.Workflow) { w.CreatedByID = r.id() }},
		{"failurePolicy", "x.failure_policy", func(r *row, w *model.Workflow) { w.FailurePolicy = word[model.FailurePolicy](r) }},
		{"startedAt", "x.started_at", func(r *row, w *model.Workflow) { w.StartedAt = r.timeOrNil() }},
		{"pausedAt", "x.paused_at", func(r *row, w *model.Workflow) { w.PausedAt = r.timeOrNil() }},
		{"finishedAt", "x.finished_at", func(r *row, w *model.Workflow) { w.FinishedAt = r.timeOrNil() }},
		{"", "x.total_tasks, x.completed_tasks, x.failed_tasks, x.cancelled_tasks, x.skipped_tasks", func(r *row, w *model.Workflow) {
			w.TotalTasks, w.CompletedTasks, w.FailedTasks = r.int(), r.int(), r.int()
			w.CancelledTasks, w.SkippedTasks = r.int(), r.int()
		}},
	}...),
	key: "x.id",
	id:  (*model.Workflow).GetID,
	orders: orders[model.Workflow]{
		created:       byTime("x.created_at", func(w *model.Workflow) time.Time { return w.CreatedAt }),
		"UPDATED_AT":  byTime("x.updated_at", func(w *model.Workflow) time.Time { return w.UpdatedAt }),
		"NAME":        byText("x.name", func(w *model.Workflow) string { return w.Name }),
		"PRIORITY":    byInt("x.priority", func(w *model.Workflow) int { return int(w.Priority) }),
		"PROGRESS":    byInt("x.progress", func(w *model.Workflow) int { return w.Progress }),
		"FINISHED_AT": byTimeOrNever("x.finished_at", func(w *model.Workflow) *time.Time { return w.FinishedAt }),
	},
})

// workflow gives the condition of a filter.
func (w *where) workflow(f *model.WorkflowFilter) string {
	if f == nil {
		return ""
	}
	return all(
		nested(w, f.And, f.Or, f.Not, (*where).workflow),
		w.id("x.id", f.ID),
		w.text("x.name", f.Name),
		w.workflowStatus(f.Status),
		w.priority("x.priority", f.Priority),
		w.int("x.progress", f.Progress),
		w.anyText("x.labels", f.Labels),
		w.moment("x.created_at", f.CreatedAt),
		w.moment("x.updated_at", f.UpdatedAt),
		w.moment("x.started_at", f.StartedAt),
		w.moment("x.finished_at", f.FinishedAt),
		w.idIs(f.AgentID, func(is string) string { return "x.id = ANY(" + workflowsOf(is) + ")" }),
		w.has(f.HasPendingSuggestions, "SELECT FROM suggestions AS s WHERE s.workflow_id = x.id AND s.status = 'PENDING'"))
}

func (w *where) workflowStatus(f *model.WorkflowStatusFilter) string {
	if f == nil {
		return ""
	}
	return choice(w, "x.status", f.Eq, f.Neq, f.In, f.Nin, asText)
}

// ByIDs gives the workflows with these ids that the caller may see, each at the place of its id; nil for the others.
func (r Workflows) ByIDs(ctx context.Context, ids []model.ID) ([]*model.Workflow, error) {
	return byIDs(ctx, r.DB, &workflowTable, inWorkflow(ctx, "x.id"), ids)
}

// Referenced gives the workflows with these ids, whoever asks: for what something that the caller may see refers to.
func (r Workflows) Referenced(ctx context.Context, ids []model.ID) ([]*model.Workflow, error) {
	return byIDs(ctx, r.DB, &workflowTable, &where{}, ids)
}

// Page lists the workflows that the caller may see, the newest first unless ordered otherwise. A malformed page or
// filter is BAD_USER_INPUT.
func (r Workflows) Page(ctx context.Context, f *model.WorkflowFilter, o *model.WorkflowOrder, p model.Page) (*model.WorkflowConnection, error) {
	w := inWorkflows(ctx, "x.id")
	w.must(w.workflow(f))
	l := &list[model.Workflow]{DB: r.DB, table: &workflowTable, where: w, sort: workflowSorting(o, newestFirst)}
	return connectOne[model.WorkflowConnection](ctx, l, p)
}

func workflowSorting(o *model.WorkflowOrder, standard model.OrderDirection) sorting[model.Workflow] {
	if o == nil {
		return workflowTable.sorting(created, standard)
	}
	return workflowTable.sorting(string(o.Field), o.Direction)
}

// TaskCounts counts the tasks of each workflow by their status.
func (r Workflows) TaskCounts(ctx context.Context, ids []model.ID) ([]*model.TaskCounts, error) {
	counts := make([]model.TaskCounts, len(ids))
	w := &where{}
	// Index: tasks_in_workflow_status.
	sql := "SELECT p.n, t.status, count(*) FROM " + w.family(ids) + " JOIN tasks AS t ON t.workflow_id = p.id GROUP BY p.n, t.status"
	err := r.query(ctx, sql, w, func(r *row) {
		c := &counts[r.int()-1]
		status, n := word[model.TaskStatus](r), r.int()
		c.Total += n
		*countOf(c, status) += n
	})
	return pointers(counts), err
}

func countOf(c *model.TaskCounts, s model.TaskStatus) *int {
	switch s {
	case model.TaskStatusPending:
		return &c.Pending
	case model.TaskStatusReady:
		return &c.Ready
	case model.TaskStatusInProgress:
		return &c.InProgress
	case model.TaskStatusAwaitingApproval:
		return &c.AwaitingApproval
	case model.TaskStatusCompleted:
		return &c.Completed
	case model.TaskStatusFailed:
		return &c.Failed
	case model.TaskStatusCancelled:
		return &c.Cancelled
	}
	return &c.Skipped
}
