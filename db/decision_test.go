package db_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"workflowfactory/model"
)

// undecided makes suggestions about tasks of their own, which wait for people.
func (w *world) undecided(n int, more func(*model.CreateSuggestionInput)) (all []*model.Suggestion) {
	w.Helper()
	a := w.agent("asker", n)
	for len(all) < n {
		keys := make([]string, min(n-len(all), 50))
		for i := range keys {
			keys[i] = fmt.Sprint("t", i)
		}
		for _, l := range w.claimIn(a, w.start(model.FailurePolicyContinue, keys...), len(keys)) {
			in := model.CreateSuggestionInput{TaskID: l.Task.ID, AgentID: &a.ID, Action: "act", Reasoning: "because", Confidence: 0.5, Blocking: new(true)}
			more(&in)
			made, err := w.suggestions.Create(w.Context(), in)
			if err != nil {
				w.Fatal(err)
			}
			all = append(all, made.Suggestion)
		}
	}
	return all
}

// contested says which of the suggestions were not decided exactly once, with all that follows from that.
const contested = `
	SELECT s.id::text FROM suggestions AS s WHERE jsonb_array_length(s.decisions) <> 1
		OR s.status <> CASE s.decisions->0->>'verdict' WHEN 'APPROVE' THEN 'APPROVED' ELSE 'REJECTED' END
		OR (SELECT count(*) FROM events WHERE entity_id = s.id AND type IN ('SUGGESTION_APPROVED', 'SUGGESTION_REJECTED')) <> 1
		OR (SELECT count(*) FROM events WHERE entity_id = s.task_id AND type = 'TASK_READY') <> 2`

// Of an approval and a refusal at the same time exactly one stands, two hundred times over, and its task goes on once.
func TestApprovalAgainstRefusal(t *testing.T) {
	w := newWorld(t)
	const races = 200
	all := w.undecided(races, func(*model.CreateSuggestionInput) {})
	person := func(name string) model.Caller {
		return model.Caller{ID: model.NewID(model.KindAPIKey), UserID: model.NewID(model.KindUser), Name: name, Role: model.RoleManager}
	}
	dana, eli := model.WithCaller(t.Context(), person("Dana")), model.WithCaller(t.Context(), person("Eli"))
	approved := 0
	for _, s := range all {
		outcomes := make([]error, 2)
		race(2, func(i int) {
			if i == 0 {
				_, outcomes[i] = w.suggestions.Approve(dana, model.ApproveSuggestionInput{ID: s.ID, ActionHash: s.ActionHash})
			} else {
				_, outcomes[i] = w.suggestions.Reject(eli, model.RejectSuggestionInput{ID: s.ID})
			}
		})
		late, ok := errors.AsType[*model.Error](errors.Join(outcomes...))
		if (outcomes[0] == nil) == (outcomes[1] == nil) || !ok || late.Code != model.AlreadyDecided {
			t.Errorf("%s: approving answers %v, rejecting %v", s.ID, outcomes[0], outcomes[1])
		}
		if outcomes[0] == nil {
			approved++
		}
	}
	const undone = "SELECT count(*) FROM (" + contested + ") AS x"
	if n := one[int](w, undone); n > 0 {
		t.Errorf("%d of %d are not decided exactly once", n, races)
	}
	t.Logf("%d approved, %d rejected", approved, races-approved)
	// The control: two decisions that stand are found out.
	w.exec("UPDATE suggestions SET decisions = decisions || decisions WHERE id = $1", all[0].ID)
	if one[int](w, undone) != 1 {
		t.Error("two decisions about the same are not noticed")
	}
}

// Whoever approves counts once, whichever credential is used.
func TestAPersonCountsOnce(t *testing.T) {
	w := newWorld(t)
	s := w.undecided(1, func(in *model.CreateSuggestionInput) { in.RequiredApprovals = new(2) })[0]
	dana, eli := model.NewID(model.KindUser), model.NewID(model.KindUser)
	approve := func(by model.Caller) (*model.SuggestionPayload, error) {
		by.Role = model.RoleManager
		return w.suggestions.Approve(model.WithCaller(t.Context(), by), model.ApproveSuggestionInput{ID: s.ID, ActionHash: s.ActionHash})
	}
	if p, err := approve(model.Caller{ID: dana, UserID: dana}); err != nil || p.Suggestion.Status != model.SuggestionStatusPending {
		t.Fatalf("the first: %+v, %v", p.Suggestion, err)
	}
	_, err := approve(model.Caller{ID: model.NewID(model.KindAPIKey), UserID: dana})
	if e, ok := errors.AsType[*model.Error](err); !ok || e.Code != model.AlreadyDecided {
		t.Errorf("the same person with a key: %v", err)
	}
	if p, err := approve(model.Caller{ID: model.NewID(model.KindAPIKey), UserID: eli}); err != nil || p.Suggestion.Status != model.SuggestionStatusApproved {
		t.Errorf("another: %+v, %v", p.Suggestion, err)
	}
}

// All that is due at the same moment is settled by one sweep, and its tasks go on.
func TestManyExpireAtOnce(t *testing.T) {
	w := newWorld(t)
	const n = 105
	all := w.undecided(n, func(in *model.CreateSuggestionInput) {
		in.ExpiresAt = new(time.Now().Add(time.Hour))
		if rand.IntN(2) == 0 {
			in.OnExpiry = new(model.ExpiryActionApprove)
		}
	})
	if _, err := w.suggestions.Reject(t.Context(), model.RejectSuggestionInput{ID: all[0].ID}); err != nil {
		t.Fatal(err)
	}
	w.exec("UPDATE suggestions SET expires_at = now() - interval '1 second'")
	race(2, func(int) { // as replicas do
		if err := w.suggestions.ExpireDue(t.Context()); err != nil {
			t.Error(err)
		}
	})
	const settled = `SELECT count(*) FROM suggestions AS s WHERE s.status = CASE s.on_expiry WHEN 'APPROVE' THEN 'APPROVED' ELSE 'EXPIRED' END
		AND s.decided_at >= s.expires_at AND (SELECT count(*) FROM events WHERE entity_id = s.id) = 2
		AND (SELECT status FROM tasks WHERE id = s.task_id) = 'READY'`
	if got := one[int](w, settled); got != n-1 {
		t.Errorf("%d of %d are settled", got, n-1)
	}
}

// Who reads a suggestion again can tell that the hash is of what it reads, however numbers were written.
func TestTheHashIsOfWhatIsRead(t *testing.T) {
	w := newWorld(t)
	const written = `{"n": [1e2, -1.50E+1, 2.5e-3, -0.0, -0, 0e5, 1E300, 12345678901234567890, 2.50], "ü\tb": 1}`
	for _, s := range w.undecided(1, func(in *model.CreateSuggestionInput) { in.Data = model.JSON(written) }) {
		var data string
		if err := w.db.Bun().NewRaw("SELECT data::text FROM suggestions WHERE id = ?", s.ID).Scan(t.Context(), &data); err != nil {
			t.Fatal(err)
		}
		if hash := model.ActionHash(s.Action, model.JSON(data)); hash != s.ActionHash {
			t.Errorf("the hash is %s, and of what is read, %s, %s", s.ActionHash, data, hash)
		}
	}
}
