package db_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"workflowfactory/model"
)

func TestOneOfFiftyCompletionsWins(t *testing.T) {
	w := newWorld(t)
	workflow := w.start(model.FailurePolicyFailFast, "a")
	lease := w.claim(w.agent("a", 1), 1)[0]
	var won, stale atomic.Int32
	race(50, func(i int) {
		_, err := w.tasks.Complete(t.Context(), model.CompleteTaskInput{LeaseToken: lease.LeaseToken, Result: model.JSON(fmt.Sprint(i))})
		switch code(err) {
		case "":
			won.Add(1)
		case model.StaleLease:
			stale.Add(1)
		default:
			t.Error(err)
		}
	})
	if won.Load() != 1 || stale.Load() != 49 {
		t.Errorf("%d won and %d were stale, want 1 and 49", won.Load(), stale.Load())
	}
	w.want(workflow, "COMPLETED a=COMPLETED")
}

func TestTheSameCompletionAnswersAsTheFirst(t *testing.T) {
	w := newWorld(t)
	w.start(model.FailurePolicyFailFast, "a")
	lease := w.claim(w.agent("a", 1), 1)[0]
	race(20, func(int) {
		if _, err := w.tasks.Complete(t.Context(), model.CompleteTaskInput{LeaseToken: lease.LeaseToken, Result: model.JSON(`1`)}); err != nil {
			t.Error(err)
		}
	})
	if n := one[int](w, "SELECT count(*) FROM events WHERE type = 'TASK_COMPLETED'"); n != 1 {
		t.Errorf("%d completions stand in the log, want 1", n)
	}
	_, err := w.tasks.Fail(t.Context(), model.FailTaskInput{LeaseToken: lease.LeaseToken, Error: &model.TaskErrorInput{Message: "no"}})
	w.wantCode(err, model.StaleLease)
}

