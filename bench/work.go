package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"workflowfactory/db"
	"workflowfactory/model"
)

// working is a case of workers that claim tasks and complete them. The first contender, of 8 workers always, is the
// least that any queue in PostgreSQL does: it claims and commits, completes and commits, and tells nobody.
func working(name string, workers, by int) benchmark {
	return benchmark{
		name:       name,
		about:      fmt.Sprintf("claim and complete, %d workers, %d at a time; a unit is one task", workers, by),
		contenders: []contender{bare, sameTable, rows, direct, wfd},
		check: func(ctx context.Context, w *world, all []*process) error {
			for _, p := range all {
				if err := w.refill(ctx, p.name, 1000); err != nil {
					return err
				}
			}
			return nil
		},
		prepare: func(ctx context.Context, w *world, p *process) error {
			if err := w.refill(ctx, p.name, int(float64(perSecond(by))*w.round.Seconds())); err != nil {
				return err
			}
			_, err := w.pool.Exec(ctx, "ANALYZE") // as autovacuum would have done by then
			return err
		},
		load: func(ctx context.Context, w *world, p *process, _ int) (int, error) {
			n := workers
			switch p.name {
			case bare.name, sameTable.name:
				n = bareWorkers
			case rows.name:
				n = rowsWorkers
			}
			if p.name == wfd.name {
				return w.overAPI(ctx, p.address, n, by)
			}
			return workThere(ctx, p.address, n, by)
		},
	}
}

// bareWorkers is how many workers the bare loops have.
const bareWorkers = 8

// perSecond is more tasks than any contender gets through.
func perSecond(by int) int {
	if by > 1 {
		return 40_000
	}
	return 10_000
}

// The contenders that are no servers but loops: they work when they are told to.
var (
	bare = contender{
		name: "bare", about: "8 workers on a table of nothing but a queue: UPDATE of what FOR UPDATE SKIP LOCKED gives, commit; UPDATE, commit",
		program: self("bare"),
	}
	sameTable = contender{
		name: "tasks", about: "the same on our table of tasks with its indexes, without events, attempts, workflows and agents",
		program: self("tasks"),
	}
	direct = contender{
		name: "db", about: "the server's own claims and completions, without GraphQL and HTTP", program: self("db"),
	}
)

// loop is one worker's round: it claims up to by tasks, completes them, and gives their number.
type loop func(ctx context.Context, worker, by int) (int, error)

func serveBare(ctx context.Context) error {
	return serveLoop(ctx, bare.name, bareLoop(`UPDATE bare SET status = 'IN_PROGRESS', attempt = attempt + 1 WHERE id IN (
			SELECT id FROM bare WHERE status = 'READY' ORDER BY priority DESC, ready_at, id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id`,
		`UPDATE bare SET status = 'COMPLETED' WHERE id = ANY($1)`))
}

func serveSameTable(ctx context.Context) error {
	return serveLoop(ctx, sameTable.name, bareLoop(`UPDATE tasks SET status = 'IN_PROGRESS', attempt = attempt + 1,
			agent_id = (SELECT id FROM agents LIMIT 1), lease_token = '\x00', lease_expires_at = now(), claimed_at = now() WHERE id IN (
			SELECT id FROM tasks WHERE route = 1 AND status = 'READY' AND reserved_for IS NULL
			ORDER BY priority DESC, ready_at, id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id`,
		`UPDATE tasks SET status = 'COMPLETED', finished_at = now(), lease_token = NULL, lease_expires_at = NULL WHERE id = ANY($1)`))
}

func bareLoop(claim, complete string) func(*pgxpool.Pool) loop {
	return func(pool *pgxpool.Pool) loop {
		return func(ctx context.Context, _, by int) (int, error) {
			rows, err := pool.Query(ctx, claim, by)
			if err != nil {
				return 0, err
			}
			ids, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
			if err != nil || len(ids) == 0 {
				return 0, err
			}
			_, err = pool.Exec(ctx, complete, ids)
			return len(ids), err
		}
	}
}

