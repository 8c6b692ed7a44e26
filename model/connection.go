package model

// Page is what a connection was asked for: so many from the front or the back, after or before a cursor.
type Page struct {
	First, Last   *int
	After, Before *string
}

// PageInfo says where a page stands among all pages.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// Count says what a connection's totalCount counts; it is carried along and counted only when asked for.
type Count any

// WorkflowConnection is a page of workflows.
type WorkflowConnection struct {
	Edges    []*WorkflowEdge
	PageInfo *PageInfo
	Count    Count
}

// WorkflowEdge is one workflow on a page.
type WorkflowEdge struct {
	Cursor string
	Node   *Workflow
}

// TaskConnection is a page of tasks.
type TaskConnection struct {
	Edges    []*TaskEdge
	PageInfo *PageInfo
	Count    Count
}

// TaskEdge is one task on a page.
type TaskEdge struct {
	Cursor string
	Node   *Task
}

// AgentConnection is a page of agents.
type AgentConnection struct {
	Edges    []*AgentEdge
	PageInfo *PageInfo
	Count    Count
}

// AgentEdge is one agent on a page.
type AgentEdge struct {
	Cursor string
	Node   *Agent
}

// SuggestionConnection is a page of suggestions.
type SuggestionConnection struct {
	Edges    []*SuggestionEdge
	PageInfo *PageInfo
	Count    Count
}

// SuggestionEdge is one suggestion on a page.
type SuggestionEdge struct {
	Cursor string
	Node   *Suggestion
}

// CommentConnection is a page of comments.
type CommentConnection struct {
	Edges    []*CommentEdge
	PageInfo *PageInfo
	Count    Count
}

// CommentEdge is one comment on a page.
type CommentEdge struct {
	Cursor string
	Node   *Comment
}

// APIKeyConnection is a page of API keys.
type APIKeyConnection struct {
	Edges    []*APIKeyEdge
	PageInfo *PageInfo
	Count    Count
}

// APIKeyEdge is one API key on a page.
type APIKeyEdge struct {
	Cursor string
	Node   *APIKey
}

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
