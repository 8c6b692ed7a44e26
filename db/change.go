package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// change is one use case's transaction: what it writes, and the events that tell of it.
type change struct {
	bun.Tx
	caller  model.Caller
	now     time.Time // the database's clock at the start, so that all that one change writes bears one time
	entries []*model.Entry
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
func (d *DB) change(ctx context.Context, do func(context.Context, *change) error) (seq int64, err error) {
	for try := 0; ; try++ {
		seq, err = d.changeOnce(ctx, do)
		if try == 3 || !isRetryable(err) {
			return seq, publicError(err)
		}
	}
}

func (d *DB) changeOnce(ctx context.Context, do func(context.Context, *change) error) (seq int64, err error) {
	tx, err := d.bun.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // answers ErrTxDone after the commit
	c := &change{Tx: tx, caller: model.CallerFrom(ctx)}
	if err := tx.QueryRowContext(ctx, "SELECT now()").Scan(&c.now); err != nil {
		return 0, err
	}
	if err := do(ctx, c); err != nil {
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
