package model_test

import (
	"testing"
	"time"

	"workflowfactory/model"
)

var now = time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)

func held(status model.TaskStatus) *model.Task {
	t := &model.Task{Noun: model.NewNoun(model.KindTask, now), Status: status, MaxAttempts: 3, LeaseSeconds: 30}
	if status == model.TaskStatusInProgress {
		t.AgentID, t.LeaseToken, t.ClaimedAt = model.NewID(model.KindAgent), []byte("0123456789abcdef"), &now
		t.Extend(now)
	}
	return t
}

// Every verb is tried on every status; what is not listed must be refused and change nothing.
func TestTaskVerbs(t *testing.T) {
	why := model.TaskError{Code: "X", Message: "x", Retryable: true}
	verbs := map[string]struct {
		do   func(*model.Task) error
		from map[model.TaskStatus]model.TaskStatus
	}{
		"claim": {func(t *model.Task) error { return t.Claim(model.NewID(model.KindAgent), 30, now) },
			map[model.TaskStatus]model.TaskStatus{model.TaskStatusReady: model.TaskStatusInProgress}},
		"complete": {func(t *model.Task) error { return t.Complete(now, nil) },
			map[model.TaskStatus]model.TaskStatus{model.TaskStatusInProgress: model.TaskStatusCompleted}},
		"suspend": {(*model.Task).Suspend,
			map[model.TaskStatus]model.TaskStatus{model.TaskStatusInProgress: model.TaskStatusAwaitingApproval}},
		"fail for good": {func(t *model.Task) error { t.MaxAttempts = 1; _, err := t.FailAttempt(now, why, nil); return err },
			map[model.TaskStatus]model.TaskStatus{model.TaskStatusInProgress: model.TaskStatusFailed}},
		"cancel": {func(t *model.Task) error { return t.Cancel(now, why) }, map[model.TaskStatus]model.TaskStatus{
			model.TaskStatusPending: model.TaskStatusCancelled, model.TaskStatusReady: model.TaskStatusCancelled,
			model.TaskStatusInProgress: model.TaskStatusCancelled, model.TaskStatusAwaitingApproval: model.TaskStatusCancelled}},
		"skip": {func(t *model.Task) error { return t.Skip(now, why) }, map[model.TaskStatus]model.TaskStatus{
			model.TaskStatusPending: model.TaskStatusSkipped, model.TaskStatusReady: model.TaskStatusSkipped,
			model.TaskStatusInProgress: model.TaskStatusSkipped, model.TaskStatusAwaitingApproval: model.TaskStatusSkipped}},
		"reopen": {(*model.Task).Reopen, map[model.TaskStatus]model.TaskStatus{
			model.TaskStatusReady: model.TaskStatusPending, model.TaskStatusInProgress: model.TaskStatusPending,
			model.TaskStatusAwaitingApproval: model.TaskStatusPending,
			model.TaskStatusFailed:           model.TaskStatusPending, model.TaskStatusCancelled: model.TaskStatusPending,
			model.TaskStatusSkipped: model.TaskStatusPending}},
	}
	for name, verb := range verbs {
		for _, status := range model.AllTaskStatus {
			task := held(status)
			err := verb.do(task)
			want, allowed := verb.from[status]
			if !allowed {
				want = status
			}
			if (err == nil) != allowed || task.Status != want {
				t.Errorf("%s of a %s task: status %s, error %v; want %s, allowed %v", name, status, task.Status, err, want, allowed)
			}
			if e, ok := err.(*model.Error); err != nil && (!ok || e.Code != model.InvalidTransition) {
				t.Errorf("%s of a %s task: error %v, want INVALID_TRANSITION", name, status, err)
			}
			if free := task.LeaseToken == nil && task.LeaseExpiresAt == nil; free == (task.Status == model.TaskStatusInProgress) {
				t.Errorf("%s of a %s task: it is %s and its lease is free: %v", name, status, task.Status, free)
			}
		}
	}
}

