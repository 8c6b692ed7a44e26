package model

import (
	"encoding/json"
	"fmt"
)

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

// FieldChanges lists what changed. Only the server writes changes, so some that cannot be read are a fault of the server.
func (e *Entry) FieldChanges() []*FieldChange {
	changes := []*FieldChange{}
	if len(e.Changes) == 0 {
		return changes
	}
	if err := json.Unmarshal(e.Changes, &changes); err != nil {
		panic(fmt.Errorf("read the changes of %s: %w", e.ID, err))
	}
	return changes
}

// Event gives the entry as the API shows it. All who read a shared entry get the same one, which nobody may change.
func (e *Entry) Event() Event { return e.Decoded(e.event).(Event) }

func (e *Entry) event() any {
	switch e.Kind {
	case KindWorkflow:
		return &WorkflowEvent{e, snapshotOf[Workflow](e)}
	case KindTask:
		task := snapshotOf[Task](e)
		if task != nil {
			task.AsOf = e.At
		}
		return &TaskEvent{e, task}
	case KindAgent:
		return &AgentEvent{e, snapshotOf[Agent](e)}
	case KindSuggestion:
		return &SuggestionEvent{e, snapshotOf[Suggestion](e)}
	case KindComment:
		return &CommentEvent{e, snapshotOf[Comment](e)}
	case KindApprovalPolicy:
		return &ApprovalPolicyEvent{e, snapshotOf[ApprovalPolicy](e)}
	}
	return &AccessEvent{e}
}

// snapshotOf gives the noun as it was just after the event, nil once it was deleted. Only the server writes
// snapshots, so one that cannot be read is a fault of the server.
func snapshotOf[T any](e *Entry) *T {
	if len(e.Snapshot) == 0 || string(e.Snapshot) == "null" {
		return nil
	}
	noun := new(T)
	if err := json.Unmarshal(e.Snapshot, noun); err != nil {
		panic(fmt.Errorf("read the snapshot of %s: %w", e.ID, err))
	}
	return noun
}

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

// ApprovalPolicyEvent tells what happened to an approval policy.
type ApprovalPolicyEvent struct {
	*Entry
	ApprovalPolicy *ApprovalPolicy // as it was just after; nil once deleted
}

// ApprovalPolicyID is the policy that the event is about.
func (e *ApprovalPolicyEvent) ApprovalPolicyID() ID { return e.EntityID }

// AccessEvent tells what happened to a user, a session or an API key.
type AccessEvent struct {
	*Entry
}

// UserID is the user that the event is about, or whose session it is about; nil when it is about none.
func (e *AccessEvent) UserID() *ID {
	if e.Kind != KindSession {
		return e.entityOf(KindUser)
	}
	if s := snapshotOf[Session](e.Entry); s != nil {
		return &s.UserID
	}
	return nil
}

// SessionID is the session that the event is about, nil when it is about none.
func (e *AccessEvent) SessionID() *ID { return e.entityOf(KindSession) }

// APIKeyID is the key that the event is about, nil when it is about none.
func (e *AccessEvent) APIKeyID() *ID { return e.entityOf(KindAPIKey) }

func (e *AccessEvent) entityOf(k Kind) *ID {
	if e.Kind != k {
		return nil
	}
	return &e.EntityID
}
