package db

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// TestPageInTheMiddleCostsTheSame asks for a page in the middle of a thousand and of a million tasks, in every order and
// from either side, and compares what PostgreSQL reads for it. Under the race detector, which does not look into
// PostgreSQL, the million are fewer.
func TestPageInTheMiddleCostsTheSame(t *testing.T) {
	t.Parallel()
	few, many := manyTasks(t, 1_000), manyTasks(t, 1_000_000/raceDivisor)
	for field := range taskTable.orders {
		fewAt, manyAt := few.middle(t, field), many.middle(t, field)
		for _, backward := range []bool{false, true} {
			small, large := few.page(t, field, fewAt, backward), many.page(t, field, manyAt, backward)
			t.Logf("%-11s backward %-5v: %3d buffers of %d, %3d of %d", field, backward, small.buffers(), few.n, large.buffers(), many.n)
			if fault := large.fault(small); fault != "" {
				t.Errorf("%s, backward %v: %s\n%s", field, backward, fault, large.text)
			}
		}
	}
	// The control: without its index an order is found out.
	fewAt, manyAt := few.middle(t, "DUE_AT"), many.middle(t, "DUE_AT")
	many.exec(t, "DROP INDEX tasks_due")
	if many.page(t, "DUE_AT", manyAt, false).fault(few.page(t, "DUE_AT", fewAt, false)) == "" {
		t.Error("a sort of all the rows was not found out")
	}
}

// manyRows is a database with so many tasks, and what was asked of it last.
type manyRows struct {
	*DB
	n    int
	conn *pgx.Conn
	sql  string
	args []any
}

// TraceQueryStart keeps the statement.
func (c *manyRows) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	c.sql, c.args = data.SQL, data.Args
	return ctx
}

// TraceQueryEnd ends what TraceQueryStart began.
func (c *manyRows) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func manyTasks(t *testing.T, n int) *manyRows {
	t.Helper()
	url := dbtest.URL(t)
	c := &manyRows{n: n}
	var err error
	if c.DB, err = Open(t.Context(), url, Options{Tracer: c, StatementTimeout: time.Hour}); err != nil { // the control is slow
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if c.conn, err = pgx.Connect(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.conn.Close(context.Background()) })
	c.fill(t)
	return c
}

// fill writes the rows past all that would make it slow: each index is made again afterwards, as the migration has it.
func (c *manyRows) fill(t *testing.T) {
	t.Helper()
	c.exec(t, "SET session_replication_role = replica", "SET maintenance_work_mem = '256MB'") // the first: no foreign keys
	var indexes []string
	for _, column := range []string{"created", "updated", "name", "priority", "due", "finished"} {
		var def string
		if err := c.conn.QueryRow(t.Context(), "SELECT indexdef FROM pg_indexes WHERE indexname = $1", "tasks_"+column).Scan(&def); err != nil {
			t.Fatalf("the index for %s: %v", column, err)
		}
		indexes = append(indexes, def)
	}
	c.exec(t, `DO $$ DECLARE i text; BEGIN
		FOR i IN SELECT indexname FROM pg_indexes WHERE tablename = 'tasks' AND indexname NOT IN ('tasks_pkey', 'tasks_workflow_key') LOOP
			EXECUTE 'DROP INDEX ' || i;
		END LOOP;
	END $$`)
	c.exec(t, `DO $$ DECLARE c text; BEGIN
		FOR c IN SELECT conname FROM pg_constraint WHERE conrelid = 'tasks'::regclass AND contype IN ('c', 'u') LOOP
			EXECUTE 'ALTER TABLE tasks DROP CONSTRAINT ' || quote_ident(c);
		END LOOP;
	END $$`)
	c.exec(t, fmt.Sprintf(`
		INSERT INTO tasks (id, workflow_id, name, status, priority, due_at, route, ready_at, max_attempts, retry_backoff, retry_delay_seconds,
			retry_max_delay_seconds, finished_at, created_at, updated_at)
		SELECT (lpad(to_hex(i), 12, '0') || '7000800000000000' || lpad(to_hex(i %% 65536), 4, '0'))::uuid, '00000000-0000-7000-8000-000000000001',
			'task ' || h %% 5000, CASE WHEN i %% 3 = 0 THEN 'READY' ELSE 'COMPLETED' END, 1 + i %% 4,
			CASE WHEN h %% 3 > 0 THEN at + h * interval '1 s' END, 1, at, 3, 'FIXED', 0, 0,
			CASE WHEN i %% 3 > 0 THEN at + h * interval '2 s' END, at + h * interval '1 ms', at + (h / 10) * interval '1 s'
		FROM generate_series(1, %d) AS i, LATERAL (SELECT i * 7919::bigint %% 1000003 AS h, timestamptz '2026-01-31' AS at) AS v`, c.n))
	for _, index := range indexes {
		c.exec(t, index)
	}
	c.exec(t, "VACUUM ANALYZE tasks")
}

