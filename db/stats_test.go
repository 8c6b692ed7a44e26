package db_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"workflowfactory/db"
	"workflowfactory/model"
)

// recountSQL gives what the figures should be, from the nouns and the log as they stand, in the shape of model.Stats.
const recountSQL = `SELECT jsonb_build_object(
	'workflows', (SELECT jsonb_build_object('total', count(*), 'pending', count(*) FILTER (WHERE status = 'PENDING'),
		'running', count(*) FILTER (WHERE status = 'RUNNING'), 'paused', count(*) FILTER (WHERE status = 'PAUSED'),
		'completed', count(*) FILTER (WHERE status = 'COMPLETED'), 'failed', count(*) FILTER (WHERE status = 'FAILED'),
		'cancelled', count(*) FILTER (WHERE status = 'CANCELLED')) FROM workflows),
	'tasks', (SELECT jsonb_build_object('total', count(*), 'pending', count(*) FILTER (WHERE status = 'PENDING'),
		'ready', count(*) FILTER (WHERE status = 'READY'), 'inProgress', count(*) FILTER (WHERE status = 'IN_PROGRESS'),
		'awaitingApproval', count(*) FILTER (WHERE status = 'AWAITING_APPROVAL'), 'completed', count(*) FILTER (WHERE status = 'COMPLETED'),
		'failed', count(*) FILTER (WHERE status = 'FAILED'), 'cancelled', count(*) FILTER (WHERE status = 'CANCELLED'),
		'skipped', count(*) FILTER (WHERE status = 'SKIPPED'), 'overdue', count(*) FILTER (WHERE due_at < now() AND finished_at IS NULL),
		'completedToday', (SELECT count(*) FROM events WHERE type = 'TASK_COMPLETED' AND at >= date_trunc('day', now()))) FROM tasks),
	'agents', (SELECT jsonb_build_object('total', count(*), 'busy', count(*) FILTER (WHERE busy), 'offline', count(*) FILTER (WHERE silent),
		'idle', count(*) FILTER (WHERE NOT silent AND active_tasks = 0), 'online', count(*) FILTER (WHERE NOT silent AND active_tasks > 0 AND NOT busy))
		FROM (SELECT a.*, last_heartbeat_at + 3 * heartbeat_interval_seconds * interval '1 s' < now() AS silent,
			active_tasks = max_concurrency AND last_heartbeat_at + 3 * heartbeat_interval_seconds * interval '1 s' >= now() AS busy
			FROM agents AS a WHERE removed_at IS NULL) AS a),
	'suggestions', (SELECT jsonb_build_object('pending', count(*), 'oldestPendingAt', min(created_at)) FROM suggestions WHERE status = 'PENDING'),
	'finished', (SELECT jsonb_build_array(count(*) FILTER (WHERE type = 'TASK_COMPLETED'), count(*) FILTER (WHERE type = 'TASK_FAILED')) FROM events),
	'duration', (SELECT jsonb_agg(1000 * extract(epoch FROM (snapshot->>'finishedAt')::timestamptz - (snapshot->>'startedAt')::timestamptz))
		FROM events WHERE type = 'TASK_COMPLETED'),
	'queueWait', (SELECT jsonb_agg(1000 * extract(epoch FROM (snapshot->>'claimedAt')::timestamptz - (snapshot->>'readyAt')::timestamptz))
		FROM events WHERE type = 'TASK_CLAIMED'),
	'approvalLatency', (SELECT jsonb_agg(1000 * extract(epoch FROM decided_at - created_at)) FROM suggestions
		WHERE status IN ('APPROVED', 'REJECTED', 'ANSWERED') AND decided_by <> '00000000-0000-7000-8000-000000000009'))`

type recount struct {
	Workflows                            model.WorkflowFigures
	Tasks                                model.TaskFigures
	Agents                               model.AgentFigures
	Suggestions                          model.SuggestionFigures
	Finished                             [2]int
	Duration, QueueWait, ApprovalLatency []float64
}

