package db

import (
	"workflowfactory/model"
)

// endAttempt notes how the current attempt of a held task ended. Call it before the task's state changes.
func (c *change) endAttempt(t *model.Task, outcome model.AttemptOutcome, why *model.TaskError, hash []byte) {
	c.ended = append(c.ended, &model.TaskAttempt{
		TaskID: t.ID, Number: t.Attempt, AgentID: t.AgentID, ClaimedAt: *t.ClaimedAt, LeaseToken: t.LeaseToken,
		FinishedAt: &c.now, Outcome: &outcome, Error: why, OutcomeHash: hash,
	})
	o := c.agentOf(t.AgentID)
	o.held--
	switch outcome {
	case model.AttemptOutcomeCompleted:
		o.completed++
		o.busy += c.now.Sub(*t.ClaimedAt)
	case model.AttemptOutcomeFailed, model.AttemptOutcomeLeaseExpired, model.AttemptOutcomeTimedOut:
		o.failed++
	}
}

// beginAttempt notes that an agent holds a task now.
func (c *change) beginAttempt(t *model.Task) {
	c.opened = append(c.opened, &model.TaskAttempt{
		TaskID: t.ID, WorkflowID: t.WorkflowID, Number: t.Attempt, AgentID: t.AgentID, ClaimedAt: c.now, LeaseToken: t.LeaseToken,
	})
}

// queueAttempts writes which attempts begin and how others ended. Index: primary key.
func (c *change) queueAttempts(t *trip) {
	ids := func(of []*model.TaskAttempt) [][16]byte {
		return column(of, func(a *model.TaskAttempt) [16]byte { return a.TaskID })
	}
	numbers := func(of []*model.TaskAttempt) []int {
		return column(of, func(a *model.TaskAttempt) int { return a.Number })
	}
	if len(c.opened) > 0 {
		t.add(`INSERT INTO task_attempts (task_id, workflow_id, number, agent_id, claimed_at, lease_token)
			SELECT task_id, workflow_id, number, agent_id, $5, lease_token
			FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $6::bytea[]) AS v (task_id, workflow_id, number, agent_id, lease_token)`, nil,
			ids(c.opened), column(c.opened, func(a *model.TaskAttempt) [16]byte { return a.WorkflowID }), numbers(c.opened),
			column(c.opened, func(a *model.TaskAttempt) [16]byte { return a.AgentID }), c.now,
			column(c.opened, func(a *model.TaskAttempt) []byte { return a.LeaseToken }))
	}
	if len(c.ended) > 0 {
		t.add(`UPDATE task_attempts AS a SET finished_at = $1, outcome = v.outcome, error = v.error::jsonb, outcome_hash = v.hash
			FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::bytea[]) AS v (task_id, number, outcome, error, hash)
			WHERE a.task_id = v.task_id AND a.number = v.number`, nil,
			c.now, ids(c.ended), numbers(c.ended),
			column(c.ended, func(a *model.TaskAttempt) string { return string(*a.Outcome) }),
			column(c.ended, func(a *model.TaskAttempt) *string {
				if a.Error == nil {
					return nil
				}
				return new(string(mustJSON(a.Error)))
			}),
			column(c.ended, func(a *model.TaskAttempt) []byte { return a.OutcomeHash }))
	}
}
