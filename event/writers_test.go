package event_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

// crew writes as the product does, and worse: it locks entities by updating them, writes events after that, dawdles,
// rolls back, and keeps some transactions open for long.
type crew struct {
	*ledger
	w        *world
	kick     func()
	entities []model.ID
	workflow []model.ID // each entity's
	stop     func()     // ends the writers after their present transactions
	writers  sync.WaitGroup
}

// startCrew lets n writers work until stop is called.
func (w *world) startCrew(n int, kick func()) *crew {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), "CREATE TABLE item (id uuid PRIMARY KEY, version bigint NOT NULL DEFAULT 0)"); err != nil {
		w.t.Fatal(err)
	}
	c := &crew{ledger: newLedger(), w: w, kick: kick}
	for range 3 * n {
		c.entities = append(c.entities, model.NewID(model.KindTask))
		c.workflow = append(c.workflow, model.NewID(model.KindWorkflow))
		if _, err := w.pool.Exec(w.t.Context(), "INSERT INTO item VALUES ($1)", [16]byte(c.entities[len(c.entities)-1])); err != nil {
			w.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	for i := range n {
		c.writers.Go(func() {
			for round := 0; ctx.Err() == nil; round++ {
				c.transact(w.t.Context(), fmt.Sprintf("w%d-%d", i, round))
			}
		})
	}
	c.stop = func() {
		cancel()
		c.writers.Wait()
	}
	w.t.Cleanup(c.stop)
	return c
}

func chance(percent int) bool { return rand.IntN(100) < percent }

func dawdle(most time.Duration) { time.Sleep(time.Duration(rand.Int64N(int64(most)))) }

// transact is one transaction; how it ended goes into the ledger.
func (c *crew) transact(ctx context.Context, name string) {
	t := &transaction{crew: c, name: name}
	began := time.Now()
	tx, err := c.w.pool.Begin(ctx)
	if err != nil {
		dawdle(100 * time.Millisecond) // the database is away
		return
	}
	defer tx.Rollback(ctx)
	if err := t.change(ctx, tx); err != nil || chance(10) {
		tx.Rollback(ctx)
		c.vanish(t.tags...)
		return
	}
	if chance(1) {
		time.Sleep(700 * time.Millisecond)
	}
	if err := tx.Commit(ctx); err != nil {
		c.doubt()
		return
	}
	c.commit(name, commit{len(t.tags), began, time.Now()})
	c.kick()
}

type transaction struct {
	*crew
	name string
	n    int
	tags []string // of the events that are to be
}

// change updates up to three entities in one order, so that writers do not lock each other up.
func (t *transaction) change(ctx context.Context, tx pgx.Tx) error {
	picks := rand.Perm(len(t.entities))[:1+rand.IntN(3)]
	slices.Sort(picks)
	for _, pick := range picks {
		if chance(20) {
			if err := t.attempt(ctx, tx, pick); err != nil {
				return err
			}
		}
		if err := t.touch(ctx, tx, pick); err != nil {
			return err
		}
		if chance(30) {
			dawdle(5 * time.Millisecond)
		}
	}
	return nil
}

// touch locks the entity by changing it, and then writes the event.
func (t *transaction) touch(ctx context.Context, tx pgx.Tx, pick int) error {
	f := fact{entity: t.entities[pick], workflow: t.workflow[pick]}
	if err := tx.QueryRow(ctx, "UPDATE item SET version = version + 1 WHERE id = $1 RETURNING version", [16]byte(f.entity)).Scan(&f.version); err != nil {
		return err
	}
	t.n++
	f.tag = fmt.Sprintf("%s/%d", t.name, t.n)
	if _, err := f.insert(ctx, tx); err != nil {
		return err
	}
	t.tags = append(t.tags, f.tag)
	return nil
}

// attempt touches the entity in a subtransaction, which often fails.
func (t *transaction) attempt(ctx context.Context, tx pgx.Tx, pick int) error {
	sub, err := tx.Begin(ctx)
	if err != nil {
		return err
	}
	before := len(t.tags)
	if err := t.touch(ctx, sub, pick); err != nil {
		return err
	}
	if chance(50) {
		return sub.Commit(ctx)
	}
	t.vanish(t.tags[before:]...)
	t.tags = t.tags[:before]
	return sub.Rollback(ctx)
}
