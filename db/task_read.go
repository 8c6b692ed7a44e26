package db

import (
	"context"
	"strconv"
	"time"

	"workflowfactory/model"
)

// taskTable leaves out what only claims and leases need.
var taskTable = prepared(table[model.Task]{
	name:   "tasks",
	object: "Task",
	columns: append(noun(func(t *model.Task) *model.Noun { return &t.Noun }, "dependsOn dependents attempts suggestions comments logs history"), []part[model.Task]{
		{"workflow claimability", "x.workflow_id", func(r *row, t *model.Task) { t.WorkflowID = r.id() }},
		{"key", "x.key", func(r *row, t *model.Task) { t.Key = r.textOrNil() }},
		{"name", "x.name", func(r *row, t *model.Task) { t.Name = r.text() }},
		{"description", "x.description", func(r *row, t *model.Task) { t.Description = r.textOrNil() }},
		{"status isOverdue claimability", "x.status", func(r *row, t *model.Task) { t.Status = word[model.TaskStatus](r) }},
		{"priority", "x.priority", func(r *row, t *model.Task) { t.Priority = model.Priority(r.int()) }},
		{"dueAt isOverdue", "x.due_at", func(r *row, t *model.Task) { t.DueAt = r.timeOrNil() }},
		{"availableAt claimability", "x.available_at", func(r *row, t *model.Task) { t.AvailableAt = r.timeOrNil() }},
		{"requiredCapabilities claimability", "x.required_capabilities", func(r *row, t *model.Task) { t.RequiredCapabilities = r.texts() }},
		{"assignee claimability", "x.assignee_id", func(r *row, t *model.Task) { t.AssigneeID = r.id() }},
		{"agent", "x.agent_id", func(r *row, t *model.Task) { t.AgentID = r.id() }},
		{"progress", "x.progress", func(r *row, t *model.Task) { t.Progress = r.int() }},
		{"progressMessage", "x.progress_message", func(r *row, t *model.Task) { t.ProgressMessage = r.textOrNil() }},
		{"input", "x.input", func(r *row, t *model.Task) { t.Input = r.json() }},
		{"result", "x.result", func(r *row, t *model.Task) { t.Result = r.json() }},
		{"error", "x.error", func(r *row, t *model.Task) { fromJSON(r, &t.Error) }},
		{"attempt", "x.attempt", func(r *row, t *model.Task) { t.Attempt = r.int() }},
		{"", "x.failed_attempts", func(r *row, t *model.Task) { t.FailedAttempts = r.int() }},
		{"maxAttempts", "x.max_attempts", func(r *row, t *model.Task) { t.MaxAttempts = r.int() }},
		{"retryPolicy", "x.retry_backoff, x.retry_delay_seconds, x.retry_max_delay_seconds", func(r *row, t *model.Task) {
			t.RetryPolicy = model.RetryPolicy{Backoff: word[model.Backoff](r), DelaySeconds: r.int(), MaxDelaySeconds: r.int()}
		}},
		{"timeoutSeconds", "x.timeout_seconds", func(r *row, t *model.Task) { t.TimeoutSeconds = r.intOrNil() }},
		{"startedAt durationMs", "x.started_at", func(r *row, t *model.Task) { t.StartedAt = r.timeOrNil() }},
		{"finishedAt durationMs", "x.finished_at", func(r *row, t *model.Task) { t.FinishedAt = r.timeOrNil() }},
		{"queueMs", "x.ready_at, x.claimed_at", func(r *row, t *model.Task) { t.ReadyAt, t.ClaimedAt = r.timeOrNil(), r.timeOrNil() }},
		{"claimability", "x.resume_agent_id", func(r *row, t *model.Task) { t.ResumeAgentID = r.id() }},
		{"leaseExpiresAt", "x.lease_expires_at", func(r *row, t *model.Task) { t.LeaseExpiresAt = r.timeOrNil() }},
	}...),
	key: "x.id",
	id:  (*model.Task).GetID,
	orders: orders[model.Task]{
		created:       byTime("x.created_at", func(t *model.Task) time.Time { return t.CreatedAt }),
		"UPDATED_AT":  byTime("x.updated_at", func(t *model.Task) time.Time { return t.UpdatedAt }),
		"NAME":        byText("x.name", func(t *model.Task) string { return t.Name }),
		"PRIORITY":    byInt("x.priority", func(t *model.Task) int { return int(t.Priority) }),
		"DUE_AT":      byTimeOrNever("x.due_at", func(t *model.Task) *time.Time { return t.DueAt }),
		"FINISHED_AT": byTimeOrNever("x.finished_at", func(t *model.Task) *time.Time { return t.FinishedAt }),
	},
})

