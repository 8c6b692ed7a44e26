package agent

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Task is a task in the hands of a handler.
type Task struct {
	ID          string
	Key         string // names it within its workflow, if anything does
	Name        string
	Description string
	WorkflowID  string
	Input       json.RawMessage            // null when the task has none
	Results     map[string]json.RawMessage // of the tasks that it depends on, by their keys
	Decisions   []Decision                 // of earlier attempts, the oldest first, at most 20
	Attempt     int                        // the fencing number: it grows with every claim
	MaxAttempts int                        // how many attempts may fail

	// Log writes into the log of the task, where people read along. Lines are sent in batches; what comes faster than
	// the server takes it is left out, and the log says how much. A line may be there twice when an answer was lost.
	Log *slog.Logger

	worker *worker
	token  string
	ctx    context.Context
	cancel context.CancelCauseFunc
	expiry *time.Timer // ends ctx when the lease is over by this machine's clock
	lines  *logBuffer

	mu        sync.Mutex // protects what follows
	progress  *int
	message   *string
	suspended bool
	pending   []*Pending // what people have not decided on, as far as is known here
}

func (w *worker) newTask(life context.Context, l lease) *Task {
	ctx, cancel := context.WithCancelCause(life)
	t := &Task{
		ID: l.Task.ID, Key: l.Task.Key, Name: l.Task.Name, Description: l.Task.Description, WorkflowID: l.Task.Workflow.ID,
		Input: l.Task.Input, Results: map[string]json.RawMessage{}, Attempt: l.Attempt, MaxAttempts: l.Task.MaxAttempts,
		worker: w, token: l.LeaseToken, ctx: ctx, cancel: cancel, lines: &logBuffer{},
	}
	for _, d := range l.Task.DependsOn {
		if d.Key != "" {
			t.Results[d.Key] = d.Result
		}
	}
	t.Log = slog.New(logHandler{lines: t.lines})
	t.expiry = time.AfterFunc(w.Lease, func() { cancel(ErrLeaseLost) })
	return t
}

// Progress says how far the task is, 0 to 100, and what it is at. It does not block: the newest value travels with the
// next heartbeat, within a second or so.
func (t *Task) Progress(percent int, message string) {
	percent = min(max(percent, 0), 100)
	message = fit(message, maxMessage)
	t.mu.Lock()
	t.progress, t.message = &percent, &message
	t.mu.Unlock()
	t.worker.hurry()
}

// Call carries out another operation with the agent's key, as [Client.Call] does: to read more, or to add a comment.
func (t *Task) Call(ctx context.Context, query string, variables map[string]any, out any) error {
	return t.worker.Call(ctx, query, variables, out)
}

// isSuspended says whether the server holds the task for a decision, whatever the handler returns.
func (t *Task) isSuspended() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.suspended
}

// beat is the task's part of a heartbeat.
func (t *Task) beat() vars {
	t.mu.Lock()
	defer t.mu.Unlock()
	lease := vars{"leaseToken": t.token}
	if t.progress != nil {
		lease["progress"], lease["message"] = *t.progress, *t.message
	}
	return lease
}

// extendTo lets the task's context last until then. One that has ended stays so.
func (t *Task) extendTo(end time.Time) { t.expiry.Reset(time.Until(end)) }

// isOver says whether the server said that the task is not the agent's any more.
func (t *Task) isOver() bool { return errors.Is(context.Cause(t.ctx), ErrCancelled) }
