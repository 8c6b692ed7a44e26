package db

import (
	"context"
	"errors"

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
	p.Agent, err = c.alive(ctx, in.AgentID)
	if err == nil {
		p.NextHeartbeatSeconds = p.Agent.HeartbeatIntervalSeconds
	}
	return p, err
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

// alive notes a sign of life; it is news only when the agent's status changes by it.
func (c *change) alive(ctx context.Context, id model.ID) (*model.Agent, error) {
	a, err := c.lockAgent(ctx, id)
	if err != nil {
		return nil, err
	}
	a.LastHeartbeatAt = &c.now
	active, err := c.activeTasks(ctx, []model.ID{id})
	if err != nil {
		return nil, err
	}
	c.account(a, active[id], agentOutcome{})
	return a, updateAll(ctx, c, []*model.Agent{a})
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
		token, ok := model.ParseLeaseToken(in.LeaseToken)
		if !ok {
			return model.Stale()
		}
		t, err := locked[model.Task](ctx, c, token.TaskID, "task")
		if err != nil {
			return stalePerhaps(err)
		}
		if !t.HeldBy(token.Secret, c.caller, c.now) {
			return model.Stale()
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
