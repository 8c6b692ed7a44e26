package model

import "time"

// Comment is what a person or an agent said about a task or a suggestion.
type Comment struct {
	Noun         `bun:",embed"`
	TaskID       ID         `json:"taskId"`
	WorkflowID   ID         `json:"workflowId"`
	SuggestionID ID         `json:"suggestionId"`
	AuthorID     ID         `json:"author"`
	Body         string     `json:"body"`
	ParentID     ID         `json:"parent"`
	EditedAt     *time.Time `json:"editedAt"`
}
