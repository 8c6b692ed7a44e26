package db

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Traced gives the database with a pool of its own, whose statements the tracer sees. Close it after use.
func (d *DB) Traced(ctx context.Context, t pgx.QueryTracer) (traced *DB, stop func(), err error) {
	config := d.pool.Config()
	config.ConnConfig.Tracer = t
	pool, err := pgxpool.NewWithConfig(ctx, config)
	return &DB{bun: d.bun, pool: pool, feed: d.feed, kick: d.kick}, pool.Close, err
}
