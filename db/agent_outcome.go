package db

import (
	"context"
	"slices"
	"time"

	"workflowfactory/model"
)

// agentOutcome is what one turn of a change means to an agent: how many tasks it holds more, or fewer, and how many of
// its attempts ended in which way.
type agentOutcome struct {
	agent             model.ID
	caller            model.Caller // whose turn it was
	reason            *string
	held              int
	completed, failed int
	busy              time.Duration
}

// agentOf gives what the caller's turn means to an agent, to be added to. The agent's row is locked at the end.
func (c *change) agentOf(id model.ID) *agentOutcome {
	for _, o := range c.outcomes[c.turn:] {
		if o.agent == id {
			return o
		}
	}
	o := &agentOutcome{agent: id, caller: c.caller, reason: c.reason}
	c.outcomes = append(c.outcomes, o)
	return o
}

// begin lets another caller have its turn in the change.
func (c *change) begin(caller model.Caller) {
	c.caller, c.reason, c.turn = caller, nil, len(c.outcomes)
}

// settleAgents counts what agents hold and ended, after what else a trip does: agents are locked last. How one is now is
// news when it changed.
func (c *change) settleAgents(ctx context.Context, t *trip) (*trip, error) {
	var ids []model.ID
	for _, o := range c.outcomes {
		if c.agents[o.agent] == nil && !slices.Contains(ids, o.agent) {
			ids = append(ids, o.agent)
		}
	}
	if len(ids) > 0 {
		c.queueAgents(t, ids)
		if err := t.send(ctx); err != nil {
			return nil, err
		}
		t = c.trip()
	}
	for _, o := range c.outcomes {
		if a := c.agents[o.agent]; a != nil {
			c.caller, c.reason = o.caller, o.reason
			c.account(a, o)
		}
	}
	c.outcomes = nil
	var agents []*model.Agent
	for _, a := range c.agents {
		agents = append(agents, a)
	}
	queueUpdate(t, agents)
	return t, nil
}

// queueAgents locks agents that were not removed. Index: primary key.
func (c *change) queueAgents(t *trip, ids []model.ID) {
	queueLock(t, "id = ANY($1) AND removed_at IS NULL", false, func(a *model.Agent) { c.agents[a.ID] = a }, uuids(ids))
}

// account adds an outcome to a locked agent. What it holds changes under this lock alone, so the number is always right.
func (c *change) account(a *model.Agent, o *agentOutcome) {
	was := *a
	a.CompletedTasks += o.completed
	a.FailedTasks += o.failed
	a.BusyMs += o.busy.Milliseconds()
	a.ActiveTasks += o.held
	if a.Status = a.StatusAt(c.now, a.ActiveTasks); a.Status != was.Status {
		record(c, model.EventTypeAgentStatusChanged, &was, a)
	}
}
