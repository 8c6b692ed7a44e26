package db

import (
	"context"
	"slices"

	"workflowfactory/model"
)

// Register lets an agent report for work: it is created, or re-attached by its name. A key of role AGENT that is bound
// to no agent yet is bound to this one; a bound one can register only its own agent.
func (r Agents) Register(ctx context.Context, in model.RegisterAgentInput) (*model.AgentPayload, error) {
	p := &model.AgentPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) (err error) {
		p.Agent, err = c.registerAgent(ctx, in)
		return err
	})
	return p, err
}

func (c *change) registerAgent(ctx context.Context, in model.RegisterAgentInput) (*model.Agent, error) {
	a, err := c.agentByName(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	was := *a
	if err := a.Register(in, c.now); err != nil {
		return nil, err
	}
	if was.ID.IsZero() {
		err = insert(ctx, c, model.EventTypeAgentRegistered, a)
	} else {
		err = update(ctx, c, model.EventTypeAgentRegistered, &was, a)
	}
	if err != nil {
		return nil, err
	}
	return a, c.attachKey(ctx, a, was.ID.IsZero())
}

// agentByName locks the agent of that name, or gives an empty one. Index: agents_name.
func (c *change) agentByName(ctx context.Context, name string) (*model.Agent, error) {
	agents, err := lockWhere[model.Agent](ctx, c, "name = ? AND removed_at IS NULL", name)
	if err != nil || len(agents) == 0 {
		return &model.Agent{}, err
	}
	return agents[0], nil
}

// attachKey binds the caller's key to the agent if it is a free AGENT key, and refuses one that is bound to another
// agent, or that would take over an agent which another key speaks for.
func (c *change) attachKey(ctx context.Context, a *model.Agent, fresh bool) error {
	if c.caller.Role != model.RoleAgent || c.caller.AgentID == a.ID {
		return nil
	}
	if !c.caller.AgentID.IsZero() {
		return c.caller.MayActAs(a.ID)
	}
	if !fresh {
		// Index: api_keys_agent.
		taken, err := c.NewSelect().Table("api_keys").Where("agent_id = ? AND revoked_at IS NULL", a.ID).Exists(ctx)
		if err != nil {
			return err
		}
		if taken {
			return model.Errorf(model.Forbidden, "another key speaks for the agent %q; use that key, or register under another name", a.Name)
		}
	}
	return bindKey(ctx, c, c.caller.ID, a.ID)
}

// Update changes an agent's fields. It answers CONFLICT when the caller expected another version.
func (r Agents) Update(ctx context.Context, in model.UpdateAgentInput) (*model.AgentPayload, error) {
	p := &model.AgentPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) error {
		a, err := c.lockAgent(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := a.CheckVersion(in.ExpectedVersion); err != nil {
			return err
		}
		was := *a
		if err := a.Update(in); err != nil {
			return err
		}
		p.Agent = a
		c.agentOf(a.ID) // more or less capacity may change its status
		return update(ctx, c, model.EventTypeAgentUpdated, &was, a)
	})
	return p, err
}

// Remove removes an agent: what it holds goes back, what is reserved for it is free, what it did stays, its keys stop
// working.
func (r Agents) Remove(ctx context.Context, in model.RemoveAgentInput) (*model.AgentDeletedPayload, error) {
	change, err := r.change(ctx, func(ctx context.Context, c *change) error {
		c.reason = in.Reason
		if err := c.takeBack(ctx, in.ID); err != nil {
			return err
		}
		a, err := c.lockAgent(ctx, in.ID)
		if err != nil {
			return err
		}
		a.RemovedAt, a.Status, a.ActiveTasks = &c.now, model.AgentStatusOffline, 0
		recordDeletion(c, model.EventTypeAgentRemoved, a)
		if err := updateAll(ctx, c, []*model.Agent{a}); err != nil {
			return err
		}
		c.outcomes = slices.DeleteFunc(c.outcomes, func(o *agentOutcome) bool { return o.agent == a.ID })
		return revokeKeysOf(ctx, c, a.ID)
	})
	return &model.AgentDeletedPayload{Change: change, DeletedID: in.ID}, err
}

// takeBack releases what an agent holds, and frees what is reserved for it. Indexes: tasks_held_by,
// tasks_of_assignee, tasks_resume.
func (c *change) takeBack(ctx context.Context, agent model.ID) error {
	var workflows []model.ID
	err := c.NewSelect().Table("tasks").ColumnExpr("DISTINCT workflow_id").Where(reservedOrHeld, agent, agent, agent).OrderExpr("workflow_id").Scan(ctx, &workflows)
	if err != nil {
		return err
	}
	for _, id := range workflows {
		g, err := c.lockGraph(ctx, id)
		if err != nil {
			return err
		}
		tasks, err := g.lock(ctx, reservedOrHeld, agent, agent, agent)
		if err != nil {
			return err
		}
		for _, t := range tasks {
			if t.AssigneeID == agent {
				t.AssigneeID = model.ID{}
			}
			t.ResumeAgentID = model.ID{}
			if t.Status != model.TaskStatusInProgress || t.AgentID != agent {
				g.record(t, model.EventTypeTaskUpdated)
			} else if err := g.giveBack(t, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

const reservedOrHeld = `agent_id = ? AND status = 'IN_PROGRESS'
	OR assignee_id = ? AND status IN ('PENDING', 'READY', 'IN_PROGRESS', 'AWAITING_APPROVAL') OR resume_agent_id = ?`

// NoteSilent makes agents OFFLINE whose heartbeats are overdue, up to a hundred, and frees what was kept for them after
// a decision.
func (r Agents) NoteSilent(ctx context.Context) error {
	_, err := r.change(ctx, func(ctx context.Context, c *change) error {
		agents, err := lockWhere[model.Agent](ctx, c, `removed_at IS NULL AND status <> 'OFFLINE'
			AND last_heartbeat_at < now() - heartbeat_interval_seconds * 3 * interval '1 second'`)
		if err != nil {
			return err
		}
		for _, a := range agents {
			c.agents[a.ID] = a
			c.agentOf(a.ID)
		}
		return nil
	})
	return err
}
