package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
)

var runs = flag.Int("runs", 1, "how often agents work through the tasks of the test of histories")

// shortLeases makes leases of 400 ms of those of one second, since the API knows whole seconds, and keeps a journal of
// leases in the database's own time.
const shortLeases = `
CREATE TABLE lease_journal (n bigserial PRIMARY KEY, task uuid, attempt int, begins boolean, at timestamptz, until timestamptz, status text);
CREATE FUNCTION shorten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF NEW.lease_expires_at IS DISTINCT FROM OLD.lease_expires_at THEN
		NEW.lease_expires_at := NEW.lease_expires_at - interval '600 milliseconds';
	END IF;
	IF OLD.lease_token IS NOT NULL AND OLD.lease_token IS DISTINCT FROM NEW.lease_token THEN
		INSERT INTO lease_journal (task, attempt, begins, at, until, status) VALUES (NEW.id, OLD.attempt, false, NEW.updated_at, OLD.lease_expires_at, NEW.status);
	END IF;
	IF NEW.lease_token IS NOT NULL AND OLD.lease_token IS DISTINCT FROM NEW.lease_token THEN
		INSERT INTO lease_journal (task, attempt, begins, at, until, status) VALUES (NEW.id, NEW.attempt, true, NEW.claimed_at, NEW.lease_expires_at, NEW.status);
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER shorten BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION shorten()`

// leaseEvent is an entry of the journal.
type leaseEvent struct {
	Task    string
	Attempt int
	Begins  bool
	At      time.Time
	Until   time.Time
	Status  string
}

// answered is what an agent was told of its completion.
type answered struct {
	Task     string
	Attempt  int
	Accepted bool
}

// checkHistory names what is wrong with what happened: the journal in the order in which it was written, and what agents
// were told.
func checkHistory(tasks int, journal []leaseEvent, told []answered) (wrong []string) {
	fault := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	type attempt struct {
		task string
		n    int
	}
	last, completed := map[string]leaseEvent{}, map[string]attempt{}
	for _, e := range journal {
		before, known := last[e.Task]
		last[e.Task] = e
		switch {
		case e.Begins && known && before.Begins:
			fault("attempt %d of %s begins while %d is held", e.Attempt, e.Task, before.Attempt)
		case e.Begins && e.Attempt != before.Attempt+1:
			fault("attempt %d of %s follows %d", e.Attempt, e.Task, before.Attempt)
		case e.Begins && e.At.Before(before.At):
			fault("attempt %d of %s begins before the one before it ended", e.Attempt, e.Task)
		case !e.Begins && (!before.Begins || before.Attempt != e.Attempt):
			fault("attempt %d of %s ends, which was not held", e.Attempt, e.Task)
		case !e.Begins && e.Status == "COMPLETED":
			if _, twice := completed[e.Task]; twice {
				fault("%s is completed twice", e.Task)
			}
			if !e.At.Before(e.Until) {
				fault("attempt %d completed %s after its lease had ended", e.Attempt, e.Task)
			}
			completed[e.Task] = attempt{e.Task, e.Attempt}
		}
	}
	if len(completed) != tasks {
		fault("%d tasks are completed, want %d", len(completed), tasks)
	}
	for _, a := range told {
		if is := completed[a.Task] == (attempt{a.Task, a.Attempt}); is != a.Accepted {
			fault("attempt %d of %s was told that it is accepted: %t, and it is: %t", a.Attempt, a.Task, a.Accepted, is)
		}
	}
	return wrong
}

