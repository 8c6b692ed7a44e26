package db

import (
	"context"
	"encoding/json"
	"fmt"

	"workflowfactory/model"
)

// record notes what happened to a noun that this change has written or will write: it counts the version up unless
// the noun is new, and puts what changed since before and the noun itself into the event. before is nil for a new one.
func record[T any, P interface {
	*T
	model.Recorded
}](c *change, what model.EventType, before, after P) {
	if before != nil {
		after.Base().Touch(c.now)
	}
	e := after.Concerns()
	e.Type = what
	if before != nil {
		e.Changes = c.changes(before, after)
	}
	e.Snapshot = mustJSON(after)
	c.emit(&e)
}

// recordDeletion notes that a noun is gone, with the values that it had.
func recordDeletion[T any, P interface {
	*T
	model.Recorded
}](c *change, what model.EventType, gone P) {
	gone.Base().Touch(c.now)
	e := gone.Concerns()
	e.Type = what
	e.Changes = c.changes(gone, nil)
	c.emit(&e)
}

// changes lists what changed, and why if the caller said so.
func (c *change) changes(before, after any) []byte {
	diff := model.Diff(before, after)
	if c.reason != nil {
		diff = append(diff, model.FieldChange{Field: "reason", After: mustJSON(*c.reason)})
	}
	return mustJSON(diff)
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Errorf("a noun holds what JSON cannot: %w", err))
	}
	return b
}

// insert writes new nouns and records each.
func insert[T any, P interface {
	*T
	model.Recorded
}](ctx context.Context, c *change, what model.EventType, nouns ...P) error {
	if len(nouns) == 0 {
		return nil
	}
	if _, err := c.NewInsert().Model(&nouns).Exec(ctx); err != nil {
		return err
	}
	for _, n := range nouns {
		c.keep((*T)(n))
		record(c, what, nil, n)
	}
	return nil
}

// update writes one changed noun, whose row this change has locked, and records it.
func update[T any, P interface {
	*T
	model.Recorded
}](ctx context.Context, c *change, what model.EventType, before, after P) error {
	record(c, what, before, after)
	return updateAll(ctx, c, []*T{after})
}

// locked reads one noun by id and locks its row until the end of the change. It answers NOT_FOUND when there is none.
func locked[T any](ctx context.Context, c *change, id model.ID, noun string) (*T, error) {
	rows, err := lockAll[T](ctx, c, []model.ID{id})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, model.Missing(noun, id)
	}
	return rows[0], nil
}