func taskSorting(o *model.TaskOrder, standard model.OrderDirection) sorting[model.Task] {
	if o == nil {
		return taskTable.sorting(created, standard)
	}
	return taskTable.sorting(string(o.Field), o.Direction)
}

// task gives the condition of a filter.
func (w *where) task(f *model.TaskFilter) string {
	if f == nil {
		return ""
	}
	return all(
		nested(w, f.And, f.Or, f.Not, (*where).task),
		w.id("x.id", f.ID),
		w.text("x.name", f.Name),
		w.text("x.key", f.Key),
		w.taskStatus(f.Status),
		w.priority("x.priority", f.Priority),
		w.int("x.progress", f.Progress),
		w.id("x.workflow_id", f.WorkflowID),
		w.idIs(f.AgentID, func(is string) string { return "(x.agent_id" + is + " OR x.assignee_id" + is + ")" }),
		w.anyText("x.required_capabilities", f.Capability),
		w.moment("x.due_at", f.DueAt),
		w.overdue(f.IsOverdue),
		w.moment("x.created_at", f.CreatedAt),
		w.moment("x.updated_at", f.UpdatedAt),
		w.moment("x.started_at", f.StartedAt),
		w.moment("x.finished_at", f.FinishedAt),
		w.has(f.HasPendingSuggestions, "SELECT FROM suggestions AS s WHERE s.task_id = x.id AND s.status = 'PENDING'"))
}

func (w *where) taskStatus(f *model.TaskStatusFilter) string {
	if f == nil {
		return ""
	}
	return choice(w, "x.status", f.Eq, f.Neq, f.In, f.Nin, asText)
}

func (w *where) overdue(wanted *bool) string {
	if wanted == nil {
		return ""
	}
	w.count()
	const overdue = "x.due_at < now() AND x.status NOT IN ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')"
	if !*wanted {
		return "(" + overdue + ") IS NOT TRUE"
	}
	return overdue
}

// ByIDs gives the tasks with these ids that the caller may see, each at the place of its id; nil for the others.
func (r Tasks) ByIDs(ctx context.Context, ids []model.ID) ([]*model.Task, error) {
	return byIDs(ctx, r.DB, &taskTable, inWorkflow(ctx, "x.workflow_id"), ids)
}

// Referenced gives the tasks with these ids, whoever asks: for what something that the caller may see refers to.
func (r Tasks) Referenced(ctx context.Context, ids []model.ID) ([]*model.Task, error) {
	return byIDs(ctx, r.DB, &taskTable, &where{}, ids)
}

// Page lists the tasks that the caller may see, the newest first unless ordered otherwise. A malformed page or filter
// is BAD_USER_INPUT.
func (r Tasks) Page(ctx context.Context, f *model.TaskFilter, o *model.TaskOrder, p model.Page) (*model.TaskConnection, error) {
	l := r.list(inWorkflows(ctx, "x.workflow_id"), f, taskSorting(o, newestFirst))
	return connectOne[model.TaskConnection](ctx, l, p)
}

// OfWorkflows lists the tasks of each workflow, the oldest first unless ordered otherwise.
func (r Tasks) OfWorkflows(ctx context.Context, ids []model.ID, f *model.TaskFilter, o *model.TaskOrder, p model.Page) ([]*model.TaskConnection, error) {
	l := r.list(&where{}, f, taskSorting(o, oldestFirst))
	l.parents, l.via = ids, []string{"x.workflow_id = p.id"}
	return connect[model.TaskConnection](ctx, l, p)
}

// OfAgents lists the tasks that each agent holds or had last, or that are reserved for it, as far as the caller may see
// them; the oldest first unless ordered otherwise.
func (r Tasks) OfAgents(ctx context.Context, ids []model.ID, f *model.TaskFilter, o *model.TaskOrder, p model.Page) ([]*model.TaskConnection, error) {
	l := r.list(inWorkflow(ctx, "x.workflow_id"), f, taskSorting(o, oldestFirst))
	l.parents, l.via = ids, []string{"x.agent_id = p.id", "x.assignee_id = p.id AND x.agent_id IS DISTINCT FROM p.id"}
	return connect[model.TaskConnection](ctx, l, p)
}