// compareFigures wants the figures to be what a plain recount gives.
func (w *world) compareFigures() *model.Stats {
	w.Helper()
	if _, err := w.db.Events().Sequence(w.Context()); err != nil {
		w.Fatal(err)
	}
	stats := db.Stats{DB: w.db}
	if err := stats.Refresh(w.Context()); err != nil {
		w.Fatal(err)
	}
	span, err := model.NewStatsSpan(&model.TimeRange{From: new(time.Now().Add(-5 * time.Hour)), To: new(time.Now().Add(time.Hour))}, new(60), time.Now())
	if err != nil {
		w.Fatal(err)
	}
	got, err := stats.Get(w.Context(), span)
	if err != nil {
		w.Fatal(err)
	}
	var want recount
	if err := json.Unmarshal(one[[]byte](w, recountSQL), &want); err != nil {
		w.Fatal(err)
	}
	want.compare(w, got)
	return got
}

func (r *recount) compare(w *world, got *model.Stats) {
	w.Helper()
	if *got.Workflows != r.Workflows || *got.Tasks != r.Tasks || *got.Agents != r.Agents || got.Suggestions.Pending != r.Suggestions.Pending {
		w.Errorf("the figures\n%+v %+v %+v %+v, a recount\n%+v %+v %+v %+v", *got.Workflows, *got.Tasks, *got.Agents, *got.Suggestions,
			r.Workflows, r.Tasks, r.Agents, r.Suggestions)
	}
	if at := got.Suggestions.OldestPendingAt; (at == nil) != (r.Suggestions.OldestPendingAt == nil) || at != nil && !at.Equal(*r.Suggestions.OldestPendingAt) {
		w.Errorf("the oldest pending is of %v, a recount says %v", at, r.Suggestions.OldestPendingAt)
	}
	var finished [2]int
	for _, b := range got.Throughput {
		finished[0] += b.Completed
		finished[1] += b.Failed
	}
	if finished != r.Finished {
		w.Errorf("the buckets have %v, a recount %v", finished, r.Finished)
	}
	if rate := model.Share(finished[0], finished[0]+finished[1]); rate != nil && *rate != *got.SuccessRate {
		w.Errorf("success rate %v, want %v", *got.SuccessRate, *rate)
	}
	wantPercentiles(w, "duration", got.Duration, r.Duration)
	wantPercentiles(w, "queue wait", got.QueueWait, r.QueueWait)
	wantPercentiles(w, "approval latency", got.ApprovalLatency, r.ApprovalLatency)
}

func wantPercentiles(w *world, what string, got *model.Percentiles, exact []float64) {
	w.Helper()
	for _, p := range []struct {
		got   *int
		share float64
	}{{got.P50Ms, 0.5}, {got.P95Ms, 0.95}} {
		if (p.got == nil) != (len(exact) == 0) {
			w.Errorf("%s: %v of %d", what, p.got, len(exact))
		} else if want := percentile(exact, p.share); p.got != nil && math.Abs(float64(*p.got)-want) > 1+want*0.05 {
			w.Errorf("%s: percentile %v is %d ms, a recount says %v", what, p.share, *p.got, want)
		}
	}
}

