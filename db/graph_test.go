package db_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"workflowfactory/model"
)

func (w *world) task(key string) model.ID {
	w.Helper()
	return one[[16]byte](w, "SELECT id FROM tasks WHERE key = $1", key)
}

func TestTheLastTwoParentsTogether(t *testing.T) {
	w := newWorld(t)
	agent := w.agent("a", 10)
	for i := range 100 {
		workflow := w.start(model.FailurePolicyFailFast, "a", "b", "join: a b")
		leases := w.claim(agent, 2)
		race(2, func(i int) { w.complete(leases[i]) })
		w.want(workflow, "RUNNING a=COMPLETED b=COMPLETED join=READY")
		if n := one[int](w, "SELECT count(*) FROM events WHERE type = 'TASK_READY' AND snapshot->>'key' = 'join'"); n != i+1 {
			t.Fatalf("after %d joins %d became READY", i+1, n)
		}
		w.complete(w.claim(agent, 1)[0])
	}
}

func TestAChildAddedWhileItsParentCompletes(t *testing.T) {
	w := newWorld(t)
	agent := w.agent("a", 2)
	for range 30 {
		workflow := w.start(model.FailurePolicyFailFast, "a", "z")
		leases := w.claim(agent, 2)
		race(2, func(i int) {
			if i == 0 {
				w.complete(leases[0])
				return
			}
			_, err := w.tasks.Create(t.Context(), model.CreateTaskInput{WorkflowID: workflow.ID, Key: new("child"), Name: "n", DependsOn: []model.ID{leases[0].Task.ID}})
			if err != nil {
				t.Error(err)
			}
		})
		w.complete(leases[1])
		w.want(workflow, "RUNNING a=COMPLETED child=READY z=COMPLETED")
		w.complete(w.claim(agent, 1)[0])
		w.want(workflow, "COMPLETED a=COMPLETED child=COMPLETED z=COMPLETED")
	}
}