func TestTheCheckerOfHistoriesCatchesWhatItShould(t *testing.T) {
	t.Parallel()
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	journal := []leaseEvent{
		{"a", 1, true, at(0), at(400), "IN_PROGRESS"}, {"a", 1, false, at(500), at(400), "PENDING"},
		{"a", 2, true, at(600), at(1000), "IN_PROGRESS"}, {"a", 2, false, at(700), at(1000), "COMPLETED"},
	}
	told := []answered{{"a", 1, false}, {"a", 2, true}}
	if wrong := checkHistory(1, journal, told); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	for name, spoil := range map[string]func(j []leaseEvent, a []answered) ([]leaseEvent, []answered){
		"a token is not checked": func(j []leaseEvent, a []answered) ([]leaseEvent, []answered) { j[3].Attempt = 1; return j, a },
		"leases overlap":         func(j []leaseEvent, a []answered) ([]leaseEvent, []answered) { return slices.Delete(j, 1, 2), a },
		"it begins too early":    func(j []leaseEvent, a []answered) ([]leaseEvent, []answered) { j[2].At = at(450); return j, a },
		"it completes too late":  func(j []leaseEvent, a []answered) ([]leaseEvent, []answered) { j[3].At = at(1001); return j, a },
		"a completion is lost":   func(j []leaseEvent, a []answered) ([]leaseEvent, []answered) { return j[:3], a },
		"it completes twice": func(j []leaseEvent, a []answered) ([]leaseEvent, []answered) {
			return append(j, leaseEvent{"a", 3, true, at(800), at(1200), "IN_PROGRESS"}, leaseEvent{"a", 3, false, at(900), at(1200), "COMPLETED"}), a
		},
		"a number is left out": func(j []leaseEvent, a []answered) ([]leaseEvent, []answered) {
			j[2].Attempt, j[3].Attempt = 3, 3
			a[1].Attempt = 3
			return j, a
		},
		"a late one is told that it was accepted": func(j []leaseEvent, a []answered) ([]leaseEvent, []answered) { a[0].Accepted = true; return j, a },
		"an accepted one is told that it is late": func(j []leaseEvent, a []answered) ([]leaseEvent, []answered) { a[1].Accepted = false; return j, a },
	} {
		if len(checkHistory(1, first(spoil(slices.Clone(journal), slices.Clone(told))), second(spoil(slices.Clone(journal), slices.Clone(told))))) == 0 {
			t.Errorf("nothing is found when %s", name)
		}
	}
}

func first[A, B any](a A, _ B) A  { return a }
func second[A, B any](_ A, b B) B { return b }

