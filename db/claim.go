package db

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// claimSpare is how many more candidates a claim looks at than it wants, for those that others take at the same moment.
const claimSpare = 16

// Claim gives an agent tasks to do: by priority, then age, only what the agent is capable of, and never more than its
// capacity. It takes no workflow's lock: READY means claimable. An empty list means that nothing is eligible.
func (r Tasks) Claim(ctx context.Context, in model.ClaimTasksInput) (leases []*model.TaskLease, err error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	if idle, err := r.idle(ctx, in); err != nil || idle {
		return []*model.TaskLease{}, err
	}
	_, err = r.change(ctx, func(ctx context.Context, c *change) (err error) {
		leases, err = idempotent(ctx, c, "claimTasks", in.IdempotencyKey, in, func() ([]*model.TaskLease, error) {
			return c.claim(ctx, in)
		})
		return err
	})
	if errors.Is(err, errNothing) {
		return []*model.TaskLease{}, nil
	}
	return leases, err
}

// errNothing ends a claim that found nothing: no change, and no answer to remember, so that the same request may find
// something later.
var errNothing = errors.New("nothing to claim")

// idle spares a claim its transaction when there is nothing for the agent. It does not know of answers that were given
// before, nor of single workflows.
func (r Tasks) idle(ctx context.Context, in model.ClaimTasksInput) (idle bool, err error) {
	if in.IdempotencyKey != nil || in.WorkflowID != nil || model.CallerFrom(ctx).MayActAs(in.AgentID) != nil {
		return false, nil
	}
	return r.Idle(ctx, in.AgentID)
}

// Idle says whether an agent can claim nothing at present, its capacity aside. It takes one statement and no lock.
// Indexes: tasks_claim, tasks_claim_reserved.
func (r Tasks) Idle(ctx context.Context, agent model.ID) (idle bool, err error) {
	err = r.pool.QueryRow(ctx, `
		SELECT a.draining OR NOT EXISTS (SELECT FROM tasks WHERE reserved_for = a.id AND status = 'READY')
			AND NOT EXISTS (SELECT FROM routes AS r WHERE r.capabilities <@ a.capabilities
				AND EXISTS (SELECT FROM tasks WHERE route = r.id AND status = 'READY' AND reserved_for IS NULL))
		FROM agents AS a WHERE a.id = $1 AND a.removed_at IS NULL`, pgx.QueryExecModeCacheStatement, [16]byte(agent)).Scan(&idle)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil // the claim will say so
	}
	return idle, publicError(err)
}

func (c *change) claim(ctx context.Context, in model.ClaimTasksInput) ([]*model.TaskLease, error) {
	if err := c.caller.MayActAs(in.AgentID); err != nil {
		return nil, err
	}
	// The agent's row is locked first, so that two claims of one agent cannot exceed its capacity together. Nothing is
	// waited for after it, so this order cannot close a circle.
	agent, err := c.lockAgent(ctx, in.AgentID)
	if err != nil {
		return nil, err
	}
	if agent.Draining {
		return nil, errNothing
	}
	active, err := c.activeTasks(ctx, []model.ID{agent.ID})
	if err != nil {
		return nil, err
	}
	tasks, err := c.take(ctx, agent, in, min(in.Limit(), agent.MaxConcurrency-active[agent.ID]))
	if err != nil {
		return nil, err
	}
	if len(tasks) == 0 {
		return nil, errNothing
	}
	if err := c.stamp(ctx); err != nil {
		return nil, err
	}
	return c.lease(ctx, agent, tasks, in.Seconds())
}

// take locks up to n tasks that the agent may do, the most urgent and then the oldest first.
func (c *change) take(ctx context.Context, a *model.Agent, in model.ClaimTasksInput, n int) ([]*model.Task, error) {
	if n <= 0 {
		return nil, nil
	}
	capabilities := a.Capabilities
	if in.Capabilities != nil {
		capabilities = slices.DeleteFunc(slices.Clone(in.Capabilities), func(s string) bool { return !slices.Contains(a.Capabilities, s) })
	}
	for window := n + claimSpare; ; window *= 4 {
		ids, err := c.candidates(ctx, a.ID, capabilities, in.WorkflowID, window)
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		var tasks []*model.Task
		err = c.NewSelect().Model(&tasks).Where("id IN (?) AND status = 'READY'", bun.List(ids)).
			OrderExpr("priority DESC, ready_at, id").Limit(int64(n)).For("NO KEY UPDATE SKIP LOCKED").Scan(ctx)
		// When others hold most of a full window there may be more behind it: an empty answer must be true.
		if err != nil || len(tasks) == n || len(ids) < window {
			return tasks, err
		}
	}
}

