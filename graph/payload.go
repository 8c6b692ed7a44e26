package graph

import (
	"context"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// payload resolves what every payload has: the position of the event that its change wrote. It waits the milliseconds
// until the event is sequenced; who does not select the field does not wait.
type payload[P interface{ Written() model.Change }] struct{ *Resolver }

func (r payload[P]) Cursor(ctx context.Context, payloads []P) ([]*model.Cursor, error) {
	cursors := make([]*model.Cursor, len(payloads))
	for i, p := range payloads {
		cursor, err := r.Feed.Position(ctx, p.Written().Seq)
		if err != nil {
			return nil, err
		}
		cursors[i] = &cursor
	}
	return cursors, nil
}

// WorkflowPayload resolves the position of a change.
func (r *Resolver) WorkflowPayload() gen.WorkflowPayloadResolver {
	return payload[*model.WorkflowPayload]{r}
}

// TaskPayload resolves the position of a change.
func (r *Resolver) TaskPayload() gen.TaskPayloadResolver {
	return payload[*model.TaskPayload]{r}
}

// AgentPayload resolves the position of a change.
func (r *Resolver) AgentPayload() gen.AgentPayloadResolver {
	return payload[*model.AgentPayload]{r}
}

// SuggestionPayload resolves the position of a change.
func (r *Resolver) SuggestionPayload() gen.SuggestionPayloadResolver {
	return payload[*model.SuggestionPayload]{r}
}

// CommentPayload resolves the position of a change.
func (r *Resolver) CommentPayload() gen.CommentPayloadResolver {
	return payload[*model.CommentPayload]{r}
}

// UserPayload resolves the position of a change.
func (r *Resolver) UserPayload() gen.UserPayloadResolver {
	return payload[*model.UserPayload]{r}
}

// CreateUserPayload resolves the position of a change.
func (r *Resolver) CreateUserPayload() gen.CreateUserPayloadResolver {
	return payload[*model.CreateUserPayload]{r}
}

// ChangePasswordPayload resolves the position of a change.
func (r *Resolver) ChangePasswordPayload() gen.ChangePasswordPayloadResolver {
	return payload[*model.ChangePasswordPayload]{r}
}

// SessionPayload resolves the position of a change.
func (r *Resolver) SessionPayload() gen.SessionPayloadResolver {
	return payload[*model.SessionPayload]{r}
}

// LoginPayload resolves the position of a change.
func (r *Resolver) LoginPayload() gen.LoginPayloadResolver {
	return payload[*model.LoginPayload]{r}
}

// ApiKeyPayload resolves the position of a change.
func (r *Resolver) ApiKeyPayload() gen.ApiKeyPayloadResolver {
	return payload[*model.APIKeyPayload]{r}
}

// CreateApiKeyPayload resolves the position of a change.
func (r *Resolver) CreateApiKeyPayload() gen.CreateApiKeyPayloadResolver {
	return payload[*model.CreateAPIKeyPayload]{r}
}

// WorkflowDeletedPayload resolves the position of a change.
func (r *Resolver) WorkflowDeletedPayload() gen.WorkflowDeletedPayloadResolver {
	return payload[*model.WorkflowDeletedPayload]{r}
}

// TaskDeletedPayload resolves the position of a change.
func (r *Resolver) TaskDeletedPayload() gen.TaskDeletedPayloadResolver {
	return payload[*model.TaskDeletedPayload]{r}
}

// AgentDeletedPayload resolves the position of a change.
func (r *Resolver) AgentDeletedPayload() gen.AgentDeletedPayloadResolver {
	return payload[*model.AgentDeletedPayload]{r}
}

// CommentDeletedPayload resolves the position of a change.
func (r *Resolver) CommentDeletedPayload() gen.CommentDeletedPayloadResolver {
	return payload[*model.CommentDeletedPayload]{r}
}

// BulkTasksPayload resolves the position of the last of many changes.
func (r *Resolver) BulkTasksPayload() gen.BulkTasksPayloadResolver {
	return payload[*model.BulkTasksPayload]{r}
}

// BulkSuggestionsPayload resolves the position of the last of many changes.
func (r *Resolver) BulkSuggestionsPayload() gen.BulkSuggestionsPayloadResolver {
	return payload[*model.BulkSuggestionsPayload]{r}
}
