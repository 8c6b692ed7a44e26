package model

import (
	"math/rand/v2"
	"slices"
	"time"
)

// taskMoves is the state machine of a task: where each status may lead. COMPLETED leads nowhere; only a whole new run
// of the workflow (see Task.Restart) begins a completed task again.
var taskMoves = map[TaskStatus][]TaskStatus{
	TaskStatusPending:          {TaskStatusReady, TaskStatusCancelled, TaskStatusSkipped},
	TaskStatusReady:            {TaskStatusPending, TaskStatusInProgress, TaskStatusCancelled, TaskStatusSkipped},
	TaskStatusInProgress:       {TaskStatusPending, TaskStatusReady, TaskStatusAwaitingApproval, TaskStatusCompleted, TaskStatusFailed, TaskStatusCancelled, TaskStatusSkipped},
	TaskStatusAwaitingApproval: {TaskStatusPending, TaskStatusReady, TaskStatusCancelled, TaskStatusSkipped},
	TaskStatusCompleted:        {},
	TaskStatusFailed:           {TaskStatusPending},
	TaskStatusCancelled:        {TaskStatusPending},
	TaskStatusSkipped:          {TaskStatusPending},
}

// CanBecome says whether a task of this status may take that one.
func (s TaskStatus) CanBecome(next TaskStatus) bool { return slices.Contains(taskMoves[s], next) }

// The codes of task errors that the server itself writes.
const (
	TaskLeaseExpired     = "LEASE_EXPIRED"
	TaskTimeout          = "TIMEOUT"
	TaskDependencyFailed = "DEPENDENCY_FAILED"
	TaskWorkflowFailed   = "WORKFLOW_FAILED"
	TaskCancelled        = "CANCELLED"
	TaskSkipped          = "SKIPPED"
)

// move takes the status, or answers INVALID_TRANSITION. Whoever leaves IN_PROGRESS gives up the lease.
func (t *Task) move(next TaskStatus) error {
	if !t.Status.CanBecome(next) {
		return Errorf(InvalidTransition, "task %s is %s and cannot become %s", t.ID, t.Status, next)
	}
	t.Status = next
	if next != TaskStatusInProgress {
		t.LeaseToken, t.LeaseExpiresAt, t.AttemptEndsAt = nil, nil, nil
	}
	return nil
}

// Claimable says whether agents may take the task: its workflow runs, nothing that it depends on is left to do, and
// its backoff is over. A task that waits is READY exactly when this holds.
func (t *Task) Claimable(w WorkflowStatus, now time.Time) bool {
	return w == WorkflowStatusRunning && t.WaitsFor == 0 && (t.AvailableAt == nil || !t.AvailableAt.After(now))
}

// Settle makes a waiting task READY or PENDING, whichever holds now, and says whether that changed it.
func (t *Task) Settle(w WorkflowStatus, now time.Time) (changed bool) {
	claimable := t.Claimable(w, now)
	switch {
	case t.Status == TaskStatusPending && claimable:
		t.Status, t.ReadyAt, t.AvailableAt = TaskStatusReady, &now, nil
	case t.Status == TaskStatusReady && !claimable:
		t.Status, t.ReadyAt = TaskStatusPending, nil
	default:
		return false
	}
	return true
}

// Wait takes the task back among the waiting, from which Settle makes it READY: after a release, a lost lease, a
// decision or a retry.
func (t *Task) Wait() error {
	t.ReadyAt = nil
	return t.move(TaskStatusPending)
}

// Complete ends the task with what came out of it.
func (t *Task) Complete(now time.Time, result JSON) error {
	if err := t.move(TaskStatusCompleted); err != nil {
		return err
	}
	t.FinishedAt, t.Result, t.Error, t.Progress, t.ResumeAgentID = &now, result, nil, 100, ID{}
	return nil
}

// FailAttempt counts an attempt that failed or was lost. It ends the task when no attempt is left or another would not
// help; otherwise the task waits for its backoff, or as long as after says when it is not nil.
func (t *Task) FailAttempt(now time.Time, why TaskError, after *time.Duration) (final bool, err error) {
	t.FailedAttempts++
	t.Error, t.ResumeAgentID = &why, ID{}
	if !why.Retryable || t.FailedAttempts >= t.MaxAttempts {
		t.FinishedAt = &now
		return true, t.move(TaskStatusFailed)
	}
	wait := t.RetryPolicy.Delay(t.FailedAttempts, rand.Float64())
	if after != nil {
		wait = *after
	}
	if wait > 0 {
		t.AvailableAt = new(now.Add(wait))
	}
	return false, t.Wait()
}

