package db

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// agentOutcome is what a change means to an agent: how many of its attempts ended in which way.
type agentOutcome struct {
	completed, failed int
	busy              time.Duration
}

// agentOf notes that an agent holds more or fewer tasks after this change.
func (c *change) agentOf(id model.ID) *agentOutcome {
	o, ok := c.agents[id]
	if !ok {
		o = &agentOutcome{}
		c.agents[id] = o
	}
	return o
}

// flushAgents counts anew what the agents hold and how they are, which is news when it changed.
func (c *change) flushAgents(ctx context.Context) error {
	if len(c.agents) == 0 {
		return nil
	}
	agents, err := lockAll[model.Agent](ctx, c, slices.Collect(maps.Keys(c.agents)))
	if err != nil {
		return err
	}
	active, err := c.activeTasks(ctx, idsOf(agents))
	if err != nil {
		return err
	}
	for _, a := range agents {
		c.account(a, active[a.ID], *c.agents[a.ID])
	}
	return updateAll(ctx, c, agents)
}

// account adds an outcome to a locked agent.
func (c *change) account(a *model.Agent, active int, o agentOutcome) {
	was := *a
	a.CompletedTasks += o.completed
	a.FailedTasks += o.failed
	a.BusyMs += o.busy.Milliseconds()
	a.ActiveTasks = active
	if a.Status = a.StatusAt(c.now, active); a.Status != was.Status {
		record(c, model.EventTypeAgentStatusChanged, &was, a)
	}
}

// activeTasks counts what each agent holds. Index: tasks_held_by.
func (c *change) activeTasks(ctx context.Context, ids []model.ID) (map[model.ID]int, error) {
	var rows []struct {
		AgentID model.ID
		N       int
	}
	err := c.NewSelect().Table("tasks").Column("agent_id").ColumnExpr("count(*) AS n").
		Where("status = 'IN_PROGRESS' AND agent_id IN (?)", bun.List(ids)).GroupExpr("agent_id").Scan(ctx, &rows)
	active := map[model.ID]int{}
	for _, r := range rows {
		active[r.AgentID] = r.N
	}
	return active, err
}