// serveLoop runs a loop on connections with these settings, given as names and values.
func serveLoop(ctx context.Context, name string, make func(*pgxpool.Pool) loop, settings ...string) error {
	config, err := pgxpool.ParseConfig(os.Getenv(databaseVar))
	if err != nil {
		return err
	}
	config.MaxConns = bareWorkers
	config.ConnConfig.RuntimeParams["application_name"] = name
	for i := 0; i < len(settings); i += 2 {
		config.ConnConfig.RuntimeParams[settings[i]] = settings[i+1]
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	return serve(ctx, whenTold(make(pool)))
}

func serveDirect(ctx context.Context) error {
	d, err := db.Open(ctx, os.Getenv(databaseVar), db.Options{ApplicationName: direct.name})
	if err != nil {
		return err
	}
	defer d.Close()
	tasks := db.Tasks{DB: d}
	return serve(ctx, whenTold(func(ctx context.Context, worker, by int) (int, error) {
		leases, err := tasks.Claim(ctx, model.ClaimTasksInput{AgentID: workerID(worker), Max: &by})
		if err != nil || len(leases) == 0 {
			return 0, err
		}
		return len(leases), allOf(len(leases), func(i int) error {
			_, err := tasks.Complete(ctx, model.CompleteTaskInput{LeaseToken: leases[i].LeaseToken, Result: model.JSON(`{"done":true}`)})
			return err
		})
	}))
}

// allOf does n things at the same time.
func allOf(n int, do func(int) error) error {
	if n == 1 {
		return do(0)
	}
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// whenTold works as long and with as many workers as a request says, and answers how much was done.
func whenTold(do loop) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number := func(name string) int { n, _ := strconv.Atoi(r.FormValue(name)); return n }
		until := time.Now().Add(time.Duration(number("ms")) * time.Millisecond)
		done, err := inParallel(number("workers"), until, func(worker int) (int, error) { return do(r.Context(), worker, number("by")) })
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, done)
	})
}

