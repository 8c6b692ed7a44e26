package model

import (
	"context"
	"fmt"
)

// Page is what a connection was asked for: so many from the front or the back, after or before a cursor.
type Page struct {
	First, Last   *int
	After, Before *string
}

// PageInfo says where a page stands among all pages.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	Start, End      fmt.Stringer // give the cursors of the first and the last edge; nil on an empty page
}

// StartCursor is the cursor of the first edge; nil on an empty page.
func (p *PageInfo) StartCursor() *string { return edgeCursor(p.Start) }

// EndCursor is the cursor of the last edge; nil on an empty page.
func (p *PageInfo) EndCursor() *string { return edgeCursor(p.End) }

func edgeCursor(s fmt.Stringer) *string {
	if s == nil {
		return nil
	}
	return new(s.String())
}

// Count counts what a connection's totalCount says, when it is asked for.
type Count func(context.Context) (int, error)

// Edge is one T on a page. Its cursor is made only when it is asked for.
type Edge[T any] struct {
	Node *T
	Text func(*T) string // makes the cursor
}

// Cursor is where the node stands in the order of its page.
func (e *Edge[T]) Cursor() string { return e.Text(e.Node) }

// String is the cursor.
func (e *Edge[T]) String() string { return e.Cursor() }

// WorkflowConnection is a page of workflows.
type WorkflowConnection struct {
	Edges    []*WorkflowEdge
	PageInfo *PageInfo
	Count    Count
}

// WorkflowEdge is one workflow on a page.
type WorkflowEdge struct{ Edge[Workflow] }

// TaskConnection is a page of tasks.
type TaskConnection struct {
	Edges    []*TaskEdge
	PageInfo *PageInfo
	Count    Count
}

// TaskEdge is one task on a page.
type TaskEdge struct{ Edge[Task] }

// AgentConnection is a page of agents.
type AgentConnection struct {
	Edges    []*AgentEdge
	PageInfo *PageInfo
	Count    Count
}

// AgentEdge is one agent on a page.
type AgentEdge struct{ Edge[Agent] }

// SuggestionConnection is a page of suggestions.
type SuggestionConnection struct {
	Edges    []*SuggestionEdge
	PageInfo *PageInfo
	Count    Count
}

// SuggestionEdge is one suggestion on a page.
type SuggestionEdge struct{ Edge[Suggestion] }

// CommentConnection is a page of comments.
type CommentConnection struct {
	Edges    []*CommentEdge
	PageInfo *PageInfo
	Count    Count
}

// CommentEdge is one comment on a page.
type CommentEdge struct{ Edge[Comment] }

// ApprovalPolicyConnection is a page of approval policies.
type ApprovalPolicyConnection struct {
	Edges    []*ApprovalPolicyEdge
	PageInfo *PageInfo
	Count    Count
}

// ApprovalPolicyEdge is one approval policy on a page.
type ApprovalPolicyEdge struct{ Edge[ApprovalPolicy] }

// UserConnection is a page of users.
type UserConnection struct {
	Edges    []*UserEdge
	PageInfo *PageInfo
	Count    Count
}

// UserEdge is one user on a page.
type UserEdge struct{ Edge[User] }

// SessionConnection is a page of sessions.
type SessionConnection struct {
	Edges    []*SessionEdge
	PageInfo *PageInfo
	Count    Count
}

// SessionEdge is one session on a page.
type SessionEdge struct{ Edge[Session] }

// APIKeyConnection is a page of API keys.
type APIKeyConnection struct {
	Edges    []*APIKeyEdge
	PageInfo *PageInfo
	Count    Count
}

// APIKeyEdge is one API key on a page.
type APIKeyEdge struct{ Edge[APIKey] }

// EventConnection is a page of events.
type EventConnection struct {
	Edges    []*EventEdge
	PageInfo *PageInfo
	Count    Count
}

// EventEdge is one event on a page.
type EventEdge struct {
	Cursor Cursor
	Node   Event
}
