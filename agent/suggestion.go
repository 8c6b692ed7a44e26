package agent

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"
)

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

// Decision is what became of a suggestion.
type Decision struct {
	ID           string          // of the suggestion
	Kind         string          // ACTION or QUESTION
	Action       string          // what was asked
	Status       string          // APPROVED, REJECTED, ANSWERED, EXPIRED or WITHDRAWN
	ApprovedData json.RawMessage // what to act on; a person may have changed it
	Answer       json.RawMessage // to a QUESTION
	Notes        []struct{ Note string }
}

// Approved says whether the agent may act, on ApprovedData and nothing else.
func (d Decision) Approved() bool { return d.Status == "APPROVED" }

func (d Decision) isPending() bool { return d.Status == "PENDING" }

func (d Decision) isOn(s Suggestion) bool {
	return d.Action == s.Action && (d.Kind == "QUESTION") == s.Question
}

// Pending is a suggestion that people may decide on while the task goes on. It is safe for concurrent use.
type Pending struct {
	decided  chan struct{} // closed once the decision is known
	decision Decision      // as it was made, then as it was decided
}

func pendingOf(d Decision) *Pending {
	p := &Pending{decided: make(chan struct{}), decision: d}
	if !d.isPending() {
		close(p.decided)
	}
	return p
}

// Decided is closed once there is a decision. The agent hears of one with its next heartbeat.
func (p *Pending) Decided() <-chan struct{} { return p.decided }

// Wait blocks until there is a decision. When ctx ends before, it gives the cause.
func (p *Pending) Wait(ctx context.Context) (Decision, error) {
	select {
	case <-p.decided:
		return p.decision, nil
	case <-ctx.Done():
		return Decision{}, context.Cause(ctx)
	}
}

// Ask asks people to decide. The first time it suspends the task and answers [ErrSuspended], which the handler returns:
// the slot is free, the lease clock stops, and once somebody has decided the handler is called anew, with another Task.
// There Ask answers with the newest decision on the same Action. What a policy decides at once it answers at once, and
// the task goes on. It blocks while the server is away.
func (t *Task) Ask(ctx context.Context, s Suggestion) (Decision, error) {
	if d, ok := t.decisionOn(s); ok {
		return d, nil
	}
	t.flushLog(ctx)
	d, err := t.suggest(ctx, s, true)
	if err != nil || !d.isPending() {
		return d, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.suspended = true
	return Decision{}, ErrSuspended
}

// Suggest tells people what the agent would do and goes on with the task, which can look now and then whether somebody
// has decided, wait for that, or never learn of it. In a later attempt the same Action is the same suggestion, decided on
// or not. It blocks while the server is away.
func (t *Task) Suggest(ctx context.Context, s Suggestion) (*Pending, error) {
	if p := t.pendingOn(s); p != nil {
		return p, nil
	}
	if d, ok := t.decisionOn(s); ok {
		return pendingOf(d), nil
	}
	d, err := t.suggest(ctx, s, false)
	if err != nil {
		return nil, err
	}
	p := pendingOf(d)
	t.await(p)
	return p, nil
}

func (t *Task) decisionOn(s Suggestion) (Decision, bool) {
	for _, d := range slices.Backward(t.Decisions) {
		if d.isOn(s) {
			return d, true
		}
	}
	return Decision{}, false
}

func (t *Task) pendingOn(s Suggestion) *Pending {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.pending {
		if p.decision.isOn(s) {
			return p
		}
	}
	return nil
}

// await lets heartbeats tell of the decision.
func (t *Task) await(p *Pending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.decision.isPending() {
		t.pending = append(t.pending, p)
	}
}

func (t *Task) awaits() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.pending) > 0
}

// hear settles the suggestions that were decided. The others, and what was settled before, stay as they are.
func (t *Task) hear(decided []Decision) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending = slices.DeleteFunc(t.pending, func(p *Pending) bool {
		at := slices.IndexFunc(decided, func(d Decision) bool { return d.ID == p.decision.ID })
		if at < 0 {
			return false
		}
		p.decision = decided[at]
		close(p.decided)
		return true
	})
}

func (t *Task) suggest(ctx context.Context, s Suggestion, blocking bool) (Decision, error) {
	input := vars{
		"taskId": t.ID, "agentId": t.worker.id, "action": s.Action, "reasoning": s.Reasoning, "confidence": s.Confidence,
		"data": s.Data, "blocking": blocking, "requiredApprovals": max(s.Approvals, 1), "idempotencyKey": rand.Text(),
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
	var made struct {
		CreateSuggestion struct{ Suggestion Decision }
	}
	err := t.worker.call(ctx, createSuggestion, input, &made)
	return made.CreateSuggestion.Suggestion, err
}

const createSuggestion = `mutation ($input: CreateSuggestionInput!) { createSuggestion(input: $input) { suggestion ` + decision + ` } }`

const decision = `{ id kind action status approvedData answer notes: decisions { note } }`

// recall reads what people have decided on earlier attempts and what they still may, which the first one does not have.
func (t *Task) recall() error {
	if t.Attempt == 1 {
		return nil
	}
	all, err := t.readSuggestions(t.ctx)
	for _, d := range all {
		switch d.Status {
		case "PENDING":
			t.await(pendingOf(d))
		case "WITHDRAWN": // as if it had never been made
		default:
			t.Decisions = append(t.Decisions, d)
		}
	}
	return err
}

// askAgain reads what became of the suggestions that tasks wait for.
func (w *worker) askAgain(ctx context.Context, tasks []*Task) error {
	for _, t := range tasks {
		if !t.awaits() {
			continue
		}
		all, err := t.readSuggestions(ctx)
		if err != nil {
			return err
		}
		t.hear(slices.DeleteFunc(all, Decision.isPending))
	}
	return nil
}

// readSuggestions gives the newest of the task, the oldest first.
func (t *Task) readSuggestions(ctx context.Context) (all []Decision, err error) {
	var asked struct {
		Task *struct {
			Suggestions struct {
				Edges []struct{ Node Decision }
			}
		}
	}
	if err := t.worker.call(ctx, suggestions, t.ID, &asked); err != nil || asked.Task == nil {
		return nil, err
	}
	for _, e := range asked.Task.Suggestions.Edges {
		all = append(all, e.Node)
	}
	return all, nil
}

const suggestions = `query ($input: ID!) {
	task(id: $input) { suggestions(last: 20, orderBy: {field: CREATED_AT}) { edges { node ` + decision + ` } } }
}`