func TestFiguresAreThoseOfARecount(t *testing.T) {
	w := newWorld(t)
	w.compareFigures()
	a, b := w.agent("a", 3), w.agent("b", 100)
	dana := model.WithCaller(t.Context(), model.Caller{ID: model.NewID(model.KindUser), UserID: model.NewID(model.KindUser), Role: model.RoleManager})

	kept := w.start(model.FailurePolicyContinue, "a", "b", "c: a", "d: b", "e")
	for i, l := range w.claim(a, 3) {
		if i%2 == 0 {
			w.complete(l)
		} else {
			w.fail(l, false)
		}
	}
	w.compareFigures()

	gone := w.start(model.FailurePolicyFailFast, "a", "b: a", "c")
	w.fail(w.claimIn(b, gone, 1)[0], false)
	w.compareFigures()
	if _, err := w.workflows.Retry(t.Context(), model.RetryWorkflowInput{ID: gone.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.workflows.Cancel(t.Context(), model.CancelWorkflowInput{ID: gone.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.workflows.Delete(t.Context(), model.DeleteWorkflowInput{ID: gone.ID}); err != nil {
		t.Fatal(err)
	}
	w.compareFigures()

	for i := range 12 { // decided in every way, by how sure the agent is
		l := w.claimIn(b, w.start(model.FailurePolicyContinue, "a"), 1)[0]
		s, err := w.suggestions.Create(t.Context(), model.CreateSuggestionInput{
			TaskID: l.Task.ID, AgentID: &b.ID, Action: "act", Reasoning: "because", Confidence: float64(i) / 11, Blocking: new(i%2 == 0),
		})
		if err != nil {
			t.Fatal(err)
		}
		switch i % 3 {
		case 0:
			_, err = w.suggestions.Approve(dana, model.ApproveSuggestionInput{ID: s.Suggestion.ID, ActionHash: s.Suggestion.ActionHash})
		case 1:
			_, err = w.suggestions.Reject(dana, model.RejectSuggestionInput{ID: s.Suggestion.ID})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.exec("UPDATE tasks SET due_at = now() - interval '1 hour' WHERE key = 'd'")
	w.exec("UPDATE agents SET last_heartbeat_at = now() - interval '1 hour' WHERE name = 'a'")
	w.fail(w.claimIn(b, kept, 1)[0], true)
	if got := w.compareFigures(); got.Agents.Offline != 1 || got.Suggestions.Pending != 4 || got.Tasks.Failed == 0 {
		t.Errorf("%+v %+v %+v: that was not enough to see a difference", got.Tasks, got.Agents, got.Suggestions)
	}
	of, err := db.Stats{DB: w.db}.OfAgents(t.Context(), []model.ID{a.ID, b.ID})
	if err != nil {
		t.Fatal(err)
	}
	if o := of[1]; o.Decided != 8 || o.Approved != 4 || *o.ApprovalRate != 0.5 || of[0].Decided != 0 || of[0].ApprovalRate != nil {
		t.Errorf("what was decided: %+v and %+v", of[0], of[1])
	}
	for _, bin := range of[1].Calibration {
		want := one[[]int](w, `SELECT ARRAY[count(*), count(*) FILTER (WHERE status = 'APPROVED')]::int[] FROM suggestions
			WHERE status IN ('APPROVED', 'REJECTED') AND confidence >= $1 AND (confidence < $2 OR confidence = 1 AND $2 = 1)`, bin.From, bin.To)
		if bin.Decided != want[0] || bin.Approved != want[1] {
			t.Errorf("%v to %v: %d of %d, a recount says %v", bin.From, bin.To, bin.Approved, bin.Decided, want)
		}
	}
}

// Many refresh at once while work goes on: each event counts once.
func TestRefreshersShareTheWork(t *testing.T) {
	w := newWorld(t)
	a := w.agent("a", 1000)
	workflow := w.start(model.FailurePolicyContinue, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l")
	race(8, func(i int) {
		for range 3 {
			if i < 4 {
				for _, l := range w.claimIn(a, workflow, 1) {
					w.complete(l)
				}
			}
			if _, err := w.db.Events().Sequence(w.Context()); err != nil {
				w.Error(err)
			}
			if err := (db.Stats{DB: w.db}).Refresh(w.Context()); err != nil {
				w.Error(err)
			}
		}
	})
	if got := w.compareFigures(); got.Tasks.Completed != 12 {
		t.Errorf("%d completed, want 12", got.Tasks.Completed)
	}
	// The control: who counts what is counted already is found out.
	w.exec("UPDATE stats_state SET position = 0")
	if err := (db.Stats{DB: w.db}).Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := db.Stats{DB: w.db}.Get(t.Context(), model.StatsSpan{From: time.Now().Truncate(time.Hour), To: time.Now(), Bucket: time.Hour})
	if err != nil || got.Tasks.Completed != 24 {
		t.Errorf("counted twice: %d completed, %v; the recount could not tell", got.Tasks.Completed, err)
	}
}

func (w *world) claimIn(a *model.Agent, workflow *model.Workflow, n int) []*model.TaskLease {
	w.Helper()
	leases, err := w.tasks.Claim(w.Context(), model.ClaimTasksInput{AgentID: a.ID, WorkflowID: &workflow.ID, Max: &n})
	if err != nil {
		w.Fatal(err)
	}
	return leases
}

// percentile gives the value that a share of all stayed within.
func percentile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[int(math.Ceil(share*float64(len(values))))-1]
}