// candidates finds what the agent may do, without locks: of each set of capabilities that it has, and of what is kept
// for it. Indexes: tasks_claim once per set, tasks_claim_reserved; in one workflow tasks_in_workflow_status.
func (c *change) candidates(ctx context.Context, agent model.ID, capabilities []string, workflow *model.ID, window int) (ids []model.ID, err error) {
	query := claimAnywhere
	args := []any{pgx.QueryExecModeCacheStatement, capabilities, agent, window}
	if workflow != nil {
		query = claimInWorkflow
		args = append(args, *workflow)
	}
	rows, err := c.Tx.Tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id model.ID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

const claimAnywhere = `
	SELECT id FROM (
		SELECT t.id, t.priority, t.ready_at FROM routes AS r CROSS JOIN LATERAL (
			SELECT id, priority, ready_at FROM tasks
			WHERE route = r.id AND status = 'READY' AND reserved_for IS NULL
			ORDER BY priority DESC, ready_at, id LIMIT $3) AS t
		WHERE r.capabilities <@ $1::text[]
		UNION ALL (
			SELECT id, priority, ready_at FROM tasks
			WHERE reserved_for = $2 AND status = 'READY' AND required_capabilities <@ $1::text[]
			ORDER BY priority DESC, ready_at, id LIMIT $3)) AS candidate
	ORDER BY priority DESC, ready_at, id LIMIT $3`

const claimInWorkflow = `
	SELECT id FROM tasks
	WHERE workflow_id = $4 AND status = 'READY' AND required_capabilities <@ $1::text[]
		AND (reserved_for IS NULL OR reserved_for = $2)
	ORDER BY priority DESC, ready_at, id LIMIT $3`

// lease puts locked READY tasks into the agent's hands.
func (c *change) lease(ctx context.Context, a *model.Agent, tasks []*model.Task, seconds int) ([]*model.TaskLease, error) {
	leases := make([]*model.TaskLease, len(tasks))
	attempts := make([]*model.TaskAttempt, len(tasks))
	for i, t := range tasks {
		was := *t
		if err := t.Claim(a.ID, seconds, c.now); err != nil {
			return nil, err
		}
		record(c, model.EventTypeTaskClaimed, &was, t)
		leases[i] = t.Lease()
		attempts[i] = &model.TaskAttempt{
			TaskID: t.ID, WorkflowID: t.WorkflowID, Number: t.Attempt, AgentID: a.ID, ClaimedAt: c.now, LeaseToken: t.LeaseToken,
		}
	}
	if err := updateAll(ctx, c, tasks); err != nil {
		return nil, err
	}
	if _, err := c.NewInsert().Model(&attempts).Exec(ctx); err != nil {
		return nil, err
	}
	c.agentOf(a.ID)
	return leases, nil
}

// Worker gives an agent that was not removed, for somebody who may act as it.
func (r Tasks) Worker(ctx context.Context, id model.ID) (*model.Agent, error) {
	if err := model.CallerFrom(ctx).MayActAs(id); err != nil {
		return nil, err
	}
	agents, err := Agents(r).ByIDs(withAll(ctx), []model.ID{id})
	if err != nil {
		return nil, err
	}
	if agents[0] == nil {
		return nil, model.Missing("agent", id)
	}
	return agents[0], nil
}

// StillReady says whether a task is READY. Index: primary key.
func (r Tasks) StillReady(ctx context.Context, id model.ID) (ready bool, err error) {
	err = r.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM tasks WHERE id = $1 AND status = 'READY')",
		pgx.QueryExecModeCacheStatement, [16]byte(id)).Scan(&ready)
	return ready, publicError(err)
}
