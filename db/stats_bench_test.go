package db

import (
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// BenchmarkFigures asks for a day's figures of nothing, and of a million tasks with a hundred thousand suggestions.
func BenchmarkFigures(b *testing.B) {
	for _, c := range []struct {
		name               string
		tasks, suggestions int
	}{{"empty", 0, 0}, {"million", 1_000_000, 100_000}} {
		b.Run(c.name, func(b *testing.B) {
			stats, until := figuresOf(b, c.tasks, c.suggestions)
			span, err := model.NewStatsSpan(&model.TimeRange{To: &until}, nil, until)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := stats.Get(b.Context(), span); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/refresh", func(b *testing.B) {
			stats, _ := figuresOf(b, c.tasks, c.suggestions)
			for b.Loop() {
				if err := stats.Refresh(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// figuresOf fills a database with work of the last three days, and counts it anew as the migration does.
func figuresOf(b *testing.B, tasks, suggestions int) (Stats, time.Time) {
	b.Helper()
	url := dbtest.URL(b)
	d, err := Open(b.Context(), url, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(d.Close)
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	run := func(sql string, args ...any) {
		if _, err := conn.Exec(b.Context(), sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	run("SET session_replication_role = replica") // no foreign keys
	run(`INSERT INTO tasks (id, workflow_id, name, status, priority, due_at, route, ready_at, claimed_at, started_at, finished_at,
			max_attempts, retry_backoff, retry_delay_seconds, retry_max_delay_seconds, created_at, updated_at)
		SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 'task', CASE WHEN i % 3 = 0 THEN 'READY' ELSE 'COMPLETED' END,
			1 + i % 4, at + interval '3 days', 1, at, at + (i % 100) * interval '1 s', at + (i % 100) * interval '1 s',
			CASE WHEN i % 3 > 0 THEN at + (i % 10000) * interval '1 s' END, 3, 'FIXED', 0, 0, at, at
		FROM generate_series(1, $1::int) AS i, LATERAL (SELECT now() - i * interval '250 ms' AS at) AS v`, tasks)
	run(`INSERT INTO suggestions (id, kind, task_id, workflow_id, agent_id, action, reasoning, confidence, action_hash, status, blocking,
			required_approvals, on_expiry, decided_at, decided_by, created_at, updated_at)
		SELECT gen_random_uuid(), 'ACTION', gen_random_uuid(), gen_random_uuid(), '00000000-0000-7000-8000-000000000003', 'act', '', i % 11 / 10.0, '',
			CASE WHEN i % 10 = 0 THEN 'PENDING' ELSE 'APPROVED' END, true, 1, 'REJECT', CASE WHEN i % 10 > 0 THEN at + (i % 5000) * interval '1 s' END,
			gen_random_uuid(), at, at
		FROM generate_series(1, $1::int) AS i, LATERAL (SELECT now() - i * interval '2.5 s' AS at) AS v`, suggestions)
	for _, file := range []string{"migrations/0005_stats.tx.down.sql", "migrations/0005_stats.tx.up.sql"} {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		run(string(text))
	}
	run("VACUUM ANALYZE")
	return Stats{DB: d}, time.Now().UTC()
}
