package db

import (
	"context"

	"workflowfactory/model"
)

// An agent takes part in the workflows in which a task is or was in its hands or is reserved for it. It sees those
// with all that is in them, itself, and nothing else. Every other role sees everything.
//
// What a visible row refers to is in the same workflow, or is who did something; so the rule stands where a request
// enters: at lookups, at lists, and at what an agent has.
//
// It is written in two ways, for two plans: takesPart probes indexes for one row, workflowsOf leads from the agent to
// the rows. A list of all needs the second: in the order of the list, the agent's own rows may be far apart.

// inWorkflow starts the conditions of a lookup. column holds the id of the workflow that the row is in.
func inWorkflow(ctx context.Context, column string) *where {
	return inScope(ctx, func(agent string) string { return takesPart(agent, column) })
}

// inWorkflows starts the conditions of a list.
func inWorkflows(ctx context.Context, column string) *where {
	return inScope(ctx, func(agent string) string { return column + " = ANY(" + workflowsOf(" = "+agent) + ")" })
}

// asAgent starts the conditions for agents.
func asAgent(ctx context.Context) *where {
	w := inScope(ctx, func(agent string) string { return "x.id = " + agent })
	w.must("x.removed_at IS NULL")
	return w
}

func inScope(ctx context.Context, of func(agent string) string) *where {
	w := &where{}
	switch caller := model.CallerFrom(ctx); {
	case caller.Role != model.RoleAgent:
	case caller.AgentID.IsZero():
		w.must("false")
	default:
		w.must(of(w.arg(uuid(caller.AgentID))))
	}
	return w
}

// takesPart asks whether an agent takes part in a workflow. Indexes: task_attempts_in_workflow, tasks_in_workflow.
func takesPart(agent, workflow string) string {
	return "(EXISTS (SELECT FROM task_attempts AS h WHERE h.workflow_id = " + workflow + " AND h.agent_id = " + agent + ")" +
		" OR EXISTS (SELECT FROM tasks AS t WHERE t.workflow_id = " + workflow + " AND t.assignee_id = " + agent + "))"
}

// workflowsOf gives the array of the workflows in which an agent takes part. is compares its id, as in " = $1".
// Indexes: task_attempts_of_agent alone, tasks_of_assignee.
func workflowsOf(is string) string {
	return "ARRAY(SELECT h.workflow_id FROM task_attempts AS h WHERE h.agent_id" + is +
		" UNION SELECT t.workflow_id FROM tasks AS t WHERE t.assignee_id" + is + ")"
}

// agentsOf selects the agents that take part in a workflow. Indexes: task_attempts_in_workflow alone, tasks_in_workflow.
func agentsOf(workflow string) string {
	return "SELECT h.agent_id FROM task_attempts AS h WHERE h.workflow_id = " + workflow +
		" UNION SELECT t.assignee_id FROM tasks AS t WHERE t.workflow_id = " + workflow
}
