package db

import (
	"context"
	"time"

	"workflowfactory/model"
)

// Heartbeat says that an agent is alive, extends its leases and tells what became of them.
func (r Agents) Heartbeat(ctx context.Context, in model.HeartbeatInput) (*model.HeartbeatPayload, error) {
	if err := model.CallerFrom(ctx).MayActAs(in.AgentID); err != nil {
		return nil, err
	}
	tokens, err := in.Tokens()
	if err != nil {
		return nil, err
	}
	var h *heartbeat
	_, err = r.change(ctx, func(ctx context.Context, c *change) error {
		h = &heartbeat{in: in, tokens: tokens, p: &model.HeartbeatPayload{Leases: make([]*model.HeartbeatLease, len(tokens)), CancelledTaskIds: []model.ID{}}}
		return h.do(ctx, c)
	})
	// What somebody else had locked was passed over, so that nobody waits for this agent's tasks while this waits for
	// one: each is waited for alone.
	for _, i := range h.busy {
		if err != nil {
			break
		}
		_, err = r.change(ctx, func(ctx context.Context, c *change) error {
			return h.renew(ctx, c, []int{i}, false)
		})
	}
	return h.p, err
}

// heartbeat is one sign of life.
type heartbeat struct {
	in     model.HeartbeatInput
	tokens []model.LeaseToken
	p      *model.HeartbeatPayload
	busy   []int // of the leases, those whose tasks somebody else has locked
}

func (h *heartbeat) do(ctx context.Context, c *change) error {
	all := make([]int, len(h.tokens))
	for i := range all {
		all[i] = i
	}
	if err := h.renew(ctx, c, all, true); err != nil {
		return err
	}
	h.p.ServerTime = c.now
	return c.news(ctx, h.p, h.in)
}

// renew extends some of the leases, with one statement. Index: primary key.
func (h *heartbeat) renew(ctx context.Context, c *change, which []int, free bool) error {
	if len(which) == 0 {
		return c.stamp(ctx)
	}
	ids := column(which, func(i int) model.ID { return h.tokens[i].TaskID })
	tasks, statuses := map[model.ID]*model.Task{}, map[model.ID]model.TaskStatus{}
	t := c.trip()
	queueLock(t, "id = ANY($1) AND status = 'IN_PROGRESS'", free, func(t *model.Task) { tasks[t.ID] = t }, uuids(ids))
	t.add("SELECT id, status FROM tasks WHERE id = ANY($1)", func(r *row) error {
		id := r.id()
		statuses[id] = word[model.TaskStatus](r)
		return nil
	}, uuids(ids))
	t.stamp()
	if err := t.send(ctx); err != nil {
		return err
	}
	var held []*model.Task
	for _, i := range which {
		token := h.tokens[i]
		lease, t := &model.HeartbeatLease{TaskID: token.TaskID, Lost: true}, tasks[token.TaskID]
		h.p.Leases[i] = lease
		switch status := statuses[token.TaskID]; {
		case t != nil && t.HeldBy(token.Secret, c.caller, c.now) && t.AgentID == h.in.AgentID:
			if err := c.report(t, h.in.Leases[i].Progress, h.in.Leases[i].Message); err != nil {
				return err
			}
			t.Extend(c.now)
			lease.LeaseExpiresAt, lease.Lost = t.LeaseExpiresAt, false
			held = append(held, t)
		case t == nil && status == model.TaskStatusInProgress && free:
			h.busy = append(h.busy, i)
		case status == model.TaskStatusCancelled:
			h.p.CancelledTaskIds = append(h.p.CancelledTaskIds, token.TaskID)
		}
	}
	return updateAll(ctx, c, held) // of most, nothing but the end of the lease: that touches no index
}