// Agents that die, stall past their leases of 400 ms or answer late work through 500 tasks in 12 layers, on two
// servers, while PostgreSQL is killed twice. What they were told and what the database saw fit together.
func TestHistoryOfAgentsThatDie(t *testing.T) {
	t.Parallel()
	cluster := dbtest.NewCluster(t)
	exec := func(sql string) {
		conn, err := pgx.Connect(t.Context(), cluster.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(shortLeases)
	one := serve(t, "DATABASE_URL="+cluster.URL(), "RATE_PER_SECOND=0")
	servers := []*server{one, serve(t, "DATABASE_URL="+cluster.URL(), "RATE_PER_SECOND=0")}
	for range *runs {
		exec("TRUNCATE lease_journal")
		workThrough(t, cluster, servers)
	}
}

const (
	historyTasks, historyWorkflows, historyLayers, historyAgents = 500, 5, 12, 24

	completeIt = `mutation ($t: String!, $r: JSON) { completeTask(input: {leaseToken: $t, result: $r}) { task { id } } }`
)

// layered gives tasks in layers, each of which waits for two of the layer before it.
func layered(prefix string, n int) (tasks []vars) {
	width := (n + historyLayers - 1) / historyLayers
	key := func(i int) string { return fmt.Sprint(prefix, i) }
	for i := range n {
		in := vars{"key": key(i), "name": "Task " + key(i), "maxAttempts": 100, "retryPolicy": vars{"backoff": "FIXED", "delaySeconds": 0}}
		if i >= width {
			in["dependsOn"] = []string{key(i - width), key(i - width - i%width + (i+1)%width)}
		}
		tasks = append(tasks, in)
	}
	return tasks
}

func workThrough(t *testing.T, cluster *dbtest.Cluster, servers []*server) {
	admin := servers[0].admin()
	for i := range historyWorkflows {
		admin.must(nil, `mutation ($i: CreateWorkflowInput!) { createWorkflow(input: $i) { workflow { id } } }`, vars{"i": vars{
			"name": fmt.Sprint("history ", i), "start": true, "tasks": layered(fmt.Sprint(i, "-"), historyTasks/historyWorkflows)}})
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	var accepted atomic.Int32
	halfway := make(chan int, historyTasks)
	var mu sync.Mutex // protects told
	var told []answered
	var work sync.WaitGroup
	for i := range historyAgents {
		a := &mortal{client: admin, servers: servers, id: registerAgent(admin, fmt.Sprint("mortal ", i))}
		work.Go(func() {
			for ctx.Err() == nil && accepted.Load() < historyTasks {
				if done := a.work(ctx); done != nil {
					mu.Lock()
					told = append(told, *done)
					mu.Unlock()
					if done.Accepted {
						halfway <- int(accepted.Add(1))
					}
				}
			}
		})
	}
	for _, third := range []int{historyTasks / 3, 2 * historyTasks / 3} {
		for n := 0; n < third; {
			select {
			case n = <-halfway:
			case <-ctx.Done():
				t.Fatalf("%d of %d tasks are done in time", accepted.Load(), historyTasks)
			}
		}
		cluster.Kill9()
		cluster.Start()
	}
	work.Wait()

	conn, err := pgx.Connect(t.Context(), cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), "SELECT task::text, attempt, begins, at, until, status FROM lease_journal ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	journal, err := pgx.CollectRows(rows, pgx.RowToStructByPos[leaseEvent])
	if err != nil {
		t.Fatal(err)
	}
	rows, err = conn.Query(t.Context(), "SELECT key, id::text FROM tasks WHERE workflow_id IN (SELECT id FROM workflows ORDER BY id DESC LIMIT $1)", historyWorkflows)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	var key, id string
	if _, err := pgx.ForEachRow(rows, []any{&key, &id}, func() error { ids[key] = id; return nil }); err != nil {
		t.Fatal(err)
	}
	for i := range told {
		told[i].Task = ids[told[i].Task]
	}
	for _, wrong := range checkHistory(historyTasks, journal, told) {
		t.Error(wrong)
	}
	var open struct{ Workflows struct{ TotalCount int } }
	admin.must(&open, `{ workflows(filter: {status: {neq: COMPLETED}}) { totalCount } }`, nil)
	if n := open.Workflows.TotalCount; n != 0 {
		t.Errorf("%d workflows are not COMPLETED", n)
	}
	late := len(slices.DeleteFunc(told, func(a answered) bool { return a.Accepted }))
	t.Logf("%d leases, %d completions came too late", len(journal)/2, late)
	if late == 0 {
		t.Error("no completion came too late: the agents were too good for this test")
	}
}

func registerAgent(c *client, name string) string {
	var made struct {
		RegisterAgent struct{ Agent struct{ ID string } }
	}
	c.must(&made, `mutation ($n: String!) { registerAgent(input: {name: $n}) { agent { id } } }`, vars{"n": name})
	return made.RegisterAgent.Agent.ID
}

// mortal is an agent that does not always live up to its leases.
type mortal struct {
	*client
	servers []*server
	id      string
}

// work does one task, as well as it can, and gives what it was told of it; nil if it has nothing to say.
func (a *mortal) work(ctx context.Context) *answered {
	a.client = &client{s: a.servers[rand.IntN(len(a.servers))], name: a.name, key: a.key}
	var claimed struct {
		ClaimTasks []struct {
			LeaseToken string
			Attempt    int
			Task       struct{ Key string }
		}
	}
	errs, err := a.do(&claimed, `mutation ($a: ID!) { claimTasks(input: {agentId: $a, leaseSeconds: 1, waitSeconds: 1}) { leaseToken attempt task { key } } }`, vars{"a": a.id})
	if err != nil || len(errs) > 0 || len(claimed.ClaimTasks) == 0 {
		rest(ctx, 20*time.Millisecond) // the database is down, perhaps
		return nil
	}
	lease := claimed.ClaimTasks[0]
	switch luck := rand.IntN(20); {
	case luck == 0:
		rest(ctx, 500*time.Millisecond) // it dies, and nobody hears of it
		return nil
	case luck == 1:
		rest(ctx, 700*time.Millisecond) // it stalls, and does not know
	default:
		rest(ctx, time.Duration(rand.IntN(30))*time.Millisecond)
	}
	for ctx.Err() == nil {
		errs, err := a.do(nil, completeIt, vars{"t": lease.LeaseToken, "r": lease.Attempt})
		switch {
		case err == nil && len(errs) == 0:
			return &answered{lease.Task.Key, lease.Attempt, true}
		case err == nil && errs[0].code() == "STALE_LEASE":
			return &answered{lease.Task.Key, lease.Attempt, false}
		}
		rest(ctx, 20*time.Millisecond) // it does not know whether it was heard, and says the same again
		a.client = &client{s: a.servers[rand.IntN(len(a.servers))], name: a.name, key: a.key}
	}
	return nil
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
