package event_test

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"workflowfactory/db"
	"workflowfactory/db/dbtest"
	"workflowfactory/event"
	"workflowfactory/model"
)

// world is a database with a log, a pool to write events with, and feeds.
type world struct {
	t    testing.TB
	url  string
	pool *pgxpool.Pool
}

func newWorld(t testing.TB) *world { return worldAt(t, dbtest.URL(t)) }

func worldAt(t testing.TB, url string) *world {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &world{t: t, url: url, pool: pool}
}

// node is one replica: a feed on a pool of its own.
type node struct {
	*event.Feed
	db   *db.DB
	stop func() // ends the feed and waits for it
}

// node starts a replica, which runs until the test ends.
func (w *world) node(o event.Options) *node {
	w.t.Helper()
	return w.nodeOn(o, func(l event.Log) event.Log { return l })
}

// nodeOn starts a replica that sees the log through something.
func (w *world) nodeOn(o event.Options, through func(event.Log) event.Log) *node {
	w.t.Helper()
	d, err := db.Open(w.t.Context(), w.url, db.Options{PoolSize: 4})
	if err != nil {
		w.t.Fatal(err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(w.t.Output(), nil))
	}
	f := event.New(through(d.Events()), o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f.Run(ctx) })
	n := &node{Feed: f, db: d, stop: sync.OnceFunc(func() {
		cancel()
		running.Wait()
		d.Close()
	})}
	w.t.Cleanup(n.stop)
	if _, err := f.Head(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return n
}

const insertEvent = `
INSERT INTO events (id, type, kind, entity_id, version, workflow_id, actor_id, snapshot)
VALUES ($1, 'TASK_UPDATED', 2, $2, $3, $4, $1, jsonb_build_object('tag', $5::text))
RETURNING seq`

// fact is an event that a test writes.
type fact struct {
	entity, workflow model.ID
	version          int64
	tag              string
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func (f fact) insert(ctx context.Context, q querier) (seq int64, err error) {
	err = q.QueryRow(ctx, insertEvent, f.args()...).Scan(&seq)
	return seq, err
}

// args are the parameters of insertEvent.
func (f fact) args() []any {
	var workflow any
	if !f.workflow.IsZero() {
		workflow = [16]byte(f.workflow)
	}
	return []any{[16]byte(model.NewID(model.KindEvent)), [16]byte(f.entity), f.version, workflow, f.tag}
}

// write commits n events of one new entity, each in its own transaction, and gives the seq of the last.
func (w *world) write(n int) (seq int64) {
	w.t.Helper()
	return w.writeFor(model.ID{}, n)
}

func (w *world) writeFor(workflow model.ID, n int) (seq int64) {
	w.t.Helper()
	entity := model.NewID(model.KindTask)
	for i := range n {
		var err error
		if seq, err = (fact{entity: entity, workflow: workflow, version: int64(i + 1)}).insert(w.t.Context(), w.pool); err != nil {
			w.t.Fatal(err)
		}
	}
	return seq
}

// bulk commits n events in one transaction.
func (w *world) bulk(n int) {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), `
		INSERT INTO events (id, type, kind, entity_id, version, actor_id, snapshot)
		SELECT gen_random_uuid(), 'TASK_UPDATED', 2, gen_random_uuid(), 1, gen_random_uuid(), '{"tag": ""}' FROM generate_series(1, $1::int)`, n)
	if err != nil {
		w.t.Fatal(err)
	}
}

// position gives where the event with that seq stands, as the node tells a client.
func (w *world) position(n *node, seq int64) model.Cursor {
	w.t.Helper()
	n.Kick()
	c, err := n.Position(w.t.Context(), seq)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// collect reads n entries of a stream within a time that is ample.
func (w *world) collect(n *node, s event.Subscription, count int) []*model.Entry {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	entries, err := take(n.Subscribe(ctx, s), count)
	if err != nil {
		w.t.Fatalf("after %d of %d entries: %v", len(entries), count, err)
	}
	return entries
}

// take reads up to n entries.
func take(stream iter.Seq2[*model.Entry, error], n int) (entries []*model.Entry, err error) {
	for e, err := range stream {
		if err != nil {
			return entries, err
		}
		if entries = append(entries, e); len(entries) == n {
			break
		}
	}
	return entries, nil
}

// failure gives the error that a stream ends with.
func failure(stream iter.Seq2[*model.Entry, error]) error {
	for _, err := range stream {
		if err != nil {
			return err
		}
	}
	return nil
}

func positionsOf(entries []*model.Entry) []int64 {
	positions := make([]int64, len(entries))
	for i, e := range entries {
		positions[i] = e.Position
	}
	return positions
}

// upFrom lists n positions from first on.
func upFrom(first int64, n int) []int64 {
	positions := make([]int64, n)
	for i := range positions {
		positions[i] = first + int64(i)
	}
	return positions
}
