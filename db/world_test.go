package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db"
	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// world is a database of one test, and the repositories over it. When the test ends, what must always hold is checked.
type world struct {
	*testing.T
	db          *db.DB
	url         string
	workflows   db.Workflows
	tasks       db.Tasks
	agents      db.Agents
	suggestions db.Suggestions
	comments    db.Comments
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	return worldAt(t, dbtest.URL(t))
}

// worldAt is over a migrated database of the test's own.
func worldAt(t *testing.T, url string) *world {
	t.Helper()
	d, err := db.Open(t.Context(), url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, db: d, url: url, workflows: db.Workflows{DB: d}, tasks: db.Tasks{DB: d}, agents: db.Agents{DB: d},
		suggestions: db.Suggestions{DB: d}, comments: db.Comments{DB: d}}
	t.Cleanup(func() {
		for _, broken := range w.broken() {
			t.Error(broken)
		}
		d.Close()
	})
	return w
}

// invariants name what is broken when they give a row.
var invariants = map[string]string{
	"versions of an entity in the log ascend by one from 1": `
		SELECT entity_id::text FROM (SELECT entity_id, version, row_number() OVER (PARTITION BY entity_id ORDER BY seq) AS n FROM events) AS e
		WHERE version <> n`,
	"the last event of a task is the task": `
		SELECT t.id::text FROM tasks AS t LEFT JOIN LATERAL (SELECT * FROM events WHERE entity_id = t.id ORDER BY seq DESC LIMIT 1) AS e ON true
		WHERE e.version IS DISTINCT FROM t.version OR e.snapshot->>'status' IS DISTINCT FROM t.status`,
	"the last event of a workflow is the workflow": `
		SELECT w.id::text FROM workflows AS w LEFT JOIN LATERAL (SELECT * FROM events WHERE entity_id = w.id ORDER BY seq DESC LIMIT 1) AS e ON true
		WHERE e.version IS DISTINCT FROM w.version OR e.snapshot->>'status' IS DISTINCT FROM w.status
			OR (e.snapshot->>'completedTasks')::int IS DISTINCT FROM w.completed_tasks`,
	"a task is READY exactly when it is claimable": `
		SELECT t.id::text FROM tasks AS t JOIN workflows AS w ON w.id = t.workflow_id
		WHERE t.status IN ('PENDING', 'READY') AND (t.status = 'READY') <>
			(w.status = 'RUNNING' AND t.available_at IS NULL AND NOT EXISTS (SELECT FROM task_dependencies AS d JOIN tasks AS p ON p.id = d.depends_on_id
				WHERE d.task_id = t.id AND p.status NOT IN ('COMPLETED', 'SKIPPED')))`,
	"waits_for counts what is not done": `
		SELECT t.id::text FROM tasks AS t WHERE t.status IN ('PENDING', 'READY') AND waits_for <>
			(SELECT count(*) FROM task_dependencies AS d JOIN tasks AS p ON p.id = d.depends_on_id
				WHERE d.task_id = t.id AND p.status NOT IN ('COMPLETED', 'SKIPPED'))`,
	"a workflow's counters are those of its tasks": `
		SELECT w.id::text FROM workflows AS w LEFT JOIN LATERAL (SELECT count(*) AS n,
			count(*) FILTER (WHERE status = 'COMPLETED') AS c, count(*) FILTER (WHERE status = 'FAILED') AS f,
			count(*) FILTER (WHERE status = 'CANCELLED') AS x, count(*) FILTER (WHERE status = 'SKIPPED') AS s
			FROM tasks WHERE workflow_id = w.id) AS t ON true
		WHERE (t.n, t.c, t.f, t.x, t.s) IS DISTINCT FROM
			(w.total_tasks::bigint, w.completed_tasks::bigint, w.failed_tasks::bigint, w.cancelled_tasks::bigint, w.skipped_tasks::bigint)`,
	"a running workflow has something open": `
		SELECT w.id::text FROM workflows AS w WHERE w.status = 'RUNNING' AND w.total_tasks > 0
			AND w.total_tasks = w.completed_tasks + w.failed_tasks + w.cancelled_tasks + w.skipped_tasks`,
	"active_tasks counts what an agent holds": `
		SELECT a.id::text FROM agents AS a WHERE a.removed_at IS NULL
			AND a.active_tasks <> (SELECT count(*) FROM tasks WHERE agent_id = a.id AND status = 'IN_PROGRESS')`,
	"an agent holds no more than it takes": `
		SELECT a.id::text FROM agents AS a WHERE a.max_concurrency < (SELECT count(*) FROM tasks WHERE agent_id = a.id AND status = 'IN_PROGRESS')`,
	"an agent is capable of what it claimed": `
		SELECT t.id::text FROM task_attempts AS x JOIN tasks AS t ON t.id = x.task_id JOIN agents AS a ON a.id = x.agent_id
		WHERE NOT t.required_capabilities <@ a.capabilities`,
	"exactly the attempt of a held task is open": `
		SELECT t.id::text FROM tasks AS t LEFT JOIN task_attempts AS x ON x.task_id = t.id AND x.outcome IS NULL
		WHERE (t.status = 'IN_PROGRESS') <> (x.task_id IS NOT NULL) OR x.number <> t.attempt OR x.agent_id <> t.agent_id`,
	"attempts are numbered from 1": `
		SELECT t.id::text FROM tasks AS t WHERE attempt <> (SELECT count(*) FROM task_attempts WHERE task_id = t.id)
			OR attempt <> coalesce((SELECT max(number) FROM task_attempts WHERE task_id = t.id), 0)`,
	"attempts of one task never overlap": `
		SELECT a.task_id::text FROM task_attempts AS a JOIN task_attempts AS b ON b.task_id = a.task_id AND b.number = a.number + 1
		WHERE a.finished_at IS NULL OR a.finished_at > b.claimed_at`,
	"a task completes at most once in each run": `
		SELECT task_id::text FROM task_attempts AS a WHERE outcome = 'COMPLETED'
			AND NOT EXISTS (SELECT FROM events WHERE entity_id = a.task_id AND type = 'TASK_RETRIED') GROUP BY task_id HAVING count(*) > 1`,
}

