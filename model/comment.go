package model

import "time"

// Comment is what a person or an agent said about a task or a suggestion.
type Comment struct {
	Noun         `bun:",embed"`
	TaskID       ID         `json:"taskId" bun:"type:uuid"`
	WorkflowID   ID         `json:"workflowId" bun:"type:uuid"`
	SuggestionID ID         `json:"suggestionId" bun:"type:uuid"`
	AuthorID     ID         `json:"author" bun:"type:uuid"`
	Body         string     `json:"body"`
	ParentID     ID         `json:"parent" bun:"type:uuid"`
	EditedAt     *time.Time `json:"editedAt"`
}
