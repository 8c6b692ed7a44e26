package db

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// BenchmarkFigures compares an empty database with one of a million tasks, a tenth of them overdue, and a hundred thousand
// suggestions: what it takes to ask for a day's figures, to look whether there is anything to count, to count an event, and
// to count everything anew, as the migration does.
func BenchmarkFigures(b *testing.B) {
	for _, c := range []struct {
		name               string
		tasks, suggestions int
	}{{"empty", 0, 0}, {"million", 1_000_000, 100_000}} {
		b.Run(c.name, func(b *testing.B) {
			f := newFigures(b, c.tasks, c.suggestions)
			b.Run("get", f.get)
			b.Run("idle", func(b *testing.B) {
				for b.Loop() {
					f.refresh(b)
				}
			})
			b.Run("follow", f.follow)
			b.Run("recount", func(b *testing.B) {
				for b.Loop() {
					f.recount(b)
				}
			})
		})
	}
}

type benchFigures struct {
	Stats
	conn *pgx.Conn
}

// newFigures fills a database with work of the last three days.
func newFigures(b *testing.B, tasks, suggestions int) benchFigures {
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
	b.Cleanup(func() { conn.Close(context.Background()) })
	f := benchFigures{Stats{DB: d}, conn}
	f.run(b, "SET session_replication_role = replica") // no foreign keys
	f.run(b, `INSERT INTO tasks (id, workflow_id, name, status, priority, due_at, route, ready_at, claimed_at, started_at, finished_at,
			max_attempts, retry_backoff, retry_delay_seconds, retry_max_delay_seconds, created_at, updated_at)
		SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 'task', CASE WHEN i % 3 = 0 THEN 'READY' ELSE 'COMPLETED' END,
			1 + i % 4, at + interval '2 days', 1, at, at + (i % 100) * interval '1 s', at + (i % 100) * interval '1 s',
			CASE WHEN i % 3 > 0 THEN at + (i % 10000) * interval '1 s' END, 3, 'FIXED', 0, 0, at, at
		FROM generate_series(1, $1::int) AS i, LATERAL (SELECT now() - i * interval '250 ms' AS at) AS v`, tasks)
	f.run(b, `INSERT INTO suggestions (id, kind, task_id, workflow_id, agent_id, action, reasoning, confidence, action_hash, status, blocking,
			required_approvals, on_expiry, decided_at, decided_by, urgency, created_at, updated_at)
		SELECT gen_random_uuid(), 'ACTION', gen_random_uuid(), gen_random_uuid(), '00000000-0000-7000-8000-000000000003', 'act', '', i % 11 / 10.0, '',
			CASE WHEN i % 10 = 0 THEN 'PENDING' ELSE 'APPROVED' END, true, 1, 'REJECT', CASE WHEN i % 10 > 0 THEN at + (i % 5000) * interval '1 s' END,
			gen_random_uuid(), i, at, at
		FROM generate_series(1, $1::int) AS i, LATERAL (SELECT now() - i * interval '2.5 s' AS at) AS v`, suggestions)
	f.recount(b)
	f.run(b, "VACUUM ANALYZE")
	return f
}

func (f benchFigures) run(b *testing.B, sql string, args ...any) {
	b.Helper()
	if _, err := f.conn.Exec(b.Context(), sql, args...); err != nil {
		b.Fatal(err)
	}
}

func (f benchFigures) recount(b *testing.B) {
	b.Helper()
	for _, file := range []string{"migrations/0005_stats.tx.down.sql", "migrations/0005_stats.tx.up.sql"} {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		f.run(b, string(text))
	}
}

func (f benchFigures) get(b *testing.B) {
	until := time.Now().UTC()
	span, err := model.NewStatsSpan(&model.TimeRange{To: &until}, nil, until)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := f.Get(b.Context(), span); err != nil {
			b.Fatal(err)
		}
	}
}

func (f benchFigures) refresh(b *testing.B) {
	b.Helper()
	if err := f.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// follow counts a thousand tasks that were completed in the last second.
func (f benchFigures) follow(b *testing.B) {
	const n = 1000
	for b.Loop() {
		b.StopTimer()
		_, err := f.transact(b.Context(), func(_ context.Context, c *change) error {
			for range n {
				c.entries = append(c.entries, completion(time.Now().UTC()))
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Events().Sequence(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		f.refresh(b)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/event")
}

// completion is the event of a task that was completed then.
func completion(at time.Time) *model.Entry {
	t := &model.Task{Noun: model.NewNoun(model.KindTask, at), WorkflowID: model.NewID(model.KindWorkflow), Status: model.TaskStatusCompleted,
		StartedAt: new(at.Add(-2 * time.Second)), FinishedAt: &at}
	e := t.Concerns()
	e.ID, e.ActorID, e.Type = model.NewID(model.KindEvent), model.SystemID, model.EventTypeTaskCompleted
	e.Changes, e.Snapshot = json.RawMessage(`[{"field": "status", "before": "IN_PROGRESS", "after": "COMPLETED"}]`), mustJSON(t)
	return &e
}
