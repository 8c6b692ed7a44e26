package model

import "slices"

// CommandFor gives what an agent shall do because of an event, nil when that is nothing.
func CommandFor(agent ID, e Event) *AgentCommand {
	switch e := e.(type) {
	case *TaskEvent:
		if e.Task != nil && e.Task.AgentID == agent && lostByIt(e.Entry) {
			return &AgentCommand{Type: AgentCommandTypeCancelTask, TaskID: &e.TaskID}
		}
	case *SuggestionEvent:
		if e.Suggestion != nil && e.Suggestion.AgentID == agent && settledByOther(e.Entry) {
			return &AgentCommand{Type: AgentCommandTypeSuggestionDecided, TaskID: &e.TaskID, Suggestion: e.Suggestion}
		}
	case *AgentEvent:
		for _, c := range e.FieldChanges() {
			if c.Field != "draining" {
				continue
			}
			if string(c.After) == "true" {
				return &AgentCommand{Type: AgentCommandTypeDrain}
			}
			return &AgentCommand{Type: AgentCommandTypeResume}
		}
	}
	return nil
}

// settledByOther says whether the event settled a suggestion without its agent's doing.
func settledByOther(e *Entry) bool {
	return slices.Contains([]EventType{
		EventTypeSuggestionApproved, EventTypeSuggestionRejected, EventTypeSuggestionAnswered, EventTypeSuggestionExpired, EventTypeSuggestionWithdrawn,
	}, e.Type) && e.ActorID != e.AgentID
}

// lostByIt says whether the event took a held task out of its agent's hands without the agent's doing.
func lostByIt(e *Entry) bool {
	if !slices.Contains([]EventType{EventTypeTaskCancelled, EventTypeTaskSkipped, EventTypeTaskLeaseExpired, EventTypeTaskFailed, EventTypeTaskReleased}, e.Type) || e.ActorID == e.AgentID {
		return false
	}
	return slices.ContainsFunc(e.FieldChanges(), func(c *FieldChange) bool {
		return c.Field == "status" && string(c.Before) == `"`+string(TaskStatusInProgress)+`"`
	})
}
