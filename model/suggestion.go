package model

import "time"

// Suggestion is what an agent asks people to decide.
type Suggestion struct {
	Noun              `bun:",embed"`
	Kind              SuggestionKind   `json:"kind"`
	TaskID            ID               `json:"taskId" bun:"type:uuid"`
	WorkflowID        ID               `json:"workflowId" bun:"type:uuid"`
	AgentID           ID               `json:"agent" bun:"type:uuid"`
	Action            string           `json:"action"`
	Reasoning         string           `json:"reasoning"`
	Confidence        float64          `json:"confidence"`
	Data              JSON             `json:"data" bun:"type:jsonb"`
	ActionHash        string           `json:"actionHash"`
	Status            SuggestionStatus `json:"status"`
	Blocking          bool             `json:"blocking"`
	RequiredApprovals int              `json:"requiredApprovals"`
	Decisions         []*Decision      `json:"decisions" bun:"type:jsonb"`
	ApprovedData      JSON             `json:"approvedData" bun:"type:jsonb"`
	Answer            JSON             `json:"answer" bun:"type:jsonb"`
	ExpiresAt         *time.Time       `json:"expiresAt"`
	OnExpiry          ExpiryAction     `json:"onExpiry"`
	DecidedAt         *time.Time       `json:"decidedAt"`
	PolicyID          ID               `json:"policy" bun:"type:uuid"` // that applied when it was made
	SpotCheck         bool             `json:"spotCheck"`
	DecidedByID       ID               `json:"decidedBy" bun:"decided_by,type:uuid"`
	Urgency           int64            `json:"-"` // the lower, the sooner a person should look at it
}

// UrgencyStep is how far the classes of priority lie apart; what is below it tells when the suggestion expires.
const UrgencyStep = 1 << 60

// UrgencyOf is the part of a suggestion's urgency that the priority of its task makes up.
func UrgencyOf(p Priority) int64 { return int64(PriorityUrgent-p) * UrgencyStep }

// urgency orders suggestions by the priority of their tasks, then by when they expire; equal ones go by their ids, and
// so by age.
func urgency(p Priority, expiresAt *time.Time) int64 {
	left := int64(UrgencyStep - 1)
	if expiresAt != nil {
		left = min(left, expiresAt.UnixMicro())
	}
	return UrgencyOf(p) + left
}

// Decision is what one person decided.
type Decision struct {
	Verdict    Verdict   `json:"verdict"`
	ByID       ID        `json:"by"`
	PolicyID   ID        `json:"policy"` // that decided; zero when a person did
	Note       *string   `json:"note"`
	Data       JSON      `json:"data"`
	ActionHash *string   `json:"actionHash"` // of what was approved; nil of other verdicts
	At         time.Time `json:"at"`
}

// approves says whether it is an approval of what has that actionHash.
func (d *Decision) approves(hash string) bool {
	return d.Verdict == VerdictApprove && d.ActionHash != nil && *d.ActionHash == hash
}
