package db

import (
	"context"
	"fmt"
	"time"

	"workflowfactory/model"
)

// agentStatus is [model.Agent.StatusAt] in SQL, by the database's clock, which heartbeats are noted by too. What stands
// in the column is what was last announced; an agent that fell silent is OFFLINE before the log says so.
var agentStatus = fmt.Sprintf(`CASE
	WHEN x.last_heartbeat_at IS NULL OR x.last_heartbeat_at + %d * x.heartbeat_interval_seconds * interval '1 second' < now() THEN '%s'
	WHEN x.active_tasks = 0 THEN '%s' WHEN x.active_tasks >= x.max_concurrency THEN '%s' ELSE '%s' END`, model.MissedHeartbeats,
	model.AgentStatusOffline, model.AgentStatusIdle, model.AgentStatusBusy, model.AgentStatusOnline)

var agentTable = prepared(table[model.Agent]{
	name:   "agents",
	object: "Agent",
	columns: append(noun(func(a *model.Agent) *model.Noun { return &a.Noun }, "currentTask tasks recentTasks suggestions history oversight"), []part[model.Agent]{
		{"name", "x.name", func(r *row, a *model.Agent) { a.Name = r.text() }},
		{"description", "x.description", func(r *row, a *model.Agent) { a.Description = r.textOrNil() }},
		{"status", agentStatus + " AS status", func(r *row, a *model.Agent) { a.Status = word[model.AgentStatus](r) }},
		{"capabilities", "x.capabilities", func(r *row, a *model.Agent) { a.Capabilities = r.texts() }},
		{"labels", "x.labels", func(r *row, a *model.Agent) { a.Labels = r.texts() }},
		{"maxConcurrency", "x.max_concurrency", func(r *row, a *model.Agent) { a.MaxConcurrency = r.int() }},
		{"draining", "x.draining", func(r *row, a *model.Agent) { a.Draining = r.bool() }},
		{"activeTasks", "x.active_tasks", func(r *row, a *model.Agent) { a.ActiveTasks = r.int() }},
		{"lastHeartbeatAt", "x.last_heartbeat_at", func(r *row, a *model.Agent) { a.LastHeartbeatAt = r.timeOrNil() }},
		{"heartbeatIntervalSeconds", "x.heartbeat_interval_seconds", func(r *row, a *model.Agent) { a.HeartbeatIntervalSeconds = r.int() }},
		{"completedTasks totalTasks successRate avgDurationMs", "x.completed_tasks", func(r *row, a *model.Agent) { a.CompletedTasks = r.int() }},
		{"failedTasks totalTasks successRate", "x.failed_tasks", func(r *row, a *model.Agent) { a.FailedTasks = r.int() }},
		{"avgDurationMs", "x.busy_ms", func(r *row, a *model.Agent) { a.BusyMs = int64(r.int()) }},
		{"", "x.removed_at", func(r *row, a *model.Agent) { a.RemovedAt = r.timeOrNil() }},
	}...),
	key: "x.id",
	id:  (*model.Agent).GetID,
	orders: orders[model.Agent]{
		created:             byTime("x.created_at", func(a *model.Agent) time.Time { return a.CreatedAt }),
		"UPDATED_AT":        byTime("x.updated_at", func(a *model.Agent) time.Time { return a.UpdatedAt }),
		"NAME":              byText("x.name", func(a *model.Agent) string { return a.Name }),
		"LAST_HEARTBEAT_AT": byTimeOrNever("x.last_heartbeat_at", func(a *model.Agent) *time.Time { return a.LastHeartbeatAt }),
	},
})

func agentSorting(o *model.AgentOrder, standard model.OrderDirection) sorting[model.Agent] {
	if o == nil {
		return agentTable.sorting(created, standard)
	}
	return agentTable.sorting(string(o.Field), o.Direction)
}

// agent gives the condition of a filter.
func (w *where) agent(f *model.AgentFilter) string {
	if f == nil {
		return ""
	}
	return all(
		nested(w, f.And, f.Or, f.Not, (*where).agent),
		w.id("x.id", f.ID),
		w.text("x.name", f.Name),
		w.agentStatus(f.Status),
		w.anyText("x.capabilities", f.Capability),
		w.anyText("x.labels", f.Labels),
		w.moment("x.last_heartbeat_at", f.LastHeartbeatAt),
		w.moment("x.created_at", f.CreatedAt))
}

func (w *where) agentStatus(f *model.AgentStatusFilter) string {
	if f == nil {
		return ""
	}
	return choice(w, "("+agentStatus+")", f.Eq, f.Neq, f.In, f.Nin, asText)
}

// ByIDs gives the agents with these ids that the caller may see, each at the place of its id; nil for the others, and
// for those that were removed.
func (r Agents) ByIDs(ctx context.Context, ids []model.ID) ([]*model.Agent, error) {
	return byIDs(ctx, r.DB, &agentTable, asAgent(ctx), ids)
}

// Referenced gives the agents with these ids, whoever asks, and those that were removed too: for what something that
// the caller may see refers to.
func (r Agents) Referenced(ctx context.Context, ids []model.ID) ([]*model.Agent, error) {
	return byIDs(ctx, r.DB, &agentTable, &where{}, ids)
}

// Page lists the agents that the caller may see, the newest first unless ordered otherwise. A malformed page or filter
// is BAD_USER_INPUT.
func (r Agents) Page(ctx context.Context, f *model.AgentFilter, o *model.AgentOrder, p model.Page) (*model.AgentConnection, error) {
	l := r.list(asAgent(ctx), f, agentSorting(o, newestFirst))
	return connectOne[model.AgentConnection](ctx, l, p)
}

// OfWorkflows lists the agents that are assigned to, hold or held a task of each workflow and were not removed; the
// oldest first unless ordered otherwise.
func (r Agents) OfWorkflows(ctx context.Context, ids []model.ID, f *model.AgentFilter, o *model.AgentOrder, p model.Page) ([]*model.AgentConnection, error) {
	w := &where{}
	w.must("x.removed_at IS NULL")
	l := r.list(w, f, agentSorting(o, oldestFirst))
	l.parents, l.via = ids, []string{"x.id IN (" + agentsOf("p.id") + ")"}
	return connect[model.AgentConnection](ctx, l, p)
}

func (r Agents) list(w *where, f *model.AgentFilter, s sorting[model.Agent]) *list[model.Agent] {
	w.must(w.agent(f))
	return &list[model.Agent]{DB: r.DB, table: &agentTable, where: w, sort: s}
}