func TestCompletedLeadsNowhere(t *testing.T) {
	for _, next := range model.AllTaskStatus {
		if model.TaskStatusCompleted.CanBecome(next) {
			t.Errorf("a COMPLETED task can become %s", next)
		}
	}
}

func TestReadyExactlyWhenClaimable(t *testing.T) {
	soon := now.Add(time.Second)
	for _, w := range model.AllWorkflowStatus {
		for _, waits := range []int{0, 1} {
			for _, backoff := range []*time.Time{nil, &now, &soon} {
				for _, status := range []model.TaskStatus{model.TaskStatusPending, model.TaskStatusReady} {
					task := held(status)
					task.WaitsFor, task.AvailableAt = waits, backoff
					want := w == model.WorkflowStatusRunning && waits == 0 && backoff != &soon
					changed := task.Settle(w, now)
					if got := task.Status == model.TaskStatusReady; got != want || changed != (task.Status != status) {
						t.Errorf("workflow %s, waits for %d, available at %v, was %s: %s, changed %v", w, waits, backoff, status, task.Status, changed)
					}
				}
			}
		}
	}
}

func TestAttempts(t *testing.T) {
	retryable := model.TaskError{Code: "X", Message: "x", Retryable: true}
	t.Run("a retryable failure waits for its backoff", func(t *testing.T) {
		task := held(model.TaskStatusInProgress)
		task.RetryPolicy = model.RetryPolicy{Backoff: model.BackoffFixed, DelaySeconds: 7, MaxDelaySeconds: 60}
		final, err := task.FailAttempt(now, retryable, nil)
		if final || err != nil || task.Status != model.TaskStatusPending || !task.AvailableAt.Equal(now.Add(7*time.Second)) {
			t.Errorf("final %v, %v, %s until %v", final, err, task.Status, task.AvailableAt)
		}
	})
	t.Run("retryAfter overrules the policy", func(t *testing.T) {
		task := held(model.TaskStatusInProgress)
		final, err := task.FailAttempt(now, retryable, new(time.Minute))
		if final || err != nil || !task.AvailableAt.Equal(now.Add(time.Minute)) {
			t.Errorf("final %v, %v, until %v", final, err, task.AvailableAt)
		}
	})
	t.Run("no delay means claimable at once", func(t *testing.T) {
		task := held(model.TaskStatusInProgress)
		if _, err := task.FailAttempt(now, retryable, nil); err != nil || task.AvailableAt != nil {
			t.Errorf("%v, until %v", err, task.AvailableAt)
		}
	})
	t.Run("the last attempt is final, and so is an error that a retry does not help", func(t *testing.T) {
		last, hopeless := held(model.TaskStatusInProgress), held(model.TaskStatusInProgress)
		last.FailedAttempts = 2
		if final, err := last.FailAttempt(now, retryable, nil); !final || err != nil || last.Status != model.TaskStatusFailed {
			t.Errorf("last attempt: final %v, %v, %s", final, err, last.Status)
		}
		if final, err := hopeless.FailAttempt(now, model.TaskError{Code: "X"}, nil); !final || err != nil || hopeless.Status != model.TaskStatusFailed {
			t.Errorf("hopeless: final %v, %v, %s", final, err, hopeless.Status)
		}
	})
}

