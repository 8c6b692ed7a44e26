package graph

import (
	"context"
	"time"

	"workflowfactory/model"
)

// lookAgain is how long lines that another process wrote may stay unseen.
const lookAgain = 500 * time.Millisecond

// TaskLog follows the log of one task, from a line on to the end of the task.
func (r subscriptionResolver) TaskLog(ctx context.Context, taskID model.ID, after *string) (<-chan *model.TaskLogEdge, error) {
	task, err := one(r.Tasks.ByIDs(ctx, []model.ID{taskID}))
	if err != nil {
		return nil, err
	}
	if task == nil {
		return nil, model.Missing("task", taskID)
	}
	lines := make(chan *model.TaskLogEdge)
	feed(ctx, r.Resolver, lines, func() {
		if err := r.followLog(ctx, taskID, after, lines); err != nil && ctx.Err() == nil {
			r.Fail(ctx, err)
		}
	})
	return lines, nil
}

func (r subscriptionResolver) followLog(ctx context.Context, id model.ID, after *string, lines chan<- *model.TaskLogEdge) error {
	for {
		grows := r.Tasks.LogGrows(id) // asked before the lines are read, so that none is missed
		edges, over, err := r.Tasks.LogFrom(ctx, id, after)
		if err != nil {
			return err
		}
		for _, e := range edges {
			select {
			case lines <- e:
				after = new(e.Cursor())
			case <-ctx.Done():
				return nil
			}
		}
		switch {
		case over:
			return nil
		case len(edges) > 0:
			continue // there may be more already
		}
		select {
		case <-grows:
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return nil
		}
	}
}
