package main

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"workflowfactory/model"
)

// rows is the least that any server could do that keeps the contract: what a claim and a completion write, put down by
// hand for many tasks at a time, without looking at what is asked, who asks, or what was there before. How far the
// server could come with our tables is this one's figure, not the bare loop's.
var rows = contender{
	name: "rows", about: "2 workers that write by hand, for 32 tasks in each transaction, what ours writes: tasks, attempts, agents, workflows, and five events that are placed and sealed",
	program: self("rows"),
}

const (
	rowsWorkers = 2
	rowsAtOnce  = 32
)

// The statements take arrays, as the server's do, and are prepared.
const (
	rowsClaim = `UPDATE tasks AS t SET status = 'IN_PROGRESS', attempt = t.attempt + 1, agent_id = $1, lease_token = '\x00',
		lease_expires_at = now(), claimed_at = now(), started_at = now(), updated_at = now(), version = t.version + 1
		FROM (SELECT id FROM tasks WHERE route = 1 AND status = 'READY' AND reserved_for IS NULL
			ORDER BY priority DESC, ready_at, id LIMIT $2 FOR UPDATE SKIP LOCKED) AS p WHERE t.id = p.id RETURNING t.id, t.workflow_id`
	rowsBegin = `INSERT INTO task_attempts (task_id, workflow_id, number, agent_id, claimed_at, lease_token)
		SELECT v.id, v.workflow_id, 1, $1, now(), '\x00' FROM unnest($2::uuid[], $3::uuid[]) AS v (id, workflow_id)`
	rowsComplete = `UPDATE tasks SET status = 'COMPLETED', progress = 100, result = '{"done":true}', finished_at = now(), lease_token = NULL,
		lease_expires_at = NULL, updated_at = now(), version = version + 1 WHERE id = ANY($1)`
	rowsEnd  = `UPDATE task_attempts SET finished_at = now(), outcome = 'COMPLETED', outcome_hash = '\x00' WHERE task_id = ANY($1) AND number = 1`
	rowsRoll = `UPDATE workflows SET completed_tasks = completed_tasks + n, progress = 100 * (completed_tasks + n) / total_tasks, updated_at = now(),
		version = version + n FROM (SELECT id AS done, count(*) AS n FROM unnest($1::uuid[]) AS v (id) GROUP BY id ORDER BY id) AS v WHERE id = done`
	rowsAgent = `UPDATE agents SET active_tasks = 0, status = 'IDLE', updated_at = now(), version = version + 1 WHERE id = ANY($1)`
	rowsEvent = `INSERT INTO events (id, type, kind, entity_id, version, workflow_id, task_id, agent_id, actor_id, request_id, address, changes, snapshot)
		SELECT gen_random_uuid(), $1, $2, v.entity_id, 1, v.workflow_id, v.task_id, $3, $3, '0123456789abcdef', '127.0.0.1', $4, $5
		FROM unnest($6::uuid[], $7::uuid[], $8::uuid[]) AS v (entity_id, workflow_id, task_id)`
)

// What the events of one task hold is about so long.
var (
	rowsChanges  = `[{"field":"status","before":"READY","after":"IN_PROGRESS"},{"field":"attempt","before":0,"after":1}` + strings.Repeat(`,{"field":"progress","before":0,"after":100}`, 5) + `]`
	rowsSnapshot = `{"id":"00000000-0000-7000-8000-000000000002","name":"Task"` + strings.Repeat(`,"aField12":"a value of it"`, 27) + `}`
)

func serveRows(ctx context.Context) error {
	return serveLoop(ctx, rows.name, func(pool *pgxpool.Pool) loop {
		return func(ctx context.Context, worker, _ int) (int, error) { return writeRows(ctx, pool, worker) }
	}, "plan_cache_mode", "force_generic_plan", "enable_seqscan", "off", "enable_hashjoin", "off", "enable_mergejoin", "off")
}

// writeRows claims and completes as many tasks as there are, up to a transaction's.
func writeRows(ctx context.Context, pool *pgxpool.Pool, worker int) (int, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	w := rowWriter{conn: conn.Conn()}
	for i := range rowsAtOnce {
		w.agents = append(w.agents, workerID(worker*rowsAtOnce+i))
	}
	if err := w.claim(ctx); err != nil || len(w.tasks) == 0 {
		return 0, err
	}
	return len(w.tasks), w.complete(ctx)
}

type rowWriter struct {
	conn             *pgx.Conn
	agents           [][16]byte // one for each task; the first does them all
	tasks, workflows [][16]byte
}

func (w *rowWriter) claim(ctx context.Context) error {
	var b pgx.Batch
	b.Queue("BEGIN")
	b.Queue(rowsClaim, w.agents[0], rowsAtOnce).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var task, workflow [16]byte
			if err := rows.Scan(&task, &workflow); err != nil {
				return err
			}
			w.tasks, w.workflows = append(w.tasks, task), append(w.workflows, workflow)
		}
		return rows.Err()
	})
	if err := w.conn.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	b = pgx.Batch{}
	b.Queue(rowsBegin, w.agents[0], w.tasks, w.workflows)
	w.event(&b, model.EventTypeTaskClaimed, w.tasks)
	w.ofAgents(&b)
	return w.commit(ctx, &b)
}

func (w *rowWriter) complete(ctx context.Context) error {
	var b pgx.Batch
	b.Queue("BEGIN")
	b.Queue(rowsComplete, w.tasks)
	b.Queue(rowsEnd, w.tasks)
	b.Queue(rowsRoll, w.workflows)
	w.event(&b, model.EventTypeTaskCompleted, w.tasks)
	w.event(&b, model.EventTypeWorkflowProgressed, w.workflows)
	w.ofAgents(&b)
	return w.commit(ctx, &b)
}

// ofAgents writes as many agents as there are tasks, and their events.
func (w *rowWriter) ofAgents(b *pgx.Batch) {
	agents := w.agents[:len(w.tasks)]
	b.Queue(rowsAgent, agents)
	w.event(b, model.EventTypeAgentStatusChanged, agents)
}

func (w *rowWriter) event(b *pgx.Batch, of model.EventType, entities [][16]byte) {
	b.Queue(rowsEvent, string(of), int16(entities[0][15]&0x0f), w.agents[0], rowsChanges, rowsSnapshot, entities, w.workflows, w.tasks)
}

// commit ends the transaction and gives its events their places.
func (w *rowWriter) commit(ctx context.Context, b *pgx.Batch) error {
	b.Queue("COMMIT")
	if err := w.conn.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	_, err := w.conn.Exec(ctx, "SELECT event_sequence()")
	return err
}
