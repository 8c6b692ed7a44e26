package db

import (
	"context"

	"github.com/jackc/pgx/v5"

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
	rows, err := r.pool.Query(ctx, "SELECT t.id, t.version FROM ("+claimableByRank+") AS first JOIN tasks AS t USING (id) WHERE t.status = 'READY'",
		pgx.QueryExecModeCacheStatement, uuids{a.ID}, []*string{nil}, claimSpare)
	if err != nil {
		return nil, publicError(err)
	}
	offered := map[model.ID]int64{}
	var id [16]byte
	var version int64
	_, err = pgx.ForEachRow(rows, []any{&id, &version}, func() error {
		offered[model.ID(id)] = version
		return nil
	})
	return offered, publicError(err)
}
