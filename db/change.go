package db

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// change is one transaction: what it writes, and the events that tell of it. Mostly it is one use case of one caller;
// calls that were gathered take turns in it.
//
// Locks are taken in one order, so that changes never wait for each other in a circle: idempotency keys, workflows,
// then tasks, then agents, each in the order of their ids. Whoever holds a task or an agent without its workflow waits
// for no other task, but passes over it.
type change struct {
	bun.Conn           // for statements that are put together anew each time
	pg       *pgx.Conn // the same connection
	begun    bool      // the transaction is open
	caller   model.Caller
	now      time.Time // the database's clock once the change has its first lock; all that it writes bears this time
	reason   *string   // why the caller does it; stands in the changes of each event
	entries  []*model.Entry
	keys     []*onceKey  // of the requests
	was      map[any]any // the nouns that are locked, by their pointers: as their rows are
	lapsed   []model.ID  // who approved a suggestion that is locked and may decide no more

	graphs   map[model.ID]*graph       // the workflows that are locked
	dirty    []*model.Task             // to be written
	below    map[model.ID][]model.ID   // what depends directly on a task, as far as that was asked
	opened   []*model.TaskAttempt      // attempts that begin
	ended    []*model.TaskAttempt      // attempts that end
	agents   map[model.ID]*model.Agent // those that are locked
	outcomes []*agentOutcome           // what agents hold more or fewer, and what they ended
	turn     int                       // of the outcomes, where those of the caller's turn begin
}

// emit notes an event. It is written with the others just before commit, so its entity's row must have been written
// (or locked) by then: that makes the order of events the order of versions.
func (c *change) emit(e *model.Entry) {
	e.ID = model.NewID(model.KindEvent)
	e.ActorID = c.caller.ActorID()
	e.RequestID = c.caller.RequestID
	if from := c.caller.Address; from.IsValid() {
		e.Address = from.WithZone("").String()
	}
	c.entries = append(c.entries, e)
}

// change runs one use case in one transaction and gives the seq of the last event that it wrote, 0 for none. A
// deadlock or a serialization failure runs it again, so do must keep nothing from a failed run.
func (d *DB) change(ctx context.Context, do func(context.Context, *change) error) (model.Change, error) {
	caller := model.CallerFrom(ctx)
	c, err := d.transact(ctx, func(ctx context.Context, c *change) error {
		c.caller = caller
		if err := c.stamp(ctx); err != nil {
			return err
		}
		return do(ctx, c)
	})
	if err != nil || len(c.entries) == 0 {
		return model.Change{}, publicError(err)
	}
	return model.Change{Seq: c.entries[len(c.entries)-1].Seq}, nil
}

// transact runs a change whose first statement opens the transaction, again after a deadlock.
func (d *DB) transact(ctx context.Context, do func(context.Context, *change) error) (*change, error) {
	for try := 0; ; try++ {
		c, err := d.transactOnce(ctx, do)
		if try == 3 || !isRetryable(err) {
			return c, err
		}
	}
}

func (d *DB) transactOnce(ctx context.Context, do func(context.Context, *change) error) (_ *change, err error) {
	conn, err := d.bun.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c := &change{Conn: conn, was: map[any]any{}, graphs: map[model.ID]*graph{}, below: map[model.ID][]model.ID{}, agents: map[model.ID]*model.Agent{}}
	defer func() { err = errors.Join(err, c.close(ctx)) }()
	err = conn.Raw(func(driver any) error {
		c.pg = driver.(*stdlib.Conn).Conn()
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := do(ctx, c); err != nil {
		return nil, err
	}
	if err := c.commit(ctx); err != nil {
		return nil, err
	}
	if len(c.entries) > 0 {
		d.kick()
	}
	return c, nil
}

// commit writes what the use cases changed in memory, in the order of locks, and the events.
func (c *change) commit(ctx context.Context) error {
	if !c.begun && len(c.entries) == 0 {
		return nil // nothing was read under a lock or written
	}
	t := c.trip()
	for _, g := range c.graphs {
		g.rollUp()
	}
	c.queueTasks(t)
	c.queueWorkflows(t)
	c.queueAttempts(t)
	t, err := c.settleAgents(ctx, t)
	if err != nil {
		return err
	}
	t.settleKeys(c.keys)
	queueEvents(t, c.entries)
	t.add("COMMIT", nil)
	if err := t.send(ctx); err != nil {
		return err
	}
	c.begun = false
	return nil
}

// close gives the connection back, without an open transaction.
func (c *change) close(ctx context.Context) error {
	if c.begun && !c.pg.IsClosed() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, _ = c.pg.Exec(ctx, "ROLLBACK") // a connection that stays in a transaction is not used again
	}
	return c.Conn.Close()
}

// stamp reads the database's clock. It is read again after waiting for a lock, so that of two changes of one row the
// later one also bears the later time, and leases of one task never overlap.
func (c *change) stamp(ctx context.Context) error {
	t := c.trip()
	t.stamp()
	return t.send(ctx)
}
