package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
)

// do has the handler do a task, and tells the server how it ended.
func (w *worker) do(life context.Context, t *Task) {
	defer w.freeSlots(1)
	defer w.letGo(t)
	defer t.expiry.Stop()
	defer t.cancel(nil)
	if t.ctx.Err() != nil {
		w.Log.Info("claimed too late", "task", t.ID, "cause", context.Cause(t.ctx))
		return
	}
	result, err := w.try(t)
	if t.isSuspended() || t.isOver() {
		return // the server knows, and would refuse anything else
	}
	t.flushLog(life)
	switch err := w.tell(life, t, result, err); {
	case isStale(err):
		w.Log.Info("the lease was over before the end", "task", t.ID, "attempt", t.Attempt)
	case err != nil:
		w.Log.Error("tell the end of a task", "task", t.ID, "attempt", t.Attempt, "error", err)
	}
}

// try calls the handler, with all that the task needs to be known. A panic is a failed attempt.
func (w *worker) try(t *Task) (result any, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			w.Log.Error("panic in a handler", "task", t.ID, "panic", thrown, "stack", string(debug.Stack()))
			err = &Failure{Code: "PANIC", Message: fmt.Sprint(thrown)}
		}
	}()
	if err := t.recall(); err != nil {
		return nil, err
	}
	return w.handle(t.ctx, t)
}

// tell ends the attempt. The result is made into JSON once, since only the very same one is the same completion.
func (w *worker) tell(ctx context.Context, t *Task, result any, err error) error {
	switch {
	case err == nil:
		return w.complete(ctx, t, result)
	case errors.Is(err, ErrReleased), t.ctx.Err() != nil:
		return w.call(ctx, releaseTask, vars{"leaseToken": t.token}, &struct{}{})
	}
	return w.fail(ctx, t, err)
}

// complete finishes the task. A result that the server does not take fails the attempt, so that people see why.
func (w *worker) complete(ctx context.Context, t *Task, result any) error {
	text, err := json.Marshal(result)
	if err != nil {
		return w.fail(ctx, t, &Failure{Code: "BAD_RESULT", Message: err.Error(), Permanent: true})
	}
	input := vars{"leaseToken": t.token, "result": json.RawMessage(text)}
	err = w.call(ctx, completeTask, input, &struct{}{})
	if refused := asRefused(err); refused != nil && refused.Code == "BAD_USER_INPUT" {
		return w.fail(ctx, t, &Failure{Code: "BAD_RESULT", Message: refused.Message, Permanent: true})
	}
	return err
}

func (w *worker) fail(ctx context.Context, t *Task, err error) error {
	failure, ok := errors.AsType[*Failure](err)
	if !ok {
		failure = &Failure{Message: err.Error()}
	}
	why := vars{"message": fit(failure.Message, maxMessage)}
	if failure.Code != "" {
		why["code"] = failure.Code
	}
	input := vars{"leaseToken": t.token, "error": why, "retryable": !failure.Permanent}
	if failure.RetryAfter > 0 {
		input["retryAfterSeconds"] = seconds(failure.RetryAfter)
	}
	return w.call(ctx, failTask, input, &struct{}{})
}

const (
	completeTask = `mutation ($input: CompleteTaskInput!) { completeTask(input: $input) { task { id } } }`
	failTask     = `mutation ($input: FailTaskInput!) { failTask(input: $input) { task { id } } }`
	releaseTask  = `mutation ($input: ReleaseTaskInput!) { releaseTask(input: $input) { task { id } } }`
)