func TestAfterAPauseNoClaimCommits(t *testing.T) {
	w := newWorld(t)
	agents := make([]*model.Agent, 4)
	for i := range agents {
		agents[i] = w.agent(fmt.Sprint(i), 50)
	}
	for range 10 {
		workflow := w.start(model.FailurePolicyFailFast, "a", "b", "c", "d", "e", "f")
		race(5, func(i int) {
			if i < 4 {
				w.claim(agents[i], 1)
				w.claim(agents[i], 1)
				return
			}
			if _, err := w.workflows.Pause(t.Context(), model.PauseWorkflowInput{ID: workflow.ID}); err != nil {
				t.Error(err)
			}
			paused := one[int](w, "SELECT count(*) FROM tasks WHERE workflow_id = $1 AND status = 'PENDING'", [16]byte(workflow.ID))
			defer func() {
				if n := one[int](w, "SELECT count(*) FROM tasks WHERE workflow_id = $1 AND status = 'PENDING'", [16]byte(workflow.ID)); n != paused {
					t.Errorf("%d tasks waited when the pause was acknowledged, %d later", paused, n)
				}
			}()
			for _, a := range agents {
				if got, err := w.tasks.Claim(t.Context(), model.ClaimTasksInput{AgentID: a.ID, WorkflowID: &workflow.ID}); err != nil || len(got) > 0 {
					t.Errorf("a claim in a paused workflow: %d, %v", len(got), err)
				}
			}
		})
		if _, err := w.workflows.Resume(t.Context(), model.ResumeWorkflowInput{ID: workflow.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.workflows.Cancel(t.Context(), model.CancelWorkflowInput{ID: workflow.ID}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCancelVoidsCompletion(t *testing.T) {
	w := newWorld(t)
	agent := w.agent("a", 2)
	for range 20 {
		workflow := w.start(model.FailurePolicyFailFast, "a", "b: a")
		lease := w.claim(agent, 1)[0]
		var completed atomic.Bool
		race(2, func(i int) {
			if i == 0 {
				_, err := w.tasks.Complete(t.Context(), model.CompleteTaskInput{LeaseToken: lease.LeaseToken})
				completed.Store(err == nil)
				if err != nil {
					w.wantCode(err, model.StaleLease)
				}
				return
			}
			if _, err := w.workflows.Cancel(t.Context(), model.CancelWorkflowInput{ID: workflow.ID, Reason: new("wrong data")}); err != nil {
				t.Error(err)
			}
		})
		if completed.Load() {
			w.want(workflow, "CANCELLED a=COMPLETED b=CANCELLED")
			continue
		}
		w.want(workflow, "CANCELLED a=CANCELLED b=CANCELLED")
		h, err := w.agents.Heartbeat(t.Context(), model.HeartbeatInput{AgentID: agent.ID, Leases: []*model.HeartbeatLeaseInput{{LeaseToken: lease.LeaseToken}}})
		if err != nil || len(h.CancelledTaskIds) != 1 || !h.Leases[0].Lost {
			t.Errorf("the holder hears %+v, %v", h, err)
		}
	}
	if n := one[int](w, `SELECT count(*) FROM events WHERE type = 'WORKFLOW_CANCELLED' AND changes @> '[{"field": "reason", "after": "wrong data"}]'`); n != 20 {
		t.Errorf("%d cancellations give their reason, want 20", n)
	}
}

func TestFailurePolicies(t *testing.T) {
	w := newWorld(t)
	agent := w.agent("a", 10)
	t.Run("FAIL_FAST cancels what is left", func(t *testing.T) {
		workflow := w.start(model.FailurePolicyFailFast, "a", "b: a", "c", "d: b c")
		leases := w.claim(agent, 2)
		w.fail(leases[0], false)
		w.want(workflow, "FAILED a=FAILED b=CANCELLED c=CANCELLED d=CANCELLED")
		_, err := w.tasks.Complete(t.Context(), model.CompleteTaskInput{LeaseToken: leases[1].LeaseToken})
		w.wantCode(err, model.StaleLease)
	})
	t.Run("CONTINUE goes on with what does not depend on it", func(t *testing.T) {
		workflow := w.start(model.FailurePolicyContinue, "a", "b: a", "c", "d: b c", "e: c")
		leases := w.claim(agent, 2)
		w.fail(leases[0], false)
		w.want(workflow, "RUNNING a=FAILED b=SKIPPED c=IN_PROGRESS d=SKIPPED e=PENDING")
		w.complete(leases[1])
		w.want(workflow, "RUNNING a=FAILED b=SKIPPED c=COMPLETED d=SKIPPED e=READY")
		w.complete(w.claim(agent, 1)[0])
		w.want(workflow, "FAILED a=FAILED b=SKIPPED c=COMPLETED d=SKIPPED e=COMPLETED")
	})
	t.Run("a retried task brings back what was skipped because of it", func(t *testing.T) {
		workflow := w.start(model.FailurePolicyContinue, "r", "s: r", "t: s")
		w.fail(w.claim(agent, 1)[0], false)
		w.want(workflow, "FAILED r=FAILED s=SKIPPED t=SKIPPED")
		p, err := w.tasks.Retry(t.Context(), model.RetryTaskInput{ID: w.task("r"), Input: model.JSON(`{"rows": 3}`)})
		if err != nil || p.Task.Status != model.TaskStatusReady || string(p.Task.Input) != `{"rows": 3}` {
			t.Fatalf("%+v, %v", p.Task, err)
		}
		w.want(workflow, "RUNNING r=READY s=PENDING t=PENDING")
		for range 3 {
			w.complete(w.claim(agent, 1)[0])
		}
		w.want(workflow, "COMPLETED r=COMPLETED s=COMPLETED t=COMPLETED")
	})
	t.Run("a retried workflow does again what failed, or everything", func(t *testing.T) {
		workflow := w.start(model.FailurePolicyFailFast, "x", "y: x", "z: y")
		w.complete(w.claim(agent, 1)[0])
		w.fail(w.claim(agent, 1)[0], false)
		w.want(workflow, "FAILED x=COMPLETED y=FAILED z=CANCELLED")
		if _, err := w.workflows.Retry(t.Context(), model.RetryWorkflowInput{ID: workflow.ID}); err != nil {
			t.Fatal(err)
		}
		w.want(workflow, "RUNNING x=COMPLETED y=READY z=PENDING")
		w.complete(w.claim(agent, 1)[0])
		w.complete(w.claim(agent, 1)[0])
		w.want(workflow, "COMPLETED x=COMPLETED y=COMPLETED z=COMPLETED")
		if _, err := w.workflows.Retry(t.Context(), model.RetryWorkflowInput{ID: workflow.ID, From: new(model.RetryFromAll)}); err != nil {
			t.Fatal(err)
		}
		w.want(workflow, "RUNNING x=READY y=PENDING z=PENDING")
	})
}

func TestSkipCancelAndDependencies(t *testing.T) {
	w := newWorld(t)
	workflow := w.start(model.FailurePolicyFailFast, "a", "b: a", "c: b", "d: b")
	if _, err := w.tasks.Skip(t.Context(), model.SkipTaskInput{ID: w.task("a")}); err != nil {
		t.Fatal(err)
	}
	w.want(workflow, "RUNNING a=SKIPPED b=READY c=PENDING d=PENDING")
	if _, err := w.tasks.RemoveDependency(t.Context(), model.RemoveTaskDependencyInput{TaskID: w.task("d"), DependsOnID: w.task("b")}); err != nil {
		t.Fatal(err)
	}
	w.want(workflow, "RUNNING a=SKIPPED b=READY c=PENDING d=READY")
	if _, err := w.tasks.AddDependency(t.Context(), model.AddTaskDependencyInput{TaskID: w.task("d"), DependsOnID: w.task("c")}); err != nil {
		t.Fatal(err)
	}
	w.want(workflow, "RUNNING a=SKIPPED b=READY c=PENDING d=PENDING")
	_, err := w.tasks.AddDependency(t.Context(), model.AddTaskDependencyInput{TaskID: w.task("b"), DependsOnID: w.task("d")})
	w.wantCode(err, model.CycleDetected)
	_, err = w.tasks.AddDependency(t.Context(), model.AddTaskDependencyInput{TaskID: w.task("b"), DependsOnID: w.task("b")})
	w.wantCode(err, model.CycleDetected)
	if _, err := w.tasks.Cancel(t.Context(), model.CancelTaskInput{ID: w.task("c")}); err != nil {
		t.Fatal(err)
	}
	w.want(workflow, "RUNNING a=SKIPPED b=READY c=CANCELLED d=SKIPPED")
	if _, err := w.tasks.Delete(t.Context(), model.DeleteTaskInput{ID: w.task("c")}); err != nil {
		t.Fatal(err)
	}
	w.complete(w.claim(w.agent("a", 1), 1)[0])
	w.want(workflow, "COMPLETED a=SKIPPED b=COMPLETED d=SKIPPED")
	_, err = w.tasks.Create(t.Context(), model.CreateTaskInput{WorkflowID: workflow.ID, Name: "late"})
	w.wantCode(err, model.InvalidTransition)
}

// Circles that two callers would close together, one half each.
func TestConcurrentHalvesOfACircle(t *testing.T) {
	w := newWorld(t)
	for range 20 {
		workflow := w.start(model.FailurePolicyFailFast, "a", "b")
		ids := [2]model.ID{}
		for i, key := range []string{"a", "b"} {
			ids[i] = one[[16]byte](w, "SELECT id FROM tasks WHERE key = $1 AND workflow_id = $2", key, [16]byte(workflow.ID))
		}
		var refused atomic.Int32
		race(2, func(i int) {
			_, err := w.tasks.AddDependency(t.Context(), model.AddTaskDependencyInput{TaskID: ids[i], DependsOnID: ids[1-i]})
			if code(err) == model.CycleDetected {
				refused.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
		if refused.Load() != 1 {
			t.Fatalf("%d of two halves of a circle were refused, want 1", refused.Load())
		}
	}
}

func TestABlockingSuggestionSuspendsItsTask(t *testing.T) {
	w := newWorld(t)
	workflow := w.start(model.FailurePolicyFailFast, "a")
	me, other := w.agent("me", 1), w.agent("other", 1)
	lease := w.claim(me, 1)[0]
	p, err := w.suggestions.Create(t.Context(), model.CreateSuggestionInput{
		TaskID: lease.Task.ID, AgentID: &me.ID, Action: "send", Reasoning: "why not", Confidence: 0.9, Blocking: new(true), Data: model.JSON(`{"to": "x"}`)})
	if err != nil {
		t.Fatal(err)
	}
	w.want(workflow, "RUNNING a=AWAITING_APPROVAL")
	_, err = w.tasks.Complete(t.Context(), model.CompleteTaskInput{LeaseToken: lease.LeaseToken})
	w.wantCode(err, model.StaleLease)
	_, err = w.suggestions.Approve(t.Context(), model.ApproveSuggestionInput{ID: p.Suggestion.ID, ActionHash: "0"})
	w.wantCode(err, model.Conflict)
	if _, err := w.suggestions.Approve(t.Context(), model.ApproveSuggestionInput{ID: p.Suggestion.ID, ActionHash: p.Suggestion.ActionHash, Data: model.JSON(`{"to": "y"}`)}); err != nil {
		t.Fatal(err)
	}
	w.want(workflow, "RUNNING a=READY")
	if got := w.claim(other, 1); len(got) != 0 {
		t.Error("another agent got the task before the one that asked")
	}
	again := w.claim(me, 1)[0]
	if again.Attempt != 2 || again.Task.FailedAttempts != 0 {
		t.Errorf("attempt %d with %d failed, want 2 with 0", again.Attempt, again.Task.FailedAttempts)
	}
	w.complete(again)
	w.want(workflow, "COMPLETED a=COMPLETED")
}

func TestADecidedTaskIsForAnybodyOnceItsAgentIsSilent(t *testing.T) {
	w := newWorld(t)
	w.start(model.FailurePolicyFailFast, "a")
	me, other := w.agent("me", 1), w.agent("other", 1)
	lease := w.claim(me, 1)[0]
	p, err := w.suggestions.Create(t.Context(), model.CreateSuggestionInput{
		TaskID: lease.Task.ID, AgentID: &me.ID, Action: "send", Confidence: 1, Blocking: new(true), ExpiresAt: new(lease.LeaseExpiresAt)})
	if err != nil {
		t.Fatal(err)
	}
	w.exec("UPDATE suggestions SET expires_at = now()")
	w.sweep()
	if got := one[string](w, "SELECT status FROM suggestions"); got != "EXPIRED" {
		t.Errorf("the suggestion is %s, want EXPIRED", got)
	}
	_, err = w.suggestions.Approve(t.Context(), model.ApproveSuggestionInput{ID: p.Suggestion.ID, ActionHash: p.Suggestion.ActionHash})
	w.wantCode(err, model.Expired)
	if got := w.claim(other, 1); len(got) != 0 {
		t.Error("another agent got the task while the one that asked is alive")
	}
	w.exec("UPDATE agents SET last_heartbeat_at = now() - interval '31 seconds' WHERE name = 'me'")
	w.sweep()
	if got := w.claim(other, 1); len(got) != 1 {
		t.Error("nobody gets the task although its agent is silent")
	}
}

func TestConcurrentApproveAndReject(t *testing.T) {
	w := newWorld(t)
	me := w.agent("me", 50)
	for range 25 {
		w.start(model.FailurePolicyFailFast, "a")
		lease := w.claim(me, 1)[0]
		p, err := w.suggestions.Create(t.Context(), model.CreateSuggestionInput{TaskID: lease.Task.ID, AgentID: &me.ID, Action: "send", Confidence: 1, Blocking: new(true)})
		if err != nil {
			t.Fatal(err)
		}
		var won atomic.Int32
		race(4, func(i int) {
			var err error
			if i%2 == 0 {
				_, err = w.suggestions.Approve(t.Context(), model.ApproveSuggestionInput{ID: p.Suggestion.ID, ActionHash: p.Suggestion.ActionHash})
			} else {
				_, err = w.suggestions.Reject(t.Context(), model.RejectSuggestionInput{ID: p.Suggestion.ID})
			}
			if err == nil {
				won.Add(1)
			} else {
				w.wantCode(err, model.AlreadyDecided)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("%d decisions stand, want 1", won.Load())
		}
		w.complete(w.claim(me, 1)[0])
	}
}

func TestRemovingAnAgentGivesItsTasksBack(t *testing.T) {
	w := newWorld(t)
	workflow := w.start(model.FailurePolicyFailFast, "a", "b")
	me := w.agent("me", 1)
	if _, err := w.tasks.Assign(t.Context(), model.AssignTaskInput{ID: w.task("b"), AgentID: me.ID}); err != nil {
		t.Fatal(err)
	}
	w.claim(me, 1)
	if _, err := w.agents.Remove(t.Context(), model.RemoveAgentInput{ID: me.ID}); err != nil {
		t.Fatal(err)
	}
	w.want(workflow, "RUNNING a=READY b=READY")
	_, err := w.tasks.Claim(t.Context(), model.ClaimTasksInput{AgentID: me.ID})
	w.wantCode(err, model.NotFound)
	if got := w.claim(w.agent("me", 2), 2); len(got) != 2 {
		t.Errorf("a new agent of that name gets %d tasks, want 2", len(got))
	}
}

func TestVersionsAndDeletion(t *testing.T) {
	w := newWorld(t)
	p, err := w.workflows.Create(t.Context(), model.CreateWorkflowInput{Name: "w"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.workflows.Update(t.Context(), model.UpdateWorkflowInput{ID: p.Workflow.ID, ExpectedVersion: new(7)})
	w.wantCode(err, model.Conflict)
	if _, err := w.workflows.Start(t.Context(), model.StartWorkflowInput{ID: p.Workflow.ID}); err != nil {
		t.Fatal(err)
	}
	_, err = w.workflows.Delete(t.Context(), model.DeleteWorkflowInput{ID: p.Workflow.ID})
	w.wantCode(err, model.InvalidTransition)
	if _, err := w.workflows.Cancel(t.Context(), model.CancelWorkflowInput{ID: p.Workflow.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.workflows.Delete(t.Context(), model.DeleteWorkflowInput{ID: p.Workflow.ID}); err != nil {
		t.Fatal(err)
	}
	_, err = w.workflows.Delete(t.Context(), model.DeleteWorkflowInput{ID: p.Workflow.ID})
	w.wantCode(err, model.NotFound)
	_, err = w.workflows.Start(t.Context(), model.StartWorkflowInput{})
	w.wantCode(err, model.NotFound)
}