func (r Tasks) list(w *where, f *model.TaskFilter, s sorting[model.Task]) *list[model.Task] {
	w.must(w.task(f))
	return &list[model.Task]{DB: r.DB, table: &taskTable, where: w, sort: s}
}

// Dependencies gives, for each task, the tasks that must be done before it, the oldest first.
func (r Tasks) Dependencies(ctx context.Context, ids []model.ID) ([][]*model.Task, error) {
	// Index: primary key of task_dependencies.
	return ofParents(ctx, r.DB, &taskTable, &where{}, ids, kin{
		rank: "(x.created_at, x.id)",
		rest: " JOIN task_dependencies AS d ON d.depends_on_id = x.id WHERE d.task_id = p.id",
	})
}

// Dependents gives, for each task, the tasks that wait for it, the oldest first.
func (r Tasks) Dependents(ctx context.Context, ids []model.ID) ([][]*model.Task, error) {
	// Index: task_dependents.
	return ofParents(ctx, r.DB, &taskTable, &where{}, ids, kin{
		rank: "(x.created_at, x.id)",
		rest: " JOIN task_dependencies AS d ON d.task_id = x.id WHERE d.depends_on_id = p.id",
	})
}

// CurrentOfAgents gives the task that each agent has held longest of those it holds; nil where it holds none, or none
// that the caller may see.
func (r Tasks) CurrentOfAgents(ctx context.Context, ids []model.ID) ([]*model.Task, error) {
	w := inWorkflow(ctx, "x.workflow_id")
	// Index: tasks_held_by.
	held, err := ofParents(ctx, r.DB, &taskTable, w, ids, kin{
		rank: "x.claimed_at",
		rest: " WHERE x.agent_id = p.id AND x.status = 'IN_PROGRESS' AND " + w.sql() + " ORDER BY x.claimed_at, x.id LIMIT 1",
	})
	if err != nil {
		return nil, err
	}
	current := make([]*model.Task, len(ids))
	for i, tasks := range held {
		if len(tasks) > 0 {
			current[i] = tasks[0]
		}
	}
	return current, nil
}

// RecentOfAgents gives the tasks that each agent claimed last, the newest first, as far as the caller may see them.
// limit is 1 to 100, else BAD_USER_INPUT.
func (r Tasks) RecentOfAgents(ctx context.Context, ids []model.ID, limit int) ([][]*model.Task, error) {
	if _, err := pageSize(model.Page{First: &limit}); err != nil {
		return nil, err
	}
	w := inWorkflow(ctx, "x.workflow_id")
	// Index: task_attempts_of_agent, from its newest attempt on, and the primary key for whether it tried again later.
	return ofParents(ctx, r.DB, &taskTable, w, ids, kin{
		rank: "h.claimed_at",
		desc: true,
		rest: " JOIN task_attempts AS h ON h.task_id = x.id WHERE h.agent_id = p.id AND NOT EXISTS (SELECT FROM task_attempts AS l" +
			" WHERE l.task_id = h.task_id AND l.agent_id = h.agent_id AND l.number > h.number) AND " + w.sql() +
			" ORDER BY h.claimed_at DESC LIMIT " + strconv.Itoa(limit),
	})
}

// Attempts gives the newest attempts at each task, the newest first, at most 100.
func (r Tasks) Attempts(ctx context.Context, ids []model.ID) ([][]*model.TaskAttempt, error) {
	// Index: primary key of task_attempts.
	return ofParents(ctx, r.DB, &attemptTable, &where{}, ids, kin{
		rank: "x.number",
		desc: true,
		rest: " WHERE x.task_id = p.id ORDER BY x.number DESC LIMIT 100",
	})
}

var attemptTable = table[model.TaskAttempt]{
	name: "task_attempts",
	columns: whole("x.task_id, x.number, x.agent_id, x.claimed_at, x.finished_at, x.outcome, x.error", func(r *row, a *model.TaskAttempt) {
		a.TaskID, a.Number, a.AgentID, a.ClaimedAt, a.FinishedAt = r.id(), r.int(), r.id(), r.time(), r.timeOrNil()
		if outcome := word[model.AttemptOutcome](r); outcome != "" {
			a.Outcome = &outcome
		}
		fromJSON(r, &a.Error)
	}),
}
