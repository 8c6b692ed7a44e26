package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"workflowfactory/model"
)

// formatter writes arguments into statements that are put together anew each time.
var formatter = schema.NewQueryGen(dialect)

// lockAll reads nouns by id and locks their rows until the end of the change, in the order of their ids. Ids of
// nothing are left out.
func lockAll[T any](ctx context.Context, c *change, ids []model.ID) ([]*T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return lockWhere[T](ctx, c, "id IN (?)", bun.List(ids))
}

// lockWhere does the same for the rows that a condition names.
func lockWhere[T any](ctx context.Context, c *change, where string, args ...any) (nouns []*T, err error) {
	s := storedAs[T]()
	sql := formatter.FormatQuery(s.lock("("+where+")", false), args...)
	rows := c.pg.PgConn().ExecParams(ctx, sql, nil, nil, nil, []int16{pgx.BinaryFormatCode})
	var r row
	for rows.NextRow() {
		r.values, r.next = rows.Values(), 0
		nouns = append(nouns, readLocked[T](c, s, &r))
	}
	_, err = rows.Close()
	return nouns, errors.Join(err, r.err)
}

// updateAll writes what changed of nouns that are locked, with one statement.
func updateAll[T any](ctx context.Context, c *change, nouns []*T) error {
	t := c.trip()
	queueUpdate(t, nouns)
	return t.send(ctx)
}
