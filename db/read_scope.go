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

// inWorkflows starts the conditions of what the caller may see. column holds the id of the workflow.
func inWorkflows(ctx context.Context, column string) *where {
	return inScope(ctx, func(agent string) string { return column + " IN (" + workflowsOf(" = "+agent) + ")" })
}

// asAgent does so for agents.
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

// workflowsOf selects the workflows in which an agent takes part. is compares its id, as in " = $1".
// Indexes: tasks_of_agent, tasks_of_assignee, task_attempts_of_agent.
func workflowsOf(is string) string {
	return "SELECT t.workflow_id FROM tasks AS t WHERE t.agent_id" + is +
		" UNION ALL SELECT t.workflow_id FROM tasks AS t WHERE t.assignee_id" + is +
		" UNION ALL SELECT t.workflow_id FROM task_attempts AS h JOIN tasks AS t ON t.id = h.task_id WHERE h.agent_id" + is
}

// agentsOf selects the agents that take part in a workflow. Indexes: tasks_in_workflow, primary key of task_attempts.
func agentsOf(workflow string) string {
	return "SELECT t.agent_id FROM tasks AS t WHERE t.workflow_id = " + workflow +
		" UNION ALL SELECT t.assignee_id FROM tasks AS t WHERE t.workflow_id = " + workflow +
		" UNION ALL SELECT h.agent_id FROM tasks AS t JOIN task_attempts AS h ON h.task_id = t.id WHERE t.workflow_id = " + workflow
}