func (c *manyRows) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := c.conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// middle is the cursor of the row in the middle.
func (c *manyRows) middle(t *testing.T, field string) string {
	t.Helper()
	s := taskTable.sorting(field, oldestFirst)
	var task model.Task
	sql := "SELECT id, name, priority, created_at, updated_at, due_at, finished_at FROM tasks AS x ORDER BY " + s.sql + ", x.id OFFSET $1 LIMIT 1"
	err := c.conn.QueryRow(t.Context(), sql, c.n/2).Scan((*[16]byte)(&task.ID), &task.Name, (*int16)(&task.Priority),
		&task.CreatedAt, &task.UpdatedAt, &task.DueAt, &task.FinishedAt)
	if err != nil {
		t.Fatal(err)
	}
	return s.cursor(task.ID, &task)
}

// page asks for the page behind a row, and has PostgreSQL explain what it does for it.
func (c *manyRows) page(t *testing.T, field, cursor string, backward bool) *plan {
	t.Helper()
	page := model.Page{First: new(50), After: &cursor}
	if backward {
		page = model.Page{Last: new(50), Before: &cursor}
	}
	order := &model.TaskOrder{Field: model.TaskOrderField(field), Direction: oldestFirst}
	got, err := Tasks{c.DB}.Page(t.Context(), nil, order, page)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Edges) != 50 || !got.PageInfo.HasNextPage || !got.PageInfo.HasPreviousPage {
		t.Fatalf("that is no page in the middle: %d rows", len(got.Edges))
	}
	return c.explain(t)
}

// explain gives the plan of the statement that was run last.
func (c *manyRows) explain(t *testing.T) *plan {
	t.Helper()
	const mode, formats = 1, 1 // what comes before the arguments
	var text []byte
	args := append([]any{pgx.QueryExecModeDescribeExec}, c.args[mode+formats:]...)
	if err := c.conn.QueryRow(t.Context(), "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+c.sql, args...).Scan(&text); err != nil {
		t.Fatal(err)
	}
	var top []struct{ Plan plan }
	if err := json.Unmarshal(text, &top); err != nil {
		t.Fatal(err)
	}
	p := &top[0].Plan
	p.text = string(text)
	return p
}

// plan is a node of a plan and what is below it.
type plan struct {
	Node  string  `json:"Node Type"`
	Rows  float64 `json:"Actual Rows"`
	Hit   int     `json:"Shared Hit Blocks"`
	Read  int     `json:"Shared Read Blocks"`
	Plans []plan
	text  string
}

func (p *plan) buffers() int { return p.Hit + p.Read }

// fault says what makes the plan cost more than that of a small table; "" for nothing.
func (p *plan) fault(small *plan) string {
	if most := small.buffers()*3/2 + 20; p.buffers() > most {
		return fmt.Sprintf("it reads %d buffers, where at most %d are right", p.buffers(), most)
	}
	return p.worst()
}

// worst names the node that touches more rows than a page and its neighbours.
func (p *plan) worst() string {
	const page = 50 + 1 + 2
	if p.Rows > page || p.Node == "Seq Scan" {
		return fmt.Sprintf("%s touches %v rows", p.Node, p.Rows)
	}
	for i := range p.Plans {
		if fault := p.Plans[i].worst(); fault != "" {
			return fault
		}
	}
	return ""
}
