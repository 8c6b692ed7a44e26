package graph

import (
	"context"

	"workflowfactory/model"
)

// cursors gives each change the position of the event that it wrote. It waits the milliseconds until the event is
// sequenced; who does not select the field does not wait.
func cursors[P interface{ Written() model.Change }](ctx context.Context, r *Resolver, payloads []P) ([]*model.Cursor, error) {
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

type workflowPayloadResolver struct{ *Resolver }

func (r workflowPayloadResolver) Cursor(ctx context.Context, objs []*model.WorkflowPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}

type taskPayloadResolver struct{ *Resolver }

func (r taskPayloadResolver) Cursor(ctx context.Context, objs []*model.TaskPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}

type agentPayloadResolver struct{ *Resolver }

func (r agentPayloadResolver) Cursor(ctx context.Context, objs []*model.AgentPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}

type suggestionPayloadResolver struct{ *Resolver }

func (r suggestionPayloadResolver) Cursor(ctx context.Context, objs []*model.SuggestionPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}

type commentPayloadResolver struct{ *Resolver }

func (r commentPayloadResolver) Cursor(ctx context.Context, objs []*model.CommentPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}

type apiKeyPayloadResolver struct{ *Resolver }

func (r apiKeyPayloadResolver) Cursor(ctx context.Context, objs []*model.APIKeyPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}

type createAPIKeyPayloadResolver struct{ *Resolver }

func (r createAPIKeyPayloadResolver) Cursor(ctx context.Context, objs []*model.CreateAPIKeyPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}

type workflowDeletedPayloadResolver struct{ *Resolver }

func (r workflowDeletedPayloadResolver) Cursor(ctx context.Context, objs []*model.WorkflowDeletedPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}

type taskDeletedPayloadResolver struct{ *Resolver }

func (r taskDeletedPayloadResolver) Cursor(ctx context.Context, objs []*model.TaskDeletedPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}

type agentDeletedPayloadResolver struct{ *Resolver }

func (r agentDeletedPayloadResolver) Cursor(ctx context.Context, objs []*model.AgentDeletedPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}

type commentDeletedPayloadResolver struct{ *Resolver }

func (r commentDeletedPayloadResolver) Cursor(ctx context.Context, objs []*model.CommentDeletedPayload) ([]*model.Cursor, error) {
	return cursors(ctx, r.Resolver, objs)
}