func TestThirtyAgentsShareFortyTasks(t *testing.T) {
	w := newWorld(t)
	var keys []string
	for i := range 40 {
		keys = append(keys, fmt.Sprintf("t%02d", i))
	}
	w.start(model.FailurePolicyFailFast, keys...)
	agents := make([]*model.Agent, 30)
	for i := range agents {
		agents[i] = w.agent(fmt.Sprint("agent ", i), 2)
	}
	var mu sync.Mutex // protects taken
	taken := map[model.ID]int{}
	race(len(agents), func(i int) {
		for range 3 {
			for _, l := range w.claim(agents[i], 2) {
				mu.Lock()
				taken[l.Task.ID]++
				mu.Unlock()
			}
		}
	})
	if len(taken) != 40 {
		t.Errorf("%d tasks were taken, want 40", len(taken))
	}
	for id, n := range taken {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
}

func TestConcurrentClaimsOfOneAgentKeepItsCapacity(t *testing.T) {
	w := newWorld(t)
	w.start(model.FailurePolicyFailFast, "a", "b", "c", "d", "e", "f", "g", "h")
	agent := w.agent("a", 3)
	var got atomic.Int32
	race(8, func(int) { got.Add(int32(len(w.claim(agent, 2)))) })
	if got.Load() != 3 {
		t.Errorf("an agent that takes 3 got %d", got.Load())
	}
}

func TestClaimOrderAndEligibility(t *testing.T) {
	w := newWorld(t)
	me, other := w.agent("me", 50, "read", "write"), w.agent("other", 50, "read")
	low, urgent := model.PriorityLow, model.PriorityUrgent
	p, err := w.workflows.Create(t.Context(), model.CreateWorkflowInput{Name: "w", Start: new(true), Tasks: []*model.NewTaskInput{
		{Key: "low", Name: "n", Priority: &low},
		{Key: "plain", Name: "n"},
		{Key: "write", Name: "n", RequiredCapabilities: []string{"write", "read"}},
		{Key: "fly", Name: "n", Priority: &urgent, RequiredCapabilities: []string{"fly"}},
		{Key: "urgent", Name: "n", Priority: &urgent, RequiredCapabilities: []string{"read"}},
		{Key: "others", Name: "n", Priority: &urgent, AgentID: &other.ID},
		{Key: "mine", Name: "n", AgentID: &me.ID},
		{Key: "late", Name: "n", DependsOn: []string{"low"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	keys := func(leases []*model.TaskLease) string {
		var keys []string
		for _, l := range leases {
			keys = append(keys, *l.Task.Key)
		}
		return strings.Join(keys, " ")
	}
	elsewhere := w.start(model.FailurePolicyFailFast, "z")
	leases, err := w.tasks.Claim(t.Context(), model.ClaimTasksInput{AgentID: me.ID, Max: new(50), WorkflowID: &elsewhere.ID})
	if got := keys(leases); err != nil || got != "z" {
		t.Errorf("of the other workflow: %s, %v", got, err)
	}
	leases, err = w.tasks.Claim(t.Context(), model.ClaimTasksInput{AgentID: me.ID, Max: new(1), Capabilities: []string{"fly"}})
	if got := keys(leases); err != nil || got != "plain" {
		t.Errorf("with less than its capabilities: %s, %v", got, err)
	}
	if got := keys(w.claim(me, 50)); got != "urgent write mine low" {
		t.Errorf("me: %s", got)
	}
	if got := keys(w.claim(other, 50)); got != "others" {
		t.Errorf("other: %s", got)
	}
	w.want(p.Workflow, "RUNNING fly=READY late=PENDING low=IN_PROGRESS mine=IN_PROGRESS others=IN_PROGRESS plain=IN_PROGRESS urgent=IN_PROGRESS write=IN_PROGRESS")
}

func TestALostLeaseGoesBackUntilNoAttemptIsLeft(t *testing.T) {
	w := newWorld(t)
	workflow := w.start(model.FailurePolicyFailFast, "a", "b: a")
	agent := w.agent("a", 5)
	for i := range 3 {
		lease := w.claim(agent, 1)[0]
		if lease.Attempt != i+1 {
			t.Errorf("attempt %d, want %d", lease.Attempt, i+1)
		}
		w.exec("UPDATE tasks SET lease_expires_at = now() WHERE status = 'IN_PROGRESS'")
		_, err := w.tasks.Complete(t.Context(), model.CompleteTaskInput{LeaseToken: lease.LeaseToken})
		w.wantCode(err, model.StaleLease) // even before the sweep came by
		h, err := w.agents.Heartbeat(t.Context(), model.HeartbeatInput{AgentID: agent.ID, Leases: []*model.HeartbeatLeaseInput{{LeaseToken: lease.LeaseToken}}})
		if err != nil || !h.Leases[0].Lost {
			t.Errorf("heartbeat of a lost lease: %+v, %v", h.Leases[0], err)
		}
		w.sweep()
	}
	w.want(workflow, "FAILED a=FAILED b=CANCELLED")
	if n := one[int](w, "SELECT count(*) FROM task_attempts WHERE outcome = 'LEASE_EXPIRED'"); n != 3 {
		t.Errorf("%d attempts are recorded as lost, want 3", n)
	}
}

func TestTimeoutEndsAnAttemptDespiteHeartbeats(t *testing.T) {
	w := newWorld(t)
	p, err := w.workflows.Create(t.Context(), model.CreateWorkflowInput{Name: "w", Start: new(true), Tasks: []*model.NewTaskInput{
		{Key: "a", Name: "A", TimeoutSeconds: new(10), MaxAttempts: new(1)}}})
	if err != nil {
		t.Fatal(err)
	}
	agent := w.agent("a", 1)
	lease := w.claim(agent, 1)[0]
	if d := lease.LeaseExpiresAt.Sub(*lease.Task.ClaimedAt).Seconds(); d != 10 {
		t.Errorf("the lease lasts %v s, beyond the timeout of 10 s", d)
	}
	w.exec("UPDATE tasks SET lease_expires_at = now(), attempt_ends_at = now() WHERE status = 'IN_PROGRESS'")
	w.sweep()
	w.want(p.Workflow, "FAILED a=FAILED")
	if got := one[string](w, "SELECT error->>'code' FROM tasks"); got != "TIMEOUT" {
		t.Errorf("error %s, want TIMEOUT", got)
	}
}

func TestBackoff(t *testing.T) {
	w := newWorld(t)
	workflow := w.start(model.FailurePolicyFailFast, "a")
	agent := w.agent("a", 1)
	in := model.FailTaskInput{LeaseToken: w.claim(agent, 1)[0].LeaseToken, Error: &model.TaskErrorInput{Message: "no"}, RetryAfterSeconds: new(60)}
	if _, err := w.tasks.Fail(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	w.sweep()
	w.want(workflow, "RUNNING a=PENDING")
	w.exec("UPDATE tasks SET available_at = now()")
	w.sweep()
	w.want(workflow, "RUNNING a=READY")
	w.complete(w.claim(agent, 1)[0])
	w.want(workflow, "COMPLETED a=COMPLETED")
}

func TestReleaseDoesNotCount(t *testing.T) {
	w := newWorld(t)
	workflow := w.start(model.FailurePolicyFailFast, "a")
	agent := w.agent("a", 1)
	for range 5 {
		if _, err := w.tasks.Release(t.Context(), model.ReleaseTaskInput{LeaseToken: w.claim(agent, 1)[0].LeaseToken}); err != nil {
			t.Fatal(err)
		}
	}
	w.want(workflow, "RUNNING a=READY")
	lease := w.claim(agent, 1)[0]
	if lease.Attempt != 6 || lease.Task.FailedAttempts != 0 {
		t.Errorf("attempt %d with %d failed, want 6 with 0", lease.Attempt, lease.Task.FailedAttempts)
	}
}

func TestAgentStatusFollowsItsWork(t *testing.T) {
	w := newWorld(t)
	w.start(model.FailurePolicyFailFast, "a", "b", "c")
	agent := w.agent("a", 2)
	status := func() string { return one[string](w, "SELECT status FROM agents") }
	var seen []string
	note := func() { seen = append(seen, status()) }
	note()
	first := w.claim(agent, 1)
	note()
	second := w.claim(agent, 1)
	note()
	w.complete(first[0])
	note()
	w.complete(second[0])
	note()
	w.exec("UPDATE agents SET last_heartbeat_at = now() - interval '31 seconds'")
	w.sweep()
	note()
	if _, err := w.agents.Heartbeat(t.Context(), model.HeartbeatInput{AgentID: agent.ID}); err != nil {
		t.Fatal(err)
	}
	note()
	if got := strings.Join(seen, " "); got != "IDLE ONLINE BUSY ONLINE IDLE OFFLINE IDLE" {
		t.Errorf("statuses %s", got)
	}
}

func TestOneKeyOneEffect(t *testing.T) {
	w := newWorld(t)
	w.start(model.FailurePolicyFailFast, "a", "b", "c", "d")
	agent := w.agent("a", 4)
	in := model.ClaimTasksInput{AgentID: agent.ID, Max: new(1), IdempotencyKey: new("k")}
	var mu sync.Mutex // protects tokens
	tokens := map[string]bool{}
	race(10, func(int) {
		leases, err := w.tasks.Claim(t.Context(), in)
		if err != nil || len(leases) != 1 {
			t.Errorf("%v, %v", leases, err)
			return
		}
		mu.Lock()
		tokens[leases[0].LeaseToken] = true
		mu.Unlock()
	})
	if len(tokens) != 1 {
		t.Errorf("ten requests with one key got %d leases", len(tokens))
	}
	in.Max = new(2)
	_, err := w.tasks.Claim(t.Context(), in)
	w.wantCode(err, model.IdempotencyMismatch)
	w.exec("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
	if leases, err := w.tasks.Claim(t.Context(), in); err != nil || len(leases) != 2 {
		t.Errorf("after a day: %d leases, %v", len(leases), err)
	}
}

func TestTheInvariantsCatchWhatTheyShould(t *testing.T) {
	w := newWorld(t)
	w.start(model.FailurePolicyFailFast, "a", "b: a")
	w.claim(w.agent("a", 2), 1)
	if broken := w.broken(); len(broken) > 0 {
		t.Fatal(broken)
	}
	for _, sql := range []string{
		"UPDATE workflows SET completed_tasks = 1",
		"UPDATE tasks SET waits_for = 0 WHERE key = 'b'",
		"UPDATE tasks SET version = version + 1",
		"UPDATE agents SET active_tasks = 0",
		"UPDATE task_attempts SET number = 2",
		"UPDATE agents SET max_concurrency = 1, active_tasks = 1; UPDATE tasks SET (status, agent_id, lease_token, lease_expires_at, claimed_at) = (SELECT status, agent_id, lease_token, lease_expires_at, claimed_at FROM tasks WHERE key = 'a') WHERE key = 'b'",
	} {
		w.exec("BEGIN; CREATE TABLE kept AS TABLE tasks; CREATE TABLE kept_w AS TABLE workflows; CREATE TABLE kept_a AS TABLE agents; CREATE TABLE kept_x AS TABLE task_attempts; COMMIT")
		w.exec(sql)
		if len(w.broken()) == 0 {
			t.Errorf("nothing is found after %s", sql)
		}
		w.exec(`UPDATE tasks AS t SET (status, waits_for, version, agent_id, lease_token, lease_expires_at, claimed_at) =
				(SELECT status, waits_for, version, agent_id, lease_token, lease_expires_at, claimed_at FROM kept WHERE id = t.id);
			UPDATE workflows AS w SET completed_tasks = (SELECT completed_tasks FROM kept_w WHERE id = w.id);
			UPDATE agents AS a SET (active_tasks, max_concurrency) = (SELECT active_tasks, max_concurrency FROM kept_a WHERE id = a.id);
			UPDATE task_attempts SET number = 1; DROP TABLE kept, kept_w, kept_a, kept_x`)
	}
}
