package model_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"workflowfactory/model"
)

// The hashes are of the canonical texts in the comments, as sha256sum gives them.
func TestActionHash(t *testing.T) {
	for _, c := range []struct{ action, data, want string }{
		{"send", "", hash(`{"action":"send","data":null}`)},
		{"send", `{"b": [1, 2.50], "a": {"y":1,"x":null}}`, hash(`{"action":"send","data":{"a":{"x":null,"y":1},"b":[1,2.50]}}`)},
		{"<send> & \u2028", `"<>&"`, hash("{\"action\":\"<send> & \\u2028\",\"data\":\"<>&\"}")},
		{"pay", `[1e2, -1.50E+1, 2.5e-3, -0.0]`, hash(`{"action":"pay","data":[100,-15.0,0.0025,0.0]}`)},
		{"pay", `12345678901234567890`, hash(`{"action":"pay","data":12345678901234567890}`)},
	} {
		var data model.JSON
		if c.data != "" {
			data = model.JSON(c.data)
		}
		if got := model.ActionHash(c.action, data); got != c.want {
			t.Errorf("ActionHash(%s, %s) = %s, want %s", c.action, c.data, got, c.want)
		}
	}
}

func TestDecisions(t *testing.T) {
	dana, eli := model.NewID(model.KindUser), model.NewID(model.KindUser)
	fresh := func() *model.Suggestion {
		return &model.Suggestion{
			Kind: model.SuggestionKindAction, Status: model.SuggestionStatusPending, RequiredApprovals: 2, Action: "pay",
			ActionHash: model.ActionHash("pay", model.JSON(`1`)), Data: model.JSON(`1`), ExpiresAt: new(now.Add(time.Hour)), OnExpiry: model.ExpiryActionReject,
		}
	}
	yes := model.ApproveSuggestionInput{ActionHash: fresh().ActionHash}
	code := func(err error) model.Code {
		e, _ := errors.AsType[*model.Error](err)
		if e == nil {
			return ""
		}
		return e.Code
	}
	t.Run("the same person counts once", func(t *testing.T) {
		s := fresh()
		if what, err := s.Approve(yes, dana, nil, now); err != nil || what != model.EventTypeSuggestionDecisionAdded {
			t.Fatalf("first: %s, %v", what, err)
		}
		if _, err := s.Approve(yes, dana, nil, now); code(err) != model.AlreadyDecided || len(s.Decisions) != 1 {
			t.Errorf("again: %v, %d decisions", err, len(s.Decisions))
		}
		if what, err := s.Approve(yes, eli, nil, now); err != nil || what != model.EventTypeSuggestionApproved {
			t.Fatalf("second: %s, %v", what, err)
		}
		if string(s.ApprovedData) != "1" || s.DecidedByID != eli || s.Status != model.SuggestionStatusApproved {
			t.Errorf("approved %s by %s: %s", s.ApprovedData, s.DecidedByID, s.Status)
		}
	})
	t.Run("an approval binds to what was seen", func(t *testing.T) {
		if _, err := fresh().Approve(model.ApproveSuggestionInput{ActionHash: "old"}, dana, nil, now); code(err) != model.Conflict {
			t.Errorf("another hash: %v", err)
		}
	})
	t.Run("approvals of the same data count", func(t *testing.T) {
		s := fresh()
		approve := func(by model.ID, seen string, data string, want model.EventType, wantCode model.Code) {
			t.Helper()
			in := model.ApproveSuggestionInput{ActionHash: model.ActionHash("pay", model.JSON(seen))}
			if data != "" {
				in.Data = model.JSON(data)
			}
			if what, err := s.Approve(in, by, nil, now); what != want || code(err) != wantCode {
				t.Fatalf("%s with %s: %s, %v", seen, data, what, err)
			}
		}
		const added, approved = model.EventTypeSuggestionDecisionAdded, model.EventTypeSuggestionApproved
		approve(dana, "1", "", added, "")
		approve(eli, "1", "2", added, "") // which Dana has not seen
		approve(dana, "1", "", "", model.Conflict)
		approve(eli, "2", "", "", model.AlreadyDecided)
		approve(eli, "2", "3", added, "")
		approve(dana, "3", "2", approved, "") // as Eli had it before
		if string(s.ApprovedData) != "2" || len(s.Decisions) != 4 || s.ActionHash != model.ActionHash("pay", s.Data) {
			t.Errorf("%+v", s)
		}
	})
	t.Run("who may decide no more counts no more", func(t *testing.T) {
		s, fay := fresh(), model.NewID(model.KindUser)
		_, first := s.Approve(yes, dana, nil, now)
		what, second := s.Approve(yes, eli, []model.ID{dana}, now)
		if err := errors.Join(first, second); err != nil || what != model.EventTypeSuggestionDecisionAdded {
			t.Fatalf("%s, %v", what, err)
		}
		if what, err := s.Approve(yes, fay, []model.ID{dana}, now); err != nil || what != model.EventTypeSuggestionApproved {
			t.Errorf("%s, %v", what, err)
		}
	})
	t.Run("people do not change each other's data for ever", func(t *testing.T) {
		s := fresh()
		for i := range 1000 {
			in := model.ApproveSuggestionInput{ActionHash: s.ActionHash, Data: model.JSON(strconv.Itoa(i))}
			if _, err := s.Approve(in, dana, nil, now); err != nil {
				if code(err) != model.InvalidTransition || len(s.Decisions) > 50 {
					t.Errorf("%v after %d", err, len(s.Decisions))
				}
				return
			}
		}
		t.Errorf("%d decisions", len(s.Decisions))
	})
	t.Run("one refusal ends it", func(t *testing.T) {
		s := fresh()
		if what, err := s.Reject(new("no"), dana, now); err != nil || what != model.EventTypeSuggestionRejected {
			t.Fatalf("%s, %v", what, err)
		}
		if _, err := s.Approve(yes, eli, nil, now); code(err) != model.AlreadyDecided {
			t.Errorf("after it: %v", err)
		}
	})
	t.Run("a question is answered, an action is not", func(t *testing.T) {
		question := fresh()
		question.Kind = model.SuggestionKindQuestion
		if _, err := question.Approve(yes, dana, nil, now); code(err) != model.InvalidTransition {
			t.Errorf("approve a question: %v", err)
		}
		if _, err := fresh().GiveAnswer(model.JSON(`1`), dana, now); code(err) != model.InvalidTransition {
			t.Errorf("answer an action: %v", err)
		}
		if what, err := question.GiveAnswer(model.JSON(`"42"`), dana, now); err != nil || what != model.EventTypeSuggestionAnswered {
			t.Errorf("answer a question: %s, %v", what, err)
		}
	})
	t.Run("nothing is decided after the end", func(t *testing.T) {
		late := now.Add(time.Hour)
		if _, err := fresh().Approve(yes, dana, nil, late); code(err) != model.Expired {
			t.Errorf("approve: %v", err)
		}
		s := fresh()
		if _, err := s.Expire(late.Add(-1)); err == nil {
			t.Error("it expires before its time")
		}
		if what, err := s.Expire(late); err != nil || what != model.EventTypeSuggestionExpired || s.Status != model.SuggestionStatusExpired {
			t.Errorf("expire: %s, %v", what, err)
		}
		trusting := fresh()
		trusting.OnExpiry = model.ExpiryActionApprove
		if what, err := trusting.Expire(late); err != nil || what != model.EventTypeSuggestionApproved || string(trusting.ApprovedData) != "1" {
			t.Errorf("expire to approved: %s, %v, %s", what, err, trusting.ApprovedData)
		}
	})
}
