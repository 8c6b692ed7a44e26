package db

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"workflowfactory/model"
)

// Workflows is the repository of workflows.
type Workflows struct{ *DB }

// Tasks is the repository of tasks.
type Tasks struct{ *DB }

// Agents is the repository of agents.
type Agents struct{ *DB }

// Suggestions is the repository of suggestions.
type Suggestions struct{ *DB }

// ApprovalPolicies is the repository of approval policies.
type ApprovalPolicies struct{ *DB }

// Comments is the repository of comments.
type Comments struct{ *DB }

// table says how the rows of one table are read. In each statement the row in question is x.
type table[T any] struct {
	name    string
	object  string // its type in the API; "" where all columns are always read
	join    string // what the columns need beside x
	columns []part[T]
	key     string // the column of the id
	id      func(*T) model.ID
	orders  orders[T]

	needs    map[string]columns // by field of the API
	always   columns
	readings *readings[T] // nil where nothing is to be remembered
	blocks   *sync.Pool   // of *block[T]; nil where none are kept
	indexes  *sync.Pool   // of map[model.ID]*T; nil where none are kept
}

// whole is for tables whose rows are always read as a whole.
func whole[T any](sql string, scan func(*row, *T)) []part[T] {
	return []part[T]{{sql: sql, scan: scan}}
}

// query runs a read and gives each row to do. The text is put together of our own constants alone.
func (d *DB) query(ctx context.Context, sql string, w *where, do func(*row)) error {
	if w.err != nil {
		return w.err
	}
	rows, err := d.pool.Query(ctx, sql, w.given()...)
	if err != nil {
		return publicError(err)
	}
	defer rows.Close()
	var r row
	for rows.Next() {
		r.values, r.next = rows.RawValues(), 0
		do(&r)
	}
	return publicError(cmp.Or(rows.Err(), r.err))
}

// byIDs reads the rows with these ids, each at the place of its id; nil where there is none that satisfies w.
func byIDs[T any](ctx context.Context, d *DB, t *table[T], w *where, ids []model.ID) ([]*T, error) {
	if len(ids) == 1 {
		return byID(ctx, d, t, w, ids)
	}
	distinct := t.index()
	defer t.giveBack(distinct)
	for _, id := range ids {
		if !id.IsZero() {
			distinct[id] = nil
		}
	}
	found := make([]*T, len(ids))
	if len(distinct) == 0 {
		return found, nil
	}
	if err := readDistinct(ctx, d, t, w, keysOf(distinct), func(v *T) { distinct[t.id(v)] = v }); err != nil {
		return nil, err
	}
	for i, id := range ids {
		found[i] = distinct[id]
	}
	return found, nil
}

// byID is what most callers need of byIDs, without a map and, unless w restricts it, with a statement that is there
// already. Index: that of the table's key.
func byID[T any](ctx context.Context, d *DB, t *table[T], w *where, ids []model.ID) ([]*T, error) {
	found := make([]*T, 1)
	if ids[0].IsZero() {
		return found, nil
	}
	read := t.reading(ctx, 0)
	sql, id := read.byID, w.arg((*uuid)(&ids[0]))
	if len(w.terms) > 0 {
		sql = read.from + all(w.sql(), t.key+" = "+id)
	}
	err := d.query(ctx, sql, w, func(r *row) {
		found[0] = new(T)
		read.scan(r, found[0])
	})
	return found, unread(t.name, err)
}

// readDistinct reads the rows with these ids, which are none twice, in any order. Index: that of the table's key.
func readDistinct[T any](ctx context.Context, d *DB, t *table[T], w *where, ids uuids, take func(*T)) error {
	w.must(t.key + isOneOf(w, ids))
	read := t.reading(ctx, 0)
	slab := t.slab(ctx)
	err := d.query(ctx, read.from+w.sql(), w, func(r *row) {
		v := slab.take()
		read.scan(r, v)
		take(v)
	})
	return unread(t.name, err)
}

func unread(table string, err error) error {
	if err != nil {
		return fmt.Errorf("read %s by id: %w", table, err)
	}
	return nil
}

// kin says which rows belong to a parent p.id: of the table as x with what follows it, in the order of rank.
type kin struct {
	rank string // SQL of a value of each row
	desc bool   // the highest rank first; ties are in no order
	rest string // joins, WHERE, LIMIT
}

// ofParents reads the rows that belong to each parent, all with one statement.
func ofParents[T any](ctx context.Context, d *DB, t *table[T], w *where, parents []model.ID, k kin) ([][]*T, error) {
	once := distinct(parents)
	children := make([][]*T, len(once))
	read := t.reading(ctx, 0)
	sql := "SELECT p.n, r.* FROM " + w.family(once) + " CROSS JOIN LATERAL (SELECT " + read.sql + ", " + k.rank + " AS rank FROM " +
		t.name + " AS x" + k.rest + ") AS r ORDER BY p.n, r.rank"
	if k.desc {
		sql += " DESC"
	}
	slab := t.slab(ctx)
	err := d.query(ctx, sql, w, func(r *row) {
		n, v := r.int()-1, slab.take()
		read.scan(r, v)
		children[n] = append(children[n], v)
	})
	if err != nil {
		return nil, fmt.Errorf("read %s by what they belong to: %w", t.name, err)
	}
	return spread(parents, once, children), nil
}

// noun are the columns that every noun has; links are the fields of its type that need no more of it than its id.
func noun[T any](of func(*T) *model.Noun, links string) []part[T] {
	return []part[T]{
		{"id " + links, "x.id", func(r *row, v *T) { of(v).ID = r.id() }},
		{"createdAt", "x.created_at", func(r *row, v *T) { of(v).CreatedAt = r.time() }},
		{"updatedAt", "x.updated_at", func(r *row, v *T) { of(v).UpdatedAt = r.time() }},
		{"version", "x.version", func(r *row, v *T) { of(v).Version = int64(r.int()) }},
	}
}

func scanNoun(r *row, n *model.Noun) {
	n.ID, n.CreatedAt, n.UpdatedAt, n.Version = r.id(), r.time(), r.time(), int64(r.int())
}