// Suspend lets the task wait for a person's decision; its agent is free meanwhile.
func (t *Task) Suspend() error { return t.move(TaskStatusAwaitingApproval) }

// Cancel calls the task off.
func (t *Task) Cancel(now time.Time, why TaskError) error {
	return t.leave(now, TaskStatusCancelled, why)
}

// Skip leaves the task out.
func (t *Task) Skip(now time.Time, why TaskError) error { return t.leave(now, TaskStatusSkipped, why) }

func (t *Task) leave(now time.Time, end TaskStatus, why TaskError) error {
	if err := t.move(end); err != nil {
		return err
	}
	t.FinishedAt, t.Error, t.AvailableAt, t.ReadyAt, t.ResumeAgentID = &now, &why, nil, nil, ID{}
	return nil
}

// Reopen makes an ended task wait again, with all its attempts before it. A COMPLETED one is refused.
func (t *Task) Reopen() error {
	if err := t.move(TaskStatusPending); err != nil {
		return err
	}
	t.clear()
	return nil
}

// Restart begins the task anew, whatever it was, for a new run of its whole workflow.
func (t *Task) Restart() {
	t.Status = TaskStatusPending
	t.LeaseToken, t.LeaseExpiresAt, t.AttemptEndsAt = nil, nil, nil
	t.StartedAt, t.Result = nil, nil
	t.clear()
}

// clear forgets how the task ended. attempt goes on counting: it is the fencing number.
func (t *Task) clear() {
	t.FailedAttempts, t.Progress, t.ProgressMessage = 0, 0, nil
	t.FinishedAt, t.Error, t.AvailableAt, t.ReadyAt, t.ResumeAgentID = nil, nil, nil, nil, ID{}
}

// Delay is how long to wait after so many failed attempts. luck is a number from 0 to 1 that spreads an exponential
// wait by a fifth up or down, so that tasks that failed together do not come back together.
func (p RetryPolicy) Delay(failed int, luck float64) time.Duration {
	delay := float64(p.DelaySeconds)
	if p.Backoff == BackoffExponential {
		for i := 1; i < failed && delay < float64(p.MaxDelaySeconds); i++ {
			delay *= 2
		}
		delay = min(delay, float64(p.MaxDelaySeconds)) * (0.8 + 0.4*luck)
	}
	return time.Duration(min(delay, float64(p.MaxDelaySeconds)) * float64(time.Second))
}

// Assign reserves the task for an agent, or for nobody with the zero ID. An ended task is INVALID_TRANSITION.
func (t *Task) Assign(agent ID) error {
	if t.Status.IsOver() {
		return Errorf(InvalidTransition, "task %s is %s; retry it before you assign it", t.ID, t.Status)
	}
	t.AssigneeID, t.ResumeAgentID = agent, ID{}
	return nil
}

// CheckAwaitable refuses to wait for a task that will not be done.
func (t *Task) CheckAwaitable() error {
	if t.Status == TaskStatusFailed || t.Status == TaskStatusCancelled {
		return BadInput("dependsOn", "task %s is %s; retry it before something can wait for it", t.ID, t.Status)
	}
	return nil
}

// CheckWaiting refuses to give new dependencies to a task that has begun.
func (t *Task) CheckWaiting() error {
	if t.Status != TaskStatusPending && t.Status != TaskStatusReady {
		return Errorf(InvalidTransition, "task %s is %s; only one that is PENDING or READY can be made to wait", t.ID, t.Status)
	}
	return nil
}

// CheckDeletable refuses to delete what an agent holds or a person is to decide on.
func (t *Task) CheckDeletable() error {
	if t.Status == TaskStatusInProgress || t.Status == TaskStatusAwaitingApproval {
		return Errorf(InvalidTransition, "task %s is %s; cancel it before you delete it", t.ID, t.Status)
	}
	return nil
}

// Lost says how the current attempt was lost: it took longer than the task allows, or its holder was not heard from.
func (t *Task) Lost(now time.Time) (AttemptOutcome, TaskError) {
	if t.AttemptEndsAt != nil && !now.Before(*t.AttemptEndsAt) {
		return AttemptOutcomeTimedOut, TaskError{Code: TaskTimeout, Message: "the attempt took longer than the task allows", Retryable: true}
	}
	return AttemptOutcomeLeaseExpired, TaskError{Code: TaskLeaseExpired, Message: "the agent was not heard from in time", Retryable: true}
}
