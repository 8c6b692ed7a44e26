package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// change is one use case's transaction: what it writes, and the events that tell of it.
//
// Locks are taken in one order, so that changes never wait for each other in a circle: workflows, then tasks, then
// agents, each in the order of their ids.
type change struct {
	bun.Tx
	caller  model.Caller
	now     time.Time // the database's clock once the change has its first lock; all that it writes bears this time
	reason  *string   // why the caller does it; stands in the changes of each event
	entries []*model.Entry

	graphs   map[model.ID]*graph        // the workflows that are locked
	attempts []*model.TaskAttempt       // those that ended
	agents   map[model.ID]*agentOutcome // those that hold more or fewer tasks than before
}

// emit notes an event. It is written with the others just before commit, so its entity's row must have been written
// (or locked) by then: that makes the order of events the order of versions.
func (c *change) emit(e *model.Entry) {
	e.ID = model.NewID(model.KindEvent)
	e.ActorID = c.caller.ActorID()
	e.RequestID = c.caller.RequestID
	c.entries = append(c.entries, e)
}

// change runs one use case in one transaction and gives the seq of the last event that it wrote, 0 for none. A
// deadlock or a serialization failure runs it again, so do must keep nothing from a failed run.
func (d *DB) change(ctx context.Context, do func(context.Context, *change) error) (model.Change, error) {
	for try := 0; ; try++ {
		seq, err := d.changeOnce(ctx, do)
		if try == 3 || !isRetryable(err) {
			return model.Change{Seq: seq}, publicError(err)
		}
	}
}

func (d *DB) changeOnce(ctx context.Context, do func(context.Context, *change) error) (seq int64, err error) {
	tx, err := d.bun.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // answers ErrTxDone after the commit
	c := &change{Tx: tx, caller: model.CallerFrom(ctx), graphs: map[model.ID]*graph{}, agents: map[model.ID]*agentOutcome{}}
	if err := c.stamp(ctx); err != nil {
		return 0, err
	}
	if err := do(ctx, c); err != nil {
		return 0, err
	}
	if err := c.flush(ctx); err != nil {
		return 0, err
	}
	if seq, err = insertEvents(ctx, tx, c.entries); err != nil {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, err
	}
	if len(c.entries) > 0 {
		d.kick()
	}
	return seq, nil
}

// stamp reads the database's clock. It is read again after waiting for a lock, so that of two changes of one row the
// later one also bears the later time, and leases of one task never overlap.
func (c *change) stamp(ctx context.Context) error {
	return c.Tx.Tx.QueryRowContext(ctx, "SELECT clock_timestamp()", pgx.QueryExecModeCacheStatement).Scan(&c.now)
}

// flush writes what the use case changed in memory, in the order of locks.
func (c *change) flush(ctx context.Context) error {
	for _, g := range c.graphs {
		if err := g.flush(ctx); err != nil {
			return err
		}
	}
	if err := c.flushAttempts(ctx); err != nil {
		return err
	}
	return c.flushAgents(ctx)
}
