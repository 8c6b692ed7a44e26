package model

import "time"

// Change is what every payload carries: the seq of the last event that the change wrote, from which the position of
// that event follows once it is sequenced. Zero when the change wrote nothing.
type Change struct {
	Seq int64 `json:"seq"`
}

// Written gives the change that the payload answers.
func (c Change) Written() Change { return c }

// WorkflowPayload is the answer to a change of a workflow.
type WorkflowPayload struct {
	Change
	Workflow *Workflow
}

// TaskPayload is the answer to a change of a task.
type TaskPayload struct {
	Change
	Task *Task
}

// AgentPayload is the answer to a change of an agent.
type AgentPayload struct {
	Change
	Agent *Agent
}

// SuggestionPayload is the answer to a change of a suggestion.
type SuggestionPayload struct {
	Change
	Suggestion *Suggestion
}

// CommentPayload is the answer to a change of a comment.
type CommentPayload struct {
	Change
	Comment *Comment
}

// ApprovalPolicyPayload is the answer to a change of an approval policy.
type ApprovalPolicyPayload struct {
	Change
	ApprovalPolicy *ApprovalPolicy
}

// ApprovalPolicyDeletedPayload is the answer to the deletion of an approval policy.
type ApprovalPolicyDeletedPayload struct {
	Change
	DeletedID ID
}

// UserPayload is the answer to a change of a user.
type UserPayload struct {
	Change
	User *User
}

// CreateUserPayload is a new user, with the password if one was made.
type CreateUserPayload struct {
	Change
	User     *User
	Password *string
}

// ChangePasswordPayload is a user with a new password, which is told if it was made.
type ChangePasswordPayload struct {
	Change
	User     *User
	Password *string
}

// SessionPayload is the answer to a change of a session.
type SessionPayload struct {
	Change
	Session *Session
}

// LoginPayload is a session that has begun, with its token.
type LoginPayload struct {
	Change
	Token   string
	User    *User
	Session *Session
}

// ExpiresAt is when the token stops working unless it is used before.
func (p *LoginPayload) ExpiresAt() time.Time { return p.Session.ExpiresAt }

// APIKeyPayload is the answer to a change of an API key.
type APIKeyPayload struct {
	Change
	APIKey *APIKey
}

// CreateAPIKeyPayload is a new API key with its secret.
type CreateAPIKeyPayload struct {
	Change
	APIKey *APIKey
	Secret string
}

// WorkflowDeletedPayload is the answer to the deletion of a workflow.
type WorkflowDeletedPayload struct {
	Change
	DeletedID ID
}

// TaskDeletedPayload is the answer to the deletion of a task.
type TaskDeletedPayload struct {
	Change
	DeletedID ID
}

// AgentDeletedPayload is the answer to the removal of an agent.
type AgentDeletedPayload struct {
	Change
	DeletedID ID
}

// CommentDeletedPayload is the answer to the deletion of a comment.
type CommentDeletedPayload struct {
	Change
	DeletedID ID
}

// BulkTasksPayload is what became of many tasks.
type BulkTasksPayload struct {
	Change
	Outcomes  []*TaskOutcome
	Succeeded int
	Failed    int
	HasMore   bool
}

// BulkSuggestionsPayload is what became of many suggestions.
type BulkSuggestionsPayload struct {
	Change
	Outcomes  []*SuggestionOutcome
	Succeeded int
	Failed    int
}
