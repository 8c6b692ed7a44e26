package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// NewSuggestion makes a PENDING suggestion about a task, or says what is wrong with the input. An agent suggests about
// what it holds; a blocking suggestion needs the task to be held, since it suspends it.
func NewSuggestion(in CreateSuggestionInput, t *Task, who Caller, now time.Time) (*Suggestion, error) {
	agent := orDefault(in.AgentID, who.AgentID)
	if agent.IsZero() {
		return nil, BadInput("agentId", "say which agent suggests it")
	}
	if err := who.MayActAs(agent); err != nil {
		return nil, err
	}
	s := &Suggestion{
		Noun: NewNoun(KindSuggestion, now), Kind: orDefault(in.Kind, SuggestionKindAction), TaskID: t.ID,
		WorkflowID: t.WorkflowID, AgentID: agent, Action: in.Action, Reasoning: in.Reasoning, Confidence: in.Confidence,
		Data: in.Data, ActionHash: ActionHash(in.Action, in.Data), Status: SuggestionStatusPending,
		Blocking: orDefault(in.Blocking, false), RequiredApprovals: orDefault(in.RequiredApprovals, 1),
		Decisions: []*Decision{}, ExpiresAt: in.ExpiresAt, OnExpiry: orDefault(in.OnExpiry, ExpiryActionReject),
		Urgency: urgency(t.Priority, in.ExpiresAt),
	}
	if t.Status != TaskStatusInProgress || t.AgentID != agent {
		return nil, Errorf(InvalidTransition, "task %s is not held by that agent; only its holder can suggest something about it", t.ID)
	}
	return s, s.check(now)
}

// check says what is wrong with a new suggestion's fields.
func (s *Suggestion) check(now time.Time) error {
	question := s.Kind == SuggestionKindQuestion
	switch {
	case s.ExpiresAt != nil && !s.ExpiresAt.After(now):
		return BadInput("expiresAt", "expiresAt must be in the future")
	case question && s.OnExpiry == ExpiryActionApprove:
		return BadInput("onExpiry", "a QUESTION is answered, not approved: it can only become REJECT")
	case question && s.RequiredApprovals > 1:
		return BadInput("requiredApprovals", "a QUESTION is answered by one person")
	}
	return firstError(
		CheckName("action", s.Action), CheckText("reasoning", &s.Reasoning),
		CheckRange("confidence", &s.Confidence, 0, 1), CheckRange("requiredApprovals", &s.RequiredApprovals, 1, 10),
	)
}

// ActionHash is SHA-256, in hex, over the canonical JSON of what an agent would do: {"action":…,"data":…} with sorted
// keys and without spaces, where only quotes, backslashes, control characters and U+2028 and U+2029 are escaped. Numbers
// are as the API shows them: without exponents, with the decimals that they were written with.
func ActionHash(action string, data JSON) string {
	var value any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if data != nil {
		if err := d.Decode(&value); err != nil {
			panic(err) // data was valid JSON when it came in
		}
	}
	var canonical bytes.Buffer
	e := json.NewEncoder(&canonical)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]any{"action": action, "data": plainNumbers(value)}); err != nil {
		panic(err)
	}
	sum := sha256.Sum256(bytes.TrimSuffix(canonical.Bytes(), []byte("\n")))
	return hex.EncodeToString(sum[:])
}

// plainNumbers writes the numbers of a JSON value as PostgreSQL does.
func plainNumbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = plainNumbers(v[key])
		}
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case json.Number:
		return plainNumber(v)
	}
	return value
}

func plainNumber(n json.Number) json.Number {
	mantissa, power, scientific := strings.Cut(strings.ToLower(string(n)), "e")
	if !scientific && !strings.HasPrefix(mantissa, "-0") {
		return n
	}
	exact, known := new(big.Rat).SetString(string(n))
	if !known {
		return n
	}
	_, fraction, _ := strings.Cut(mantissa, ".")
	exponent, _ := strconv.Atoi(power) // 0 without one
	return json.Number(exact.FloatString(max(0, len(fraction)-exponent)))
}

// checkPending answers ALREADY_DECIDED, or EXPIRED, when there is nothing left to decide.
func (s *Suggestion) checkPending(now time.Time) error {
	switch {
	case s.Status == SuggestionStatusExpired:
		return Errorf(Expired, "suggestion %s expired before it was decided", s.ID)
	case s.Status != SuggestionStatusPending:
		return Errorf(AlreadyDecided, "suggestion %s is already %s", s.ID, s.Status)
	case s.ExpiresAt != nil && !now.Before(*s.ExpiresAt):
		return Errorf(Expired, "suggestion %s expired before it was decided", s.ID)
	}
	return nil
}

func (s *Suggestion) checkKind(kind SuggestionKind, instead string) error {
	if s.Kind != kind {
		return Errorf(InvalidTransition, "suggestion %s is of kind %s; %s it instead", s.ID, s.Kind, instead)
	}
	return nil
}

// decided appends one decision; the list is a new one, so that the old suggestion keeps its own.
func (s *Suggestion) decided(d *Decision) {
	s.Decisions = append(append(make([]*Decision, 0, len(s.Decisions)+1), s.Decisions...), d)
}

