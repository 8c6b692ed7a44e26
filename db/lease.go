package db

import (
	"context"
	"crypto/sha256"
	"time"

	"workflowfactory/model"
)

// Complete finishes a held task with its result. Repeated with the same token and result it answers as the first
// time; with a token that no longer holds the lease it is STALE_LEASE and writes nothing.
func (r Tasks) Complete(ctx context.Context, in model.CompleteTaskInput) (*model.TaskPayload, error) {
	hash := outcomeHash("complete", in.Result)
	return r.end(ctx, ending{verb: "completeTask", token: in.LeaseToken, key: in.IdempotencyKey, in: in, hash: hash, do: func(ctx context.Context, g *graph, t *model.Task) error {
		g.c.endAttempt(t, model.AttemptOutcomeCompleted, nil, hash)
		if err := t.Complete(g.c.now, in.Result); err != nil {
			return err
		}
		g.record(t, model.EventTypeTaskCompleted)
		return g.release(ctx, t)
	}})
}

// Fail gives up an attempt: the task is tried again after its backoff, until no attempt is left. Repeats answer as for
// Complete.
func (r Tasks) Fail(ctx context.Context, in model.FailTaskInput) (*model.TaskPayload, error) {
	why, wait, err := in.Outcome()
	if err != nil {
		return nil, err
	}
	hash := outcomeHash("fail", mustJSON([]any{why, wait}))
	return r.end(ctx, ending{verb: "failTask", token: in.LeaseToken, key: in.IdempotencyKey, in: in, hash: hash, do: func(ctx context.Context, g *graph, t *model.Task) error {
		return g.failAttempt(ctx, t, model.AttemptOutcomeFailed, model.EventTypeTaskRetryScheduled, why, wait, hash)
	}})
}

// Release gives a held task back undone; it does not count as an attempt.
func (r Tasks) Release(ctx context.Context, in model.ReleaseTaskInput) (*model.TaskPayload, error) {
	hash := outcomeHash("release", nil)
	return r.end(ctx, ending{verb: "releaseTask", token: in.LeaseToken, in: in, hash: hash, do: func(ctx context.Context, g *graph, t *model.Task) error {
		return g.giveBack(t, hash)
	}})
}

// failAttempt ends an attempt that failed or was lost. again is the event when the task will be tried again.
func (g *graph) failAttempt(ctx context.Context, t *model.Task, how model.AttemptOutcome, again model.EventType, why model.TaskError, wait *time.Duration, hash []byte) error {
	g.c.endAttempt(t, how, &why, hash)
	final, err := t.FailAttempt(g.c.now, why, wait)
	if err != nil {
		return err
	}
	if !final {
		g.record(t, again)
		g.settle(t)
		return nil
	}
	g.record(t, model.EventTypeTaskFailed)
	if err := g.c.withdrawPending(ctx, []*model.Task{t}); err != nil {
		return err
	}
	if g.w.FailurePolicy == model.FailurePolicyContinue {
		return g.skipBelow(ctx, t)
	}
	return g.cancelOpen(ctx, model.TaskError{Code: model.TaskWorkflowFailed, Message: "\"" + t.Name + "\" failed, and with it the workflow"})
}

func (g *graph) giveBack(t *model.Task, hash []byte) error {
	g.c.endAttempt(t, model.AttemptOutcomeReleased, nil, hash)
	if err := t.Wait(); err != nil {
		return err
	}
	g.record(t, model.EventTypeTaskReleased)
	g.settle(t)
	return nil
}

// stalePerhaps answers STALE_LEASE for a task that was deleted meanwhile.
func stalePerhaps(err error) error {
	if e, ok := err.(*model.Error); ok && e.Code == model.NotFound {
		return model.Stale()
	}
	return err
}

// outcomeHash names what an attempt was ended with.
func outcomeHash(verb string, what []byte) []byte {
	sum := sha256.Sum256(append([]byte(verb+"\n"), what...))
	return sum[:]
}
