package model

// Event is an entry of the log as the API shows it, with the entity that it is about.
type Event interface {
	Node
	IsEvent()
	LogEntry() *Entry
}

// IsNode marks what node(id) can give.
func (*Entry) IsNode() {}

// IsEvent marks what the stream carries.
func (*Entry) IsEvent() {}

// GetID gives the id.
func (e *Entry) GetID() ID { return e.ID }

// LogEntry gives the entry itself.
func (e *Entry) LogEntry() *Entry { return e }

// WorkflowEvent tells what happened to a workflow.
type WorkflowEvent struct {
	*Entry
	Workflow *Workflow // as it was just after; nil once deleted
}

// TaskEvent tells what happened to a task.
type TaskEvent struct {
	*Entry
	Task *Task // as it was just after; nil once deleted
}

// AgentEvent tells what happened to an agent.
type AgentEvent struct {
	*Entry
	Agent *Agent // as it was just after; nil once removed
}

// SuggestionEvent tells what happened to a suggestion.
type SuggestionEvent struct {
	*Entry
	Suggestion *Suggestion // as it was just after
}

// CommentEvent tells what happened to a comment.
type CommentEvent struct {
	*Entry
	Comment *Comment // as it was just after; nil once deleted
}

// CommentID is the comment that the event is about.
func (e *CommentEvent) CommentID() ID { return e.EntityID }

// AccessEvent tells what happened to a user or an API key.
type AccessEvent struct {
	*Entry
}

// UserID is the user that the event is about, nil when it is about none.
func (e *AccessEvent) UserID() *ID { return e.entityOf(KindUser) }

// APIKeyID is the key that the event is about, nil when it is about none.
func (e *AccessEvent) APIKeyID() *ID { return e.entityOf(KindAPIKey) }

func (e *AccessEvent) entityOf(k Kind) *ID {
	if e.Kind != k {
		return nil
	}
	return &e.EntityID
}
