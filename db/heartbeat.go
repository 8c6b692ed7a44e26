package db

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

// Heartbeat says that an agent is alive, extends its leases and tells what became of them.
func (r Agents) Heartbeat(ctx context.Context, in model.HeartbeatInput) (*model.HeartbeatPayload, error) {
	var p *model.HeartbeatPayload
	_, err := r.change(ctx, func(ctx context.Context, c *change) (err error) {
		p, err = c.heartbeat(ctx, in)
		return err
	})
	return p, err
}

func (c *change) heartbeat(ctx context.Context, in model.HeartbeatInput) (*model.HeartbeatPayload, error) {
	if err := c.caller.MayActAs(in.AgentID); err != nil {
		return nil, err
	}
	tokens, err := in.Tokens()
	if err != nil {
		return nil, err
	}
	tasks, err := c.tasksOf(ctx, tokens)
	if err != nil {
		return nil, err
	}
	p := &model.HeartbeatPayload{ServerTime: c.now, Leases: []*model.HeartbeatLease{}, CancelledTaskIds: []model.ID{}}
	var held, reported []*model.Task
	for i, token := range tokens {
		lease := &model.HeartbeatLease{TaskID: token.TaskID, Lost: true}
		p.Leases = append(p.Leases, lease)
		t := tasks[token.TaskID]
		if t == nil || !t.HeldBy(token.Secret, c.caller, c.now) || t.AgentID != in.AgentID {
			if t != nil && t.Status == model.TaskStatusCancelled {
				p.CancelledTaskIds = append(p.CancelledTaskIds, t.ID)
			}
			continue
		}
		changed, err := c.report(t, in.Leases[i].Progress, in.Leases[i].Message)
		if err != nil {
			return nil, err
		}
		t.Extend(c.now)
		lease.LeaseExpiresAt, lease.Lost = t.LeaseExpiresAt, false
		if changed {
			reported = append(reported, t)
		} else {
			held = append(held, t)
		}
	}
	if err := c.extend(ctx, held); err != nil {
		return nil, err
	}
	if err := updateAll(ctx, c, reported); err != nil {
		return nil, err
	}
	return p, c.news(ctx, p, in)
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
	ids, err := c.candidates(ctx, a.ID, a.Capabilities, nil, 1)
	p.TasksAvailable = len(ids) > 0
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

// tasksOf locks the tasks of leases, in the order of their ids.
func (c *change) tasksOf(ctx context.Context, tokens []model.LeaseToken) (map[model.ID]*model.Task, error) {
	ids := make([]model.ID, len(tokens))
	for i, t := range tokens {
		ids[i] = t.TaskID
	}
	tasks := map[model.ID]*model.Task{}
	rows, err := lockAll[model.Task](ctx, c, ids)
	for _, t := range rows {
		tasks[t.ID] = t
	}
	return tasks, errors.Join(err, c.stamp(ctx))
}

// report takes progress over and tells the log of it when it is time to.
func (c *change) report(t *model.Task, progress *int, message *string) (changed bool, err error) {
	was := *t
	changed, tell, err := t.Report(progress, message, c.now)
	if tell {
		record(c, model.EventTypeTaskProgressed, &was, t)
	}
	return changed, err
}

// extend writes new ends of leases and nothing else, so that no index is touched (a HOT update).
func (c *change) extend(ctx context.Context, tasks []*model.Task) error {
	if len(tasks) == 0 {
		return nil
	}
	ids, ends := make([][16]byte, len(tasks)), make([]any, len(tasks))
	for i, t := range tasks {
		ids[i], ends[i] = t.ID, *t.LeaseExpiresAt
	}
	_, err := c.Tx.Tx.ExecContext(ctx, `
		UPDATE tasks AS t SET lease_expires_at = v.ends
		FROM unnest($1::uuid[], $2::timestamptz[]) AS v (id, ends) WHERE t.id = v.id`,
		pgx.QueryExecModeCacheStatement, ids, ends)
	return err
}

// alive notes a sign of life, and gives the time of the one before. It is an event only when the agent's status
// changes by it, or what it says of draining.
func (c *change) alive(ctx context.Context, in model.HeartbeatInput) (a *model.Agent, last *time.Time, err error) {
	a, err = c.lockAgent(ctx, in.AgentID)
	if err != nil {
		return nil, nil, err
	}
	active, err := c.activeTasks(ctx, []model.ID{a.ID})
	if err != nil {
		return nil, nil, err
	}
	last, a.LastHeartbeatAt = a.LastHeartbeatAt, &c.now
	if was := *a; in.Draining != nil && *in.Draining != a.Draining {
		a.Draining = *in.Draining
		record(c, model.EventTypeAgentUpdated, &was, a)
	}
	c.account(a, active[a.ID], agentOutcome{})
	return a, last, updateAll(ctx, c, []*model.Agent{a})
}

// lockAgent locks an agent that was not removed.
func (c *change) lockAgent(ctx context.Context, id model.ID) (*model.Agent, error) {
	agents, err := lockWhere[model.Agent](ctx, c, "id = ? AND removed_at IS NULL", id)
	if err != nil {
		return nil, err
	}
	if len(agents) == 0 {
		return nil, model.Missing("agent", id)
	}
	return agents[0], nil
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
		changed, err := c.report(t, in.Progress, in.Message)
		if err != nil || !changed {
			return err
		}
		return updateAll(ctx, c, []*model.Task{t})
	})
	return p, err
}

// AnnounceProgress tells the log of progress that it has not heard of yet, of up to a hundred tasks. Index: tasks_unannounced.
func (r Tasks) AnnounceProgress(ctx context.Context) error {
	_, err := r.change(ctx, func(ctx context.Context, c *change) error {
		var tasks []*model.Task
		err := c.NewSelect().Model(&tasks).Where("unannounced AND announced_at < now() - interval '1 second'").
			OrderExpr("id").Limit(sweepSize).For("NO KEY UPDATE SKIP LOCKED").Scan(ctx)
		if err != nil {
			return err
		}
		for _, t := range tasks {
			if _, err := c.report(t, nil, nil); err != nil {
				return err
			}
		}
		return updateAll(ctx, c, tasks)
	})
	return err
}
