package agent

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
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
}

// Decision is what became of a suggestion.
type Decision struct {
	ID           string          // of the suggestion
	Kind         string          // ACTION or QUESTION
	Action       string          // what was asked
	Status       string          // APPROVED, REJECTED, ANSWERED or EXPIRED
	ApprovedData json.RawMessage // what to act on; a person may have changed it
	Answer       json.RawMessage // to a QUESTION
	Notes        []struct{ Note string }
}

// Approved says whether the agent may act, on ApprovedData and nothing else.
func (d Decision) Approved() bool { return d.Status == "APPROVED" }

// Suggestion is what an agent asks people to decide.
type Suggestion struct {
	Question   bool    // asks for an answer, not for leave to act
	Action     string  // what it would do, or the question; names it within the task
	Reasoning  string  // why, for those who decide
	Confidence float64 // 0 to 1
	Data       any     // what it would act on, as JSON
	Approvals  int     // how many people have to approve; 1 when zero

	ExpiresIn       time.Duration // decided without people after that; never when zero
	ApproveOnExpiry bool          // then approved, else refused
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

// Ask asks people to decide. The first time it suspends the task and answers [ErrSuspended], which the handler returns:
// the slot is free, the lease clock stops, and once somebody has decided the handler is called anew, with another Task.
// There Ask answers with the newest decision on the same Action. It blocks while the server is away.
func (t *Task) Ask(ctx context.Context, s Suggestion) (Decision, error) {
	for _, d := range slices.Backward(t.Decisions) {
		if d.Action == s.Action && (d.Kind == "QUESTION") == s.Question {
			return d, nil
		}
	}
	t.flushLog(ctx)
	if err := t.worker.call(ctx, createSuggestion, t.suggestion(s), &struct{}{}); err != nil {
		return Decision{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.suspended = true
	return Decision{}, ErrSuspended
}

func (t *Task) suggestion(s Suggestion) vars {
	input := vars{
		"taskId": t.ID, "agentId": t.worker.id, "action": s.Action, "reasoning": s.Reasoning, "confidence": s.Confidence,
		"data": s.Data, "blocking": true, "requiredApprovals": max(s.Approvals, 1), "idempotencyKey": rand.Text(),
	}
	if s.Question {
		input["kind"] = "QUESTION"
	}
	if s.ExpiresIn > 0 {
		input["expiresAt"] = time.Now().Add(s.ExpiresIn).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if s.ApproveOnExpiry {
		input["onExpiry"] = "APPROVE"
	}
	return input
}

// recall reads what people have decided on earlier attempts, which the first one does not have.
func (t *Task) recall() error {
	if t.Attempt == 1 {
		return nil
	}
	var asked struct {
		Task *struct {
			Suggestions struct {
				Edges []struct{ Node Decision }
			}
		}
	}
	if err := t.worker.call(t.ctx, decisions, t.ID, &asked); err != nil || asked.Task == nil {
		return err
	}
	for _, e := range asked.Task.Suggestions.Edges {
		t.Decisions = append(t.Decisions, e.Node)
	}
	return nil
}

const decisions = `query ($input: ID!) {
	task(id: $input) {
		suggestions(last: 20, filter: {status: {in: [APPROVED, REJECTED, ANSWERED, EXPIRED]}}, orderBy: {field: CREATED_AT}) {
			edges { node { id kind action status approvedData answer notes: decisions { note } } }
		}
	}
}`

const createSuggestion = `mutation ($input: CreateSuggestionInput!) { createSuggestion(input: $input) { suggestion { id } } }`

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