// settle ends the suggestion.
func (s *Suggestion) settle(end SuggestionStatus, by ID, now time.Time) {
	s.Status, s.DecidedAt, s.DecidedByID = end, &now, by
}

// maxDecisions bounds how often people may change what others have approved.
const maxDecisions = 50

// Approve counts one person's approval; with enough of them of the same data the suggestion is APPROVED. Data that a person
// gives stands in place of what was suggested from then on, so that the others see what they approve. lapsed are people who
// may decide no more, whose approvals count no more.
func (s *Suggestion) Approve(in ApproveSuggestionInput, by ID, lapsed []ID, now time.Time) (EventType, error) {
	if err := firstError(s.checkPending(now), s.checkKind(SuggestionKindAction, "answer"), CheckText("note", in.Note)); err != nil {
		return "", err
	}
	if in.ActionHash != s.ActionHash {
		return "", &Error{Code: Conflict, Field: "actionHash", Message: "this is not what is suggested now; look at it again before you approve it"}
	}
	data, hash := s.Data, s.ActionHash
	if in.Data != nil {
		data, hash = in.Data, ActionHash(s.Action, in.Data)
	}
	approvals := 1
	for _, d := range s.Decisions {
		switch {
		case !d.approves(hash):
		case d.ByID == by:
			return "", Errorf(AlreadyDecided, "you have already approved suggestion %s; it needs others too", s.ID)
		case !slices.Contains(lapsed, d.ByID):
			approvals++
		}
	}
	if len(s.Decisions) >= maxDecisions {
		return "", Errorf(InvalidTransition, "suggestion %s was changed too often: reject it, and have the agent suggest anew", s.ID)
	}
	s.decided(&Decision{Verdict: VerdictApprove, ByID: by, Note: in.Note, Data: in.Data, ActionHash: &hash, At: now})
	if approvals < s.RequiredApprovals {
		s.Data, s.ActionHash = data, hash
		return EventTypeSuggestionDecisionAdded, nil
	}
	s.ApprovedData = data
	s.settle(SuggestionStatusApproved, by, now)
	return EventTypeSuggestionApproved, nil
}

// Reject ends the suggestion: one person's refusal is enough.
func (s *Suggestion) Reject(reason *string, by ID, now time.Time) (EventType, error) {
	if err := firstError(s.checkPending(now), CheckText("reason", reason)); err != nil {
		return "", err
	}
	s.decided(&Decision{Verdict: VerdictReject, ByID: by, Note: reason, At: now})
	s.settle(SuggestionStatusRejected, by, now)
	return EventTypeSuggestionRejected, nil
}

// GiveAnswer answers a QUESTION.
func (s *Suggestion) GiveAnswer(answer JSON, by ID, now time.Time) (EventType, error) {
	if err := firstError(s.checkPending(now), s.checkKind(SuggestionKindQuestion, "approve or reject")); err != nil {
		return "", err
	}
	s.decided(&Decision{Verdict: VerdictAnswer, ByID: by, Data: answer, At: now})
	s.Answer = answer
	s.settle(SuggestionStatusAnswered, by, now)
	return EventTypeSuggestionAnswered, nil
}

// Decide does what one of many decisions says, by the rules of its verdict.
func (s *Suggestion) Decide(in SuggestionDecisionInput, by ID, lapsed []ID, now time.Time) (EventType, error) {
	switch in.Verdict {
	case VerdictApprove:
		return s.Approve(ApproveSuggestionInput{ID: in.ID, ActionHash: orDefault(in.ActionHash, ""), Note: in.Note, Data: in.Data}, by, lapsed, now)
	case VerdictReject:
		return s.Reject(in.Note, by, now)
	}
	if in.Answer == nil {
		return "", BadInput("answer", "give the answer")
	}
	return s.GiveAnswer(in.Answer, by, now)
}

// CheckWithdrawal answers FORBIDDEN for agents other than its own, and for all of them when people are to look at it: an agent
// could else try again until nobody looks.
func (s *Suggestion) CheckWithdrawal(by Caller) error {
	if s.SpotCheck && by.Role == RoleAgent {
		return Errorf(Forbidden, "suggestion %s is a spot check, which only people take back", s.ID)
	}
	return by.MayActAs(s.AgentID)
}

// Withdraw takes the suggestion back.
func (s *Suggestion) Withdraw(by ID, now time.Time) (EventType, error) {
	if s.Status != SuggestionStatusPending {
		return "", s.checkPending(now)
	}
	s.settle(SuggestionStatusWithdrawn, by, now)
	return EventTypeSuggestionWithdrawn, nil
}

// Expire settles a suggestion that nobody decided in time, as its onExpiry says.
func (s *Suggestion) Expire(now time.Time) (EventType, error) {
	if s.Status != SuggestionStatusPending || s.ExpiresAt == nil || now.Before(*s.ExpiresAt) {
		return "", Errorf(AlreadyDecided, "suggestion %s is not due", s.ID)
	}
	if s.OnExpiry == ExpiryActionApprove {
		s.ApprovedData = s.Data
		s.settle(SuggestionStatusApproved, SystemID, now)
		return EventTypeSuggestionApproved, nil
	}
	s.settle(SuggestionStatusExpired, SystemID, now)
	return EventTypeSuggestionExpired, nil
}