// news notes a sign of life, and tells what the agent would else hear by agentCommands.
func (c *change) news(ctx context.Context, p *model.HeartbeatPayload, in model.HeartbeatInput) error {
	a, last, err := c.alive(ctx, in)
	if err != nil {
		return err
	}
	p.Agent, p.NextHeartbeatSeconds, p.Draining = a, a.HeartbeatIntervalSeconds, a.Draining
	if p.DecidedSuggestions, err = c.decidedSince(ctx, a.ID, last); err != nil || a.Draining || a.ActiveTasks >= a.MaxConcurrency {
		return err
	}
	var found candidates
	t := c.trip()
	found.queue(t, []model.ClaimTasksInput{{AgentID: a.ID}}, 1, false)
	err = t.send(ctx)
	p.TasksAvailable = len(found.byRank) > 0
	return err
}

// decidedOverlap is how far before the last heartbeat decisions are told again: one that was being committed then was
// not told.
const decidedOverlap = "10 seconds"

// decidedSince reads the agent's suggestions that were decided after its last heartbeat, by others. Index: suggestions_decided.
func (c *change) decidedSince(ctx context.Context, agent model.ID, last *time.Time) ([]*model.Suggestion, error) {
	decided := []*model.Suggestion{}
	if last == nil {
		return decided, nil
	}
	err := c.NewSelect().Model(&decided).Where("agent_id = ? AND decided_at > ?::timestamptz - ?::interval", agent, *last, decidedOverlap).
		Where("status <> 'WITHDRAWN' OR decided_by <> agent_id").OrderExpr("decided_at").Limit(model.MaxItems).Scan(ctx)
	return decided, err
}

// report takes progress over and tells the log of it when it is time to.
func (c *change) report(t *model.Task, progress *int, message *string) error {
	was := *t
	_, tell, err := t.Report(progress, message, c.now)
	if tell {
		record(c, model.EventTypeTaskProgressed, &was, t)
	}
	return err
}

// alive notes a sign of life, and gives the time of the one before. It is an event only when the agent's status
// changes by it, or what it says of draining.
func (c *change) alive(ctx context.Context, in model.HeartbeatInput) (a *model.Agent, last *time.Time, err error) {
	a, err = c.lockAgent(ctx, in.AgentID)
	if err != nil {
		return nil, nil, err
	}
	last, a.LastHeartbeatAt = a.LastHeartbeatAt, &c.now
	if was := *a; in.Draining != nil && *in.Draining != a.Draining {
		a.Draining = *in.Draining
		record(c, model.EventTypeAgentUpdated, &was, a)
	}
	c.account(a, &agentOutcome{})
	return a, last, nil
}

// lockAgent locks an agent that was not removed.
func (c *change) lockAgent(ctx context.Context, id model.ID) (*model.Agent, error) {
	t := c.trip()
	c.queueAgents(t, []model.ID{id})
	if err := t.send(ctx); err != nil {
		return nil, err
	}
	if c.agents[id] == nil {
		return nil, model.Missing("agent", id)
	}
	return c.agents[id], nil
}

// ReportProgress says how far a held task is. It does not extend the lease. The log hears of changes at most once a
// second for each task, and of the last one always.
func (r Tasks) ReportProgress(ctx context.Context, in model.ReportProgressInput) (*model.TaskPayload, error) {
	p := &model.TaskPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) error {
		t, err := c.lockHeld(ctx, in.LeaseToken)
		if err != nil {
			return err
		}
		p.Task = t
		if err := c.report(t, in.Progress, in.Message); err != nil {
			return err
		}
		return updateAll(ctx, c, []*model.Task{t})
	})
	return p, err
}

const progressDue = "id = ANY(ARRAY(SELECT id FROM tasks WHERE unannounced AND announced_at < now() - interval '1 second' LIMIT 100))"

// AnnounceProgress tells the log of progress that it has not heard of yet, of up to a hundred tasks. Index: tasks_unannounced.
func (r Tasks) AnnounceProgress(ctx context.Context) error {
	_, err := r.change(ctx, func(ctx context.Context, c *change) error {
		var tasks []*model.Task
		t := c.trip()
		queueLock(t, progressDue, true, func(t *model.Task) { tasks = append(tasks, t) })
		if err := t.send(ctx); err != nil {
			return err
		}
		for _, t := range tasks {
			if err := c.report(t, nil, nil); err != nil {
				return err
			}
		}
		return updateAll(ctx, c, tasks)
	})
	return err
}
