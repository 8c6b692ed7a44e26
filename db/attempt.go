package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

// endAttempt notes how the current attempt of a held task ended. Call it before the task's state changes.
func (c *change) endAttempt(t *model.Task, outcome model.AttemptOutcome, why *model.TaskError, hash []byte) {
	c.attempts = append(c.attempts, &model.TaskAttempt{
		TaskID: t.ID, Number: t.Attempt, AgentID: t.AgentID, ClaimedAt: *t.ClaimedAt,
		FinishedAt: &c.now, Outcome: &outcome, Error: why, OutcomeHash: hash,
	})
	o := c.agentOf(t.AgentID)
	switch outcome {
	case model.AttemptOutcomeCompleted:
		o.completed++
		o.busy += c.now.Sub(*t.ClaimedAt)
	case model.AttemptOutcomeFailed, model.AttemptOutcomeLeaseExpired, model.AttemptOutcomeTimedOut:
		o.failed++
	}
}

// flushAttempts writes how attempts ended, with one statement. Index: primary key.
func (c *change) flushAttempts(ctx context.Context) error {
	if len(c.attempts) == 0 {
		return nil
	}
	n := len(c.attempts)
	ids, numbers := make([][16]byte, n), make([]int32, n)
	outcomes, errs, hashes := make([]string, n), make([]*string, n), make([][]byte, n)
	for i, a := range c.attempts {
		ids[i], numbers[i], outcomes[i], hashes[i] = a.TaskID, int32(a.Number), string(*a.Outcome), a.OutcomeHash
		if a.Error != nil {
			errs[i] = new(string(mustJSON(a.Error)))
		}
	}
	_, err := c.Tx.Tx.ExecContext(ctx, `
		UPDATE task_attempts AS a SET finished_at = $1, outcome = v.outcome, error = v.error::jsonb, outcome_hash = v.hash
		FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::bytea[]) AS v (task_id, number, outcome, error, hash)
		WHERE a.task_id = v.task_id AND a.number = v.number`,
		pgx.QueryExecModeCacheStatement, c.now, ids, numbers, outcomes, errs, hashes)
	return err
}
