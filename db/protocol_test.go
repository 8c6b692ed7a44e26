package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"workflowfactory/db"
	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// What the claim protocol promises, and the tests that show it. After every test of this package that makes a world,
// its invariants are checked too (world_test.go), and TestTheInvariantsCatchWhatTheyShould checks those.
//
//	T1  leases of one task never overlap           e2e TestHistoryOfAgentsThatDie; invariant "attempts of one task never overlap"
//	T2  at most one accepted completion            TestOneOfFiftyCompletionsWins, e2e TestHistoryOfAgentsThatDie
//	T3  acknowledged completions survive           e2e TestHistoryOfAgentsThatDie
//	T4  a stale token has no effect                TestALostLeaseGoesBackUntilNoAttemptIsLeft, TestWithoutTheTokenCheck
//	T5  attempts count by one                      invariant "attempts are numbered from 1"
//	T6  READY exactly when claimable               invariant "a task is READY exactly when it is claimable"
//	T7  the last parents at once                   TestTheLastTwoParentsTogether, TestManyParentsInOneBatch
//	T8  a child added while its parent completes   TestAChildAddedWhileItsParentCompletes, TestCompletionInOneStatement
//	T9  no deadlocks                               TestNoDeadlocks, TestUnorderedLocks
//	T10 capabilities are always contained          invariant "an agent is capable of what it claimed"
//	T11 priority, then age                         TestClaimOrderAndEligibility
//	T12 LOW finishes under endless URGENT          TestLowFinishesUnderEndlessUrgent
//	T13 after a pause no claim commits             TestAfterAPauseNoClaimCommits
//	T14 cancelling voids completion                TestCancelVoidsCompletion
//	T15 expiry, backoff, FAILED at the last        TestALostLeaseGoesBackUntilNoAttemptIsLeft, TestBackoff
//	T16 empty only if nothing is eligible          TestAnEmptyAnswerIsTrue
//	T17 one key, one effect                        TestOneKeyOneEffect
//	T19 one READY task wakes one waiter            dispatch TestOneTaskWakesOneWaiter
//	T20 heartbeats are HOT                         TestHeartbeatsTouchNoIndex
//	T21 claims cost the same beside many others    TestClaimCostIsFlat

func TestLowFinishesUnderEndlessUrgent(t *testing.T) {
	w := newWorld(t)
	agent := w.agent("a", 1)
	add := func(workflow model.ID, p model.Priority) {
		if _, err := w.tasks.Create(t.Context(), model.CreateTaskInput{WorkflowID: workflow, Name: "n", Priority: &p}); err != nil {
			t.Fatal(err)
		}
	}
	workflow := w.start(model.FailurePolicyFailFast)
	add(workflow.ID, model.PriorityLow)
	for range 4 {
		add(workflow.ID, model.PriorityUrgent)
	}
	for n := 1; ; n++ {
		lease := w.claim(agent, 1)[0]
		w.complete(lease)
		if lease.Task.Priority == model.PriorityLow {
			if n != 8 {
				t.Errorf("the LOW task was the %dth, want the 8th: URGENT ones first, but not for ever", n)
			}
			return
		}
		if n == 8 {
			t.Fatal("the LOW task starves")
		}
		add(workflow.ID, model.PriorityUrgent)
	}
}

