package db

import (
	"context"

	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// lockAll reads nouns by id and locks their rows until the end of the change, in the order of their ids. Ids of
// nothing are left out.
func lockAll[T any](ctx context.Context, c *change, ids []model.ID) ([]*T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return lockWhere[T](ctx, c, "id IN (?)", bun.List(ids))
}

// lockWhere does the same for the rows that a condition names.
func lockWhere[T any](ctx context.Context, c *change, where string, args ...any) ([]*T, error) {
	var rows []*T
	// NO KEY UPDATE: rows that merely refer to these may be written meanwhile.
	err := c.NewSelect().Model(&rows).Where(where, args...).OrderExpr("id").For("NO KEY UPDATE").Scan(ctx)
	return rows, err
}

// updateAll writes changed rows that are locked, with one statement.
func updateAll[T any](ctx context.Context, c *change, rows []*T) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := c.NewUpdate().Model(&rows).Bulk().Exec(ctx)
	return err
}
