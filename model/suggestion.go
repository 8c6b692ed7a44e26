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
	DecidedByID       ID               `json:"decidedBy" bun:"decided_by,type:uuid"`
}

// Decision is what one person decided.
type Decision struct {
	Verdict Verdict   `json:"verdict"`
	ByID    ID        `json:"by"`
	Note    *string   `json:"note"`
	Data    JSON      `json:"data"`
	At      time.Time `json:"at"`
}