func TestHeartbeatsTouchNoIndex(t *testing.T) {
	t.Parallel()
	// A cluster of its own: old rows are not cleared away while any transaction that began before is open, and other tests
	// hold some open for long, on purpose.
	w := worldAt(t, dbtest.NewCluster(t).URL())
	const crew, leases, beats = 25, 4, 40
	var keys []string
	for i := range crew * leases {
		keys = append(keys, fmt.Sprint("t", i))
	}
	w.start(model.FailurePolicyFailFast, keys...)
	var heartbeats []model.HeartbeatInput
	for i := range crew {
		agent := w.agent(fmt.Sprint("agent ", i), leases)
		in := model.HeartbeatInput{AgentID: agent.ID}
		for _, l := range w.claim(agent, leases) {
			in.Leases = append(in.Leases, &model.HeartbeatLeaseInput{LeaseToken: l.LeaseToken})
		}
		heartbeats = append(heartbeats, in)
	}
	updates := func() (all, hot int) {
		return one[int](w, "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'tasks'"),
			one[int](w, "SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'tasks'")
	}
	w.tasks.Close() // a connection that ends reports what it did
	before, hotBefore := updates()
	d, err := db.Open(t.Context(), w.url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range beats {
		for _, in := range heartbeats {
			h, err := (db.Agents{DB: d}).Heartbeat(t.Context(), in)
			if err != nil || h.Leases[leases-1].Lost {
				t.Fatalf("%+v, %v", h, err)
			}
		}
	}
	d.Close()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) { // until the reports are in
		all, hot := updates()
		if all -= before; all >= crew*leases*beats {
			if hot -= hotBefore; hot*100 < all*95 {
				t.Errorf("%d of %d updates by heartbeats were HOT, want 95 %%", hot, all)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d updates are reported, want %d", all, crew*leases*beats)
		}
	}
}

func TestManyParentsInOneBatch(t *testing.T) {
	w := newWorld(t)
	workflow := w.start(model.FailurePolicyFailFast, "a", "b", "c", "d", "e", "f", "join: a b c d e f")
	agent := w.agent("a", 10)
	leases := w.claim(agent, 6)
	race(len(leases), func(i int) { w.complete(leases[i]) })
	w.want(workflow, "RUNNING a=COMPLETED b=COMPLETED c=COMPLETED d=COMPLETED e=COMPLETED f=COMPLETED join=READY")
	if n := one[int](w, "SELECT count(*) FROM events WHERE type = 'WORKFLOW_PROGRESSED'"); n != 6 {
		t.Errorf("the log tells of %d steps of the workflow, want each of 6", n)
	}
}

func TestEachCallerOfABatchIsNamed(t *testing.T) {
	w := newWorld(t)
	const n = 12
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf("t%02d", i))
	}
	w.start(model.FailurePolicyFailFast, keys...)
	callers := make([]context.Context, n)
	for i := range callers {
		agent := w.agent(fmt.Sprint("agent ", i), 1)
		callers[i] = model.WithCaller(t.Context(), model.Caller{ID: model.NewID(model.KindAPIKey), Role: model.RoleAgent, AgentID: agent.ID, RequestID: fmt.Sprint("request ", i)})
	}
	race(n, func(i int) {
		agent := model.CallerFrom(callers[i]).AgentID
		leases, err := w.tasks.Claim(callers[i], model.ClaimTasksInput{AgentID: agent, IdempotencyKey: new(fmt.Sprint("claim ", i))})
		if err != nil || len(leases) != 1 {
			t.Errorf("%d leases, %v", len(leases), err)
			return
		}
		in := model.CompleteTaskInput{LeaseToken: leases[0].LeaseToken, Result: model.JSON(fmt.Sprint(i)), IdempotencyKey: new(fmt.Sprint("complete ", i))}
		first, err := w.tasks.Complete(callers[i], in)
		if err != nil || first.Seq == 0 || string(first.Task.Result) != fmt.Sprint(i) {
			t.Errorf("%+v, %v", first, err)
		}
		again, err := w.tasks.Complete(callers[i], in)
		if err != nil || again.Task.Version != first.Task.Version {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
	wrong := one[int](w, `SELECT count(*) FROM events AS e JOIN agents AS a ON a.id = e.agent_id
		WHERE type IN ('TASK_CLAIMED', 'TASK_COMPLETED', 'AGENT_STATUS_CHANGED') AND (e.actor_id <> a.id OR e.request_id <> replace(a.name, 'agent', 'request'))`)
	if told := one[int](w, "SELECT count(*) FROM events WHERE type IN ('TASK_CLAIMED', 'TASK_COMPLETED', 'AGENT_STATUS_CHANGED')"); wrong != 0 || told != 4*n {
		t.Errorf("%d events, of which %d name another caller or request, want %d and 0", told, wrong, 4*n)
	}
}

func TestOneBadCompletionSpoilsNoOther(t *testing.T) {
	w := newWorld(t)
	workflow := w.start(model.FailurePolicyFailFast, "a", "b", "c", "d", "e", "f")
	leases := w.claim(w.agent("a", 6), 6)
	var failed atomic.Int32
	race(len(leases), func(i int) {
		in := model.CompleteTaskInput{LeaseToken: leases[i].LeaseToken, Result: model.JSON("1")}
		if i%3 == 2 {
			in.Result = model.JSON(`"\u0000"`) // which PostgreSQL refuses to keep
		}
		if _, err := w.tasks.Complete(t.Context(), in); err != nil {
			failed.Add(1)
			if i%3 != 2 {
				t.Error(err)
			}
		}
	})
	if failed.Load() != 2 {
		t.Errorf("%d completions failed, want 2", failed.Load())
	}
	if n := one[int](w, "SELECT completed_tasks FROM workflows"); n != 4 {
		t.Errorf("%d of %s are completed, want 4", n, w.statuses(workflow))
	}
}

func TestAnEmptyAnswerIsTrue(t *testing.T) {
	w := newWorld(t)
	w.start(model.FailurePolicyFailFast, "a", "b", "c")
	agent := w.agent("a", 3)
	conn, err := pgx.Connect(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM tasks WHERE key IN ('a', 'b') FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	if got := w.claim(agent, 1); len(got) != 1 || *got[0].Task.Key != "c" {
		t.Errorf("beside two tasks that somebody has locked the agent gets %d", len(got))
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.claim(agent, 3); len(got) != 2 {
		t.Errorf("then it gets %d, want 2", len(got))
	}
}

// Heartbeats of many leases, failures that call the rest of a workflow off, completions and cancellations, all at once.
func TestNoDeadlocks(t *testing.T) {
	w := newWorld(t)
	agents := []*model.Agent{w.agent("a", 50), w.agent("b", 50), w.agent("c", 50)}
	for range 8 {
		var workflows []*model.Workflow
		for range 3 {
			workflows = append(workflows, w.start(model.FailurePolicyFailFast, "a", "b", "c", "d", "e: a", "f: b"))
		}
		leases := make([][]*model.TaskLease, len(agents))
		race(len(agents), func(i int) { leases[i] = w.claim(agents[i], 4) })
		race(3*len(agents)+1, func(i int) {
			mine, agent := leases[i%len(agents)], agents[i%len(agents)]
			switch {
			case i == 3*len(agents):
				_, err := w.workflows.Cancel(t.Context(), model.CancelWorkflowInput{ID: workflows[0].ID})
				if code(err) != "" && code(err) != model.InvalidTransition {
					t.Error(err)
				}
			case i < len(agents):
				in := model.HeartbeatInput{AgentID: agent.ID}
				for _, l := range mine {
					in.Leases = append(in.Leases, &model.HeartbeatLeaseInput{LeaseToken: l.LeaseToken})
				}
				if _, err := w.agents.Heartbeat(t.Context(), in); err != nil {
					t.Error(err)
				}
			case i < 2*len(agents) && len(mine) > 0:
				_, err := w.tasks.Fail(t.Context(), model.FailTaskInput{LeaseToken: mine[0].LeaseToken, Error: &model.TaskErrorInput{Message: "no"}, Retryable: new(false)})
				if code(err) != "" && code(err) != model.StaleLease {
					t.Error(err)
				}
			case len(mine) > 1:
				_, err := w.tasks.Complete(t.Context(), model.CompleteTaskInput{LeaseToken: mine[1].LeaseToken})
				if code(err) != "" && code(err) != model.StaleLease {
					t.Error(err)
				}
			}
		})
		for _, workflow := range workflows {
			w.workflows.Cancel(t.Context(), model.CancelWorkflowInput{ID: workflow.ID}) // if it has not ended yet
		}
	}
	w.tasks.Close() // a connection that ends reports what it saw
	if n := one[int](w, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); n != 0 {
		t.Errorf("%d deadlocks", n)
	}
}

// The controls: what the tests above would find if the rules were not kept.

func TestUnorderedLocks(t *testing.T) {
	w := newWorld(t)
	w.start(model.FailurePolicyFailFast, "a", "b")
	var deadlocks atomic.Int32
	locked := make(chan struct{}, 2)
	both := make(chan struct{})
	go func() { <-locked; <-locked; close(both) }()
	race(2, func(i int) {
		conn, err := pgx.Connect(t.Context(), w.url)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		for n, key := range []string{[]string{"a", "b"}[i], []string{"b", "a"}[i]} {
			if n == 0 {
				if _, err := conn.Exec(t.Context(), "BEGIN"); err != nil {
					t.Error(err)
				}
			}
			_, err := conn.Exec(t.Context(), "SELECT FROM tasks WHERE key = $1 FOR NO KEY UPDATE", key)
			if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "40P01" {
				deadlocks.Add(1)
			} else if err != nil {
				t.Error(err)
			}
			if n == 0 {
				locked <- struct{}{}
				<-both
			}
		}
	})
	if deadlocks.Load() != 1 {
		t.Errorf("two that lock the same tasks in different orders met %d deadlocks, want 1", deadlocks.Load())
	}
}

func TestWithoutTheTokenCheck(t *testing.T) {
	w := newWorld(t)
	w.start(model.FailurePolicyFailFast, "a")
	agent := w.agent("a", 1)
	w.claim(agent, 1)
	w.exec("UPDATE tasks SET lease_expires_at = now()")
	w.sweep()
	second := w.claim(agent, 1)[0]
	if broken := w.broken(); len(broken) > 0 {
		t.Fatal(broken)
	}
	// What an agent would do that completes its task by id alone: the first one, long after its lease.
	w.exec(`UPDATE task_attempts SET finished_at = now(), outcome = 'COMPLETED' WHERE number = 1`)
	if len(w.broken()) == 0 {
		t.Error("nobody notices that a stale attempt completed the task of another")
	}
	w.exec(`UPDATE task_attempts SET finished_at = claimed_at, outcome = 'LEASE_EXPIRED' WHERE number = 1`)
	w.complete(second)
}

// A completion that counts its dependents down in one statement, without the workflow's lock, while a child is added.
func TestCompletionInOneStatement(t *testing.T) {
	w := newWorld(t)
	workflow := w.start(model.FailurePolicyFailFast, "a", "b: a", "z")
	begin := func() pgx.Tx {
		conn, err := pgx.Connect(t.Context(), w.url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	a, z := w.task("a"), w.task("z")
	adding, completing := begin(), begin()
	exec := func(tx pgx.Tx, sql string, args ...any) {
		if _, err := tx.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(adding, "INSERT INTO task_dependencies VALUES ($1, $2)", [16]byte(z), [16]byte(a))
	exec(adding, "UPDATE tasks SET status = 'PENDING', waits_for = 1 WHERE id = $1", [16]byte(z))
	exec(completing, `WITH done AS (UPDATE tasks SET status = 'COMPLETED', finished_at = now() WHERE id = $1 RETURNING id)
		UPDATE tasks AS t SET waits_for = waits_for - 1 FROM task_dependencies AS d, done WHERE d.depends_on_id = done.id AND t.id = d.task_id`, [16]byte(a))
	if err := errors.Join(adding.Commit(t.Context()), completing.Commit(t.Context())); err != nil {
		t.Fatal(err)
	}
	if len(w.broken()) == 0 {
		t.Error("nobody notices that a task waits for ever")
	}
	w.exec("DELETE FROM workflows WHERE id = $1", [16]byte(workflow.ID)) // what it broke is not to be found again
	w.exec("TRUNCATE tasks, task_dependencies CASCADE")
}
