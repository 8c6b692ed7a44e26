package db

import (
	"context"

	"workflowfactory/model"
)

// Offer gives some of the READY tasks that an agent could claim now, each with its version: none when the agent takes no
// more work or is full, and otherwise none only if there is none. It takes no lock, so others may take them first.
// Indexes: tasks_claim once per set of capabilities, tasks_claim_reserved.
func (r Tasks) Offer(ctx context.Context, agent model.ID) (map[model.ID]int64, error) {
	a, err := r.Worker(ctx, agent)
	if err != nil || a.Draining || a.ActiveTasks >= a.MaxConcurrency {
		return nil, err
	}
	offered := map[model.ID]int64{}
	_, err = r.transact(ctx, func(ctx context.Context, c *change) error {
		t := c.trip() // for its plans; it changes nothing
		t.add("SELECT t.id, t.version FROM ("+claimableByRank+") AS first JOIN tasks AS t USING (id) WHERE t.status = 'READY'", func(r *row) error {
			id := r.id()
			offered[id] = int64(r.int())
			return nil
		}, uuids{a.ID}, []*string{nil}, claimSpare)
		return t.send(ctx)
	})
	return offered, publicError(err)
}