func TestDelay(t *testing.T) {
	for _, c := range []struct {
		policy model.RetryPolicy
		failed int
		luck   float64
		want   time.Duration
	}{
		{model.RetryPolicy{Backoff: model.BackoffFixed, DelaySeconds: 5, MaxDelaySeconds: 60}, 1, 0, 5 * time.Second},
		{model.RetryPolicy{Backoff: model.BackoffFixed, DelaySeconds: 5, MaxDelaySeconds: 60}, 9, 1, 5 * time.Second},
		{model.RetryPolicy{Backoff: model.BackoffFixed, DelaySeconds: 5, MaxDelaySeconds: 3}, 1, 0.5, 3 * time.Second},
		{model.RetryPolicy{Backoff: model.BackoffExponential, DelaySeconds: 2, MaxDelaySeconds: 300}, 1, 0.5, 2 * time.Second},
		{model.RetryPolicy{Backoff: model.BackoffExponential, DelaySeconds: 2, MaxDelaySeconds: 300}, 4, 0.5, 16 * time.Second},
		{model.RetryPolicy{Backoff: model.BackoffExponential, DelaySeconds: 10, MaxDelaySeconds: 300}, 1, 0, 8 * time.Second},
		{model.RetryPolicy{Backoff: model.BackoffExponential, DelaySeconds: 10, MaxDelaySeconds: 300}, 1, 1, 12 * time.Second},
		{model.RetryPolicy{Backoff: model.BackoffExponential, DelaySeconds: 2, MaxDelaySeconds: 300}, 100, 1, 300 * time.Second},
		{model.RetryPolicy{Backoff: model.BackoffExponential, DelaySeconds: 0, MaxDelaySeconds: 300}, 3, 1, 0},
	} {
		if got := c.policy.Delay(c.failed, c.luck); got != c.want {
			t.Errorf("%+v after %d failures with luck %v: %v, want %v", c.policy, c.failed, c.luck, got, c.want)
		}
	}
}

func TestLease(t *testing.T) {
	agent, other := model.NewID(model.KindAgent), model.NewID(model.KindAgent)
	task := held(model.TaskStatusReady)
	task.TimeoutSeconds = new(45)
	if err := task.Claim(agent, 30, now); err != nil {
		t.Fatal(err)
	}
	lease := task.Lease()
	token, ok := model.ParseLeaseToken(lease.LeaseToken)
	if !ok || token.TaskID != task.ID || lease.Attempt != 1 {
		t.Fatalf("lease %+v, token %+v, %v", lease, token, ok)
	}
	me := model.Caller{Role: model.RoleAgent, AgentID: agent}
	for name, c := range map[string]struct {
		secret []byte
		who    model.Caller
		at     time.Duration
		want   bool
	}{
		"the holder":            {token.Secret, me, 0, true},
		"just before the end":   {token.Secret, me, 30*time.Second - 1, true},
		"at the end":            {token.Secret, me, 30 * time.Second, false},
		"another secret":        {[]byte("0123456789abcdef"), me, 0, false},
		"another agent":         {token.Secret, model.Caller{Role: model.RoleAgent, AgentID: other}, 0, false},
		"a manager's own token": {token.Secret, model.Caller{Role: model.RoleManager}, 0, true},
	} {
		if got := task.HeldBy(c.secret, c.who, now.Add(c.at)); got != c.want {
			t.Errorf("%s holds it: %v, want %v", name, got, c.want)
		}
	}
	later := now.Add(20 * time.Second)
	if task.Extend(later); !task.LeaseExpiresAt.Equal(now.Add(45 * time.Second)) {
		t.Errorf("the lease lasts until %v, beyond the end of the attempt", task.LeaseExpiresAt)
	}
}

func TestProgressIsToldAtMostOnceASecond(t *testing.T) {
	task := held(model.TaskStatusInProgress)
	for i, c := range []struct {
		after         time.Duration
		progress      *int
		changed, tell bool
	}{
		{0, new(10), true, true},
		{100 * time.Millisecond, new(10), false, false},
		{200 * time.Millisecond, new(20), true, false},
		{900 * time.Millisecond, new(30), true, false},
		{1000 * time.Millisecond, nil, true, true}, // the last value is told after all
		{1100 * time.Millisecond, nil, false, false},
		{2500 * time.Millisecond, new(40), true, true},
	} {
		changed, tell, err := task.Report(c.progress, nil, now.Add(c.after))
		if changed != c.changed || tell != c.tell || err != nil {
			t.Errorf("report %d: changed %v, tell %v, %v; want %v, %v", i, changed, tell, err, c.changed, c.tell)
		}
	}
	if _, _, err := task.Report(new(101), nil, now); err == nil {
		t.Error("a progress of 101 is accepted")
	}
}