// broken lists the invariants that do not hold, each with the first things that break it.
func (w *world) broken() []string {
	conn, err := pgx.Connect(context.Background(), w.url)
	if err != nil {
		return []string{err.Error()}
	}
	defer conn.Close(context.Background())
	var broken []string
	for name, query := range invariants {
		rows, err := conn.Query(context.Background(), query+" LIMIT 3")
		if err != nil {
			return append(broken, fmt.Sprintf("%s: %v", name, err))
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return append(broken, fmt.Sprintf("%s: %v", name, err))
		}
		if len(found) > 0 {
			broken = append(broken, "broken: "+name+": "+strings.Join(found, ", "))
		}
	}
	return broken
}

// exec runs SQL behind the repositories' back: to let time pass, or to break things.
func (w *world) exec(sql string, args ...any) {
	w.Helper()
	conn, err := pgx.Connect(context.Background(), w.url)
	if err != nil {
		w.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

// one reads one value.
func one[T any](w *world, sql string, args ...any) T {
	w.Helper()
	conn, err := pgx.Connect(context.Background(), w.url)
	if err != nil {
		w.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(context.Background(), sql, args...)
	if err != nil {
		w.Fatal(err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		w.Fatal(err)
	}
	return v
}

func (w *world) agent(name string, capacity int, capabilities ...string) *model.Agent {
	w.Helper()
	p, err := w.agents.Register(w.Context(), model.RegisterAgentInput{Name: name, Capabilities: capabilities, MaxConcurrency: &capacity})
	if err != nil {
		w.Fatal(err)
	}
	return p.Agent
}

// start creates and starts a workflow. A task is written as "key", or "key: those it waits for".
func (w *world) start(policy model.FailurePolicy, tasks ...string) *model.Workflow {
	w.Helper()
	in := model.CreateWorkflowInput{Name: w.Name(), Start: new(true), FailurePolicy: &policy}
	for _, t := range tasks {
		key, waits, _ := strings.Cut(t, ":")
		in.Tasks = append(in.Tasks, &model.NewTaskInput{
			Key: key, Name: "Task " + key, DependsOn: strings.Fields(waits),
			RetryPolicy: &model.RetryPolicyInput{DelaySeconds: new(0)},
		})
	}
	p, err := w.workflows.Create(w.Context(), in)
	if err != nil {
		w.Fatal(err)
	}
	return p.Workflow
}

func (w *world) claim(a *model.Agent, n int) []*model.TaskLease {
	w.Helper()
	leases, err := w.tasks.Claim(w.Context(), model.ClaimTasksInput{AgentID: a.ID, Max: &n})
	if err != nil {
		w.Fatal(err)
	}
	return leases
}

func (w *world) complete(l *model.TaskLease) {
	w.Helper()
	if _, err := w.tasks.Complete(w.Context(), model.CompleteTaskInput{LeaseToken: l.LeaseToken}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) fail(l *model.TaskLease, retryable bool) {
	w.Helper()
	in := model.FailTaskInput{LeaseToken: l.LeaseToken, Error: &model.TaskErrorInput{Message: "no"}, Retryable: &retryable}
	if _, err := w.tasks.Fail(w.Context(), in); err != nil {
		w.Fatal(err)
	}
}

// statuses gives "key=STATUS …" of a workflow's tasks in the order of their keys, after the workflow's own.
func (w *world) statuses(workflow *model.Workflow) string {
	return one[string](w, `SELECT w.status || ' ' || coalesce(string_agg(t.key || '=' || t.status, ' ' ORDER BY t.key), '')
		FROM workflows AS w LEFT JOIN tasks AS t ON t.workflow_id = w.id WHERE w.id = $1 GROUP BY w.status`, [16]byte(workflow.ID))
}

func (w *world) want(workflow *model.Workflow, want string) {
	w.Helper()
	if got := w.statuses(workflow); got != want {
		w.Errorf("got  %s\nwant %s", got, want)
	}
}

func (w *world) sweep() {
	w.Helper()
	if err := w.db.Sweep(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func code(err error) model.Code {
	if e, ok := errors.AsType[*model.Error](err); ok {
		return e.Code
	}
	if err != nil {
		return model.Internal
	}
	return ""
}

func (w *world) wantCode(err error, want model.Code) {
	w.Helper()
	if code(err) != want {
		w.Errorf("error %v, want %s", err, want)
	}
}

// race runs n calls at the same moment.
func race(n int, do func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-begin; do(i) })
	}
	close(begin)
	wg.Wait()
}
