package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"workflowfactory/model"
)

// What the reads find: enough that no cache holds all the answers.
const (
	workflowCount = 2050 // the last 50 have no full page after them
	tasksEach     = 10
	agentCount    = 200
)

// seed gives the workflows, the newest first. It fills the database past the repositories, which would write an event for each step of every task's life.
func seed(ctx context.Context, pool *pgxpool.Pool) (ids []model.ID, err error) {
	var agents, workflows, tasks [][]any
	now := time.Now().UTC().Truncate(time.Millisecond)
	agentIDs := make([]model.ID, agentCount)
	for i := range agentIDs {
		agentIDs[i] = model.NewID(model.KindAgent)
		agents = append(agents, []any{[16]byte(agentIDs[i]), fmt.Sprintf("Agent %d", i), "IDLE", 1, 10, now, now})
	}
	for i := range workflowCount {
		id, at := model.NewID(model.KindWorkflow), now.Add(-time.Duration(i)*time.Minute)
		ids = append(ids, id)
		workflows = append(workflows, []any{[16]byte(id), fmt.Sprintf("Process ticket %d", i), "What came in by mail, sorted, answered and \"closed\".",
			"COMPLETED", 100, int16(i%4 + 1), "MANUAL", [16]byte(model.SystemID), "FAIL_FAST", at, tasksEach, tasksEach, at, at})
		for j := range tasksEach {
			tasks = append(tasks, []any{[16]byte(model.NewID(model.KindTask)), [16]byte(id), fmt.Sprintf("step-%d", j), fmt.Sprintf("Step %d of ticket %d", j, i),
				"COMPLETED", 100, int16(j%4 + 1), 1, [16]byte(agentIDs[(i*7+j)%agentCount]), 1, 3, "EXPONENTIAL", 2, 300,
				at, at.Add(time.Second), at, at, at.Add(time.Duration(j) * time.Millisecond), at})
		}
	}
	for _, t := range []struct {
		name    string
		columns []string
		rows    [][]any
	}{
		{"agents", []string{"id", "name", "status", "max_concurrency", "heartbeat_interval_seconds", "created_at", "updated_at"}, agents},
		{"workflows", []string{"id", "name", "description", "status", "progress", "priority", "trigger_type", "created_by", "failure_policy",
			"finished_at", "total_tasks", "completed_tasks", "created_at", "updated_at"}, workflows},
		{"tasks", []string{"id", "workflow_id", "key", "name", "status", "progress", "priority", "route", "agent_id", "attempt", "max_attempts",
			"retry_backoff", "retry_delay_seconds", "retry_max_delay_seconds", "started_at", "finished_at", "ready_at", "claimed_at", "created_at", "updated_at"}, tasks},
	} {
		if _, err := pool.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
			return nil, fmt.Errorf("seed %s: %w", t.name, err)
		}
	}
	_, err = pool.Exec(ctx, "VACUUM ANALYZE")
	return ids, err
}