// inParallel has workers do rounds until that time, and gives how much they did.
func inParallel(workers int, until time.Time, do func(worker int) (int, error)) (done int, err error) {
	var wg sync.WaitGroup
	var mu sync.Mutex // protects done and err
	for worker := range workers {
		wg.Go(func() {
			for time.Now().Before(until) {
				n, failed := do(worker)
				if failed == nil && n == 0 {
					failed = errors.New("there is nothing left to do")
				}
				mu.Lock()
				done, err = done+n, errors.Join(err, failed)
				stop := err != nil
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	wg.Wait()
	return done, err
}

// workThere tells a loop to work until the context ends.
func workThere(ctx context.Context, address string, workers, by int) (done int, err error) {
	deadline, _ := ctx.Deadline()
	url := fmt.Sprintf("http://%s/?workers=%d&by=%d&ms=%d", address, workers, by, time.Until(deadline).Milliseconds())
	response, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if _, err := fmt.Fscan(response.Body, &done); err != nil {
		return 0, fmt.Errorf("%s: %w", response.Status, err)
	}
	return done, nil
}

const (
	claimSome   = `mutation ($a: ID!, $n: Int!) { claimTasks(input: {agentId: $a, max: $n}) { leaseToken task { id name } } }`
	completeOne = `mutation ($t: String!) { completeTask(input: {leaseToken: $t, result: {done: true}}) { task { id } } }`
)

// overAPI works with as many agents as there are workers. Each has a connection for each task that it does at a time.
func (w *world) overAPI(ctx context.Context, address string, workers, by int) (int, error) {
	deadline, _ := ctx.Deadline()
	clients := make([][]*client, workers)
	for i := range clients {
		for range by {
			c, err := dial(address)
			if err != nil {
				return 0, err
			}
			defer c.conn.Close()
			clients[i] = append(clients[i], c)
		}
	}
	return inParallel(workers, deadline, func(worker int) (int, error) {
		mine := clients[worker]
		answer, err := mine[0].do(request(claimSome, map[string]any{"a": workerID(worker).String(), "n": by}))
		if err != nil {
			return 0, err
		}
		var claimed struct {
			Data struct {
				ClaimTasks []struct{ LeaseToken string }
			}
		}
		if err := json.Unmarshal(answer, &claimed); err != nil || claimed.Data.ClaimTasks == nil {
			return 0, fmt.Errorf("claim: %s: %w", answer, err)
		}
		leases := claimed.Data.ClaimTasks
		return len(leases), allOf(len(leases), func(i int) error {
			_, err := mine[i].do(request(completeOne, map[string]any{"t": leases[i].LeaseToken}))
			return err
		})
	})
}

// workerID is the agent as which a worker works.
func workerID(worker int) model.ID {
	return model.ID{0: 0xaa, 6: 0x70, 8: 0x80, 13: byte(worker), 15: byte(model.KindAgent)}
}

// tasksOfOne is how many tasks a workflow has.
const tasksOfOne = 20

// refill sees to it that there is enough to do for a contender, past the repositories.
func (w *world) refill(ctx context.Context, name string, enough int) error {
	if err := w.hire(ctx); err != nil {
		return err
	}
	if name == bare.name {
		_, err := w.pool.Exec(ctx, `INSERT INTO bare (id, status, priority, ready_at) SELECT gen_random_uuid(), 'READY', 2, clock_timestamp()
			FROM generate_series((SELECT count(*) FROM bare WHERE status = 'READY') + 1, $1)`, enough)
		return err
	}
	_, err := w.pool.Exec(ctx, `
		WITH made AS (
			INSERT INTO workflows (id, name, status, priority, trigger_type, created_by, failure_policy, started_at, total_tasks, created_at, updated_at)
			SELECT encode(set_byte(uuid_send(gen_random_uuid()), 15, $3), 'hex')::uuid, 'work', 'RUNNING', 2, 'MANUAL', $4, 'FAIL_FAST', now(), $2, now(), now()
			FROM generate_series((SELECT count(*) FROM tasks WHERE status = 'READY') / $2 + 1, $1 / $2) RETURNING id)
		INSERT INTO tasks (id, workflow_id, key, name, status, priority, route, attempt, max_attempts, retry_backoff, retry_delay_seconds,
			retry_max_delay_seconds, ready_at, created_at, updated_at)
		SELECT encode(set_byte(uuid_send(gen_random_uuid()), 15, $5), 'hex')::uuid, id, 't' || n, 'Task ' || n, 'READY', 2, 1, 0, 3, 'EXPONENTIAL', 2,
			300, clock_timestamp(), now(), now() FROM made, generate_series(1, $2) AS n`,
		enough, tasksOfOne, int(model.KindWorkflow), [16]byte(model.SystemID), int(model.KindTask))
	return err
}

// hire makes the workers' agents, and the bare queue.
func (w *world) hire(ctx context.Context) error {
	if w.hired {
		return nil
	}
	w.hired = true
	for worker := range 256 {
		if _, err := w.pool.Exec(ctx, `INSERT INTO agents (id, name, status, max_concurrency, heartbeat_interval_seconds, last_heartbeat_at, created_at, updated_at)
			VALUES ($1, $2, 'IDLE', 50, 3600, now(), now(), now())`, [16]byte(workerID(worker)), fmt.Sprint("Worker ", worker)); err != nil {
			return err
		}
	}
	_, err := w.pool.Exec(ctx, `CREATE TABLE bare (id uuid PRIMARY KEY, status text NOT NULL, priority smallint NOT NULL, ready_at timestamptz NOT NULL,
		attempt int NOT NULL DEFAULT 0) WITH (fillfactor = 80);
		CREATE INDEX ON bare (priority DESC, ready_at, id) WHERE status = 'READY'`)
	return err
}
