package event

import (
	"context"

	"workflowfactory/model"
)

// Resume checks a cursor that a client brings and gives it in the terms of the present epoch. It answers BAD_USER_INPUT
// for a cursor that this log never gave and CURSOR_EXPIRED when what follows it is no longer kept or never happened. It
// waits for the feed to start.
func (f *Feed) Resume(ctx context.Context, c model.Cursor) (model.Cursor, error) {
	if err := f.wait(ctx, f.ready); err != nil {
		return model.Cursor{}, err
	}
	return f.resume(ctx, c)
}
