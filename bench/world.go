package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"workflowfactory/db"
	"workflowfactory/db/migrations"
	"workflowfactory/db/pgdev"
	"workflowfactory/model"
)

// world is what all cases share: a PostgreSQL of their own, and a folder that goes away.
type world struct {
	options
	dir  string
	pg   *pgdev.Server
	pool *pgxpool.Pool // to seed, and to look after the others' connections

	workflows []model.ID // newest first
	hired     bool       // there are workers, and a queue for the bare loop
}

// newWorld starts PostgreSQL on the core of this process.
func newWorld(ctx context.Context, o options) (*world, error) {
	dir, err := os.MkdirTemp("", "wfd-bench-")
	if err != nil {
		return nil, err
	}
	w := &world{options: o, dir: dir}
	if err := os.Chmod(dir, 0o711); err != nil { // root's PostgreSQL runs as another user, who has to get through
		return nil, err
	}
	if err := w.open(ctx); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) open(ctx context.Context) (err error) {
	config := pgdev.Config{Dir: w.dir + "/pg", Log: log, Settings: map[string]string{"autovacuum": "off"}}
	if w.pg, err = pgdev.Start(ctx, config); err != nil {
		return err
	}
	d, err := db.Open(ctx, w.url(), db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := migrations.Up(ctx, d.Bun()); err != nil {
		return err
	}
	if w.pool, err = pgxpool.New(ctx, w.url()); err != nil {
		return err
	}
	w.workflows, err = seed(ctx, w.pool)
	return err
}

func (w *world) url() string { return w.pg.URL() }

func (w *world) close() {
	if w.pool != nil {
		w.pool.Close()
	}
	var err error
	if w.pg != nil {
		err = w.pg.Stop()
	}
	if err := errors.Join(err, os.RemoveAll(w.dir)); err != nil {
		log.Warn("clean up", "error", err)
	}
}

// backends are the processes of PostgreSQL that work for a contender.
func (w *world) backends(ctx context.Context, name string) ([]int, error) {
	rows, err := w.pool.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE application_name = $1", name)
	if err != nil {
		return nil, err
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return nil, fmt.Errorf("find the connections of %s: %w", name, err)
	}
	return pids, nil
}
