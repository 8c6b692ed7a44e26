package db

import (
	"context"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
)

// part is one of a table's columns, or several that are only read together.
type part[T any] struct {
	asked string // the fields of the API that need it, with spaces between
	sql   string
	scan  func(*row, *T)
}

// columns are a bit for each column of a table.
type columns uint64

const everyColumn = ^columns(0)

type selectedKey struct{}

// selection is what is asked of the objects that a reader gives.
type selection struct {
	fields  func(object string) iter.Seq[string]
	reading atomic.Pointer[remembered]
}

// remembered is how a table was read for a selection before: hardly any is for more than one table.
type remembered struct {
	table   any
	more    columns
	reading any
}

// Select gives what puts into a context that rows be read without the columns which nobody asked for. fields gives, for a
// type of the API, those that are asked of the objects which the reader gives; none if it gives no such objects.
func Select(fields func(object string) iter.Seq[string]) func(context.Context) context.Context {
	s := &selection{fields: fields}
	return func(ctx context.Context) context.Context { return context.WithValue(ctx, selectedKey{}, s) }
}

// withAll gives a context in which rows are read with all their columns: for what is decided by them.
func withAll(ctx context.Context) context.Context { return context.WithValue(ctx, selectedKey{}, nil) }

// prepared works out which columns the fields and the orders of a table need. Without an object, or for a field that no
// column names, all are read.
func prepared[T any](t table[T]) table[T] {
	if len(t.columns) > 64 {
		panic("db: more columns than bits in " + t.name)
	}
	t.readings, t.blocks, t.indexes = &readings[T]{known: map[columns]*reading[T]{}}, new(sync.Pool), new(sync.Pool)
	t.needs = map[string]columns{}
	for i, c := range t.columns {
		for field := range strings.FieldsSeq(c.asked) {
			t.needs[field] |= 1 << i
		}
	}
	for name, by := range t.orders {
		by.needs = t.mentioned(by.sql)
		t.orders[name] = by
	}
	t.always = t.mentioned(t.key)
	return t
}

// mentioned are the columns that an expression is made of.
func (t *table[T]) mentioned(expression string) (all columns) {
	for i, c := range t.columns {
		if strings.Contains(expression, c.sql) {
			all |= 1 << i
		}
	}
	return all
}

// asks says whether anything is asked of such objects, which a reader would only make for that.
func asks(ctx context.Context, object string) bool {
	s, ok := ctx.Value(selectedKey{}).(*selection)
	if !ok {
		return true
	}
	for range s.fields(object) {
		return true
	}
	return false
}

// selected are the columns that a selection asks for.
func (t *table[T]) selected(s *selection) columns {
	if s == nil || t.object == "" {
		return everyColumn
	}
	var all columns
	for field := range s.fields(t.object) {
		needs, known := t.needs[field]
		if !known {
			return everyColumn
		}
		all |= needs
	}
	if all == 0 {
		return everyColumn // read for something else than to be given
	}
	return all | t.always
}

// reading is how one statement reads a table's rows.
type reading[T any] struct {
	sql   string
	again string // the same columns of r, which has them from x; "" where one is an expression
	from  string // the statement that reads rows, up to its conditions
	byID  string // the one that reads the row whose id is $1
	scans []func(*row, *T)
}

// slab gives the rows of one statement their memory.
func (t *table[T]) slab(ctx context.Context) slab[T] {
	return slab[T]{borrow: func() []T { return borrow[T](ctx, t.blocks) }}
}

// maxReadings bounds how many ways to read a table are remembered. There are as many as sets of columns, but hardly
// ever more than documents.
const maxReadings = 256

// readings remembers how a table is read.
type readings[T any] struct {
	mu    sync.RWMutex // protects known
	known map[columns]*reading[T]
}

// reading takes the columns that the context asks for, and some more.
func (t *table[T]) reading(ctx context.Context, more columns) *reading[T] {
	s, ok := ctx.Value(selectedKey{}).(*selection)
	if !ok {
		return t.readingOf(everyColumn)
	}
	if r := s.reading.Load(); r != nil && r.table == t && r.more == more {
		return r.reading.(*reading[T])
	}
	r := t.readingOf(t.selected(s) | more)
	s.reading.Store(&remembered{t, more, r})
	return r
}

func (t *table[T]) readingOf(wanted columns) *reading[T] {
	if t.readings == nil {
		return t.read(wanted)
	}
	t.readings.mu.RLock()
	r, ok := t.readings.known[wanted]
	t.readings.mu.RUnlock()
	if ok {
		return r
	}
	r = t.read(wanted)
	t.readings.mu.Lock()
	defer t.readings.mu.Unlock()
	if len(t.readings.known) < maxReadings {
		t.readings.known[wanted] = r
	}
	return r
}

func (t *table[T]) read(wanted columns) *reading[T] {
	r := &reading[T]{scans: make([]func(*row, *T), 0, len(t.columns))}
	var sql strings.Builder
	for i, c := range t.columns {
		if wanted&(1<<i) == 0 {
			continue
		}
		if len(r.scans) > 0 {
			sql.WriteString(", ")
		}
		sql.WriteString(c.sql)
		r.scans = append(r.scans, c.scan)
	}
	r.sql = sql.String()
	r.again = again(r.sql)
	r.from = "SELECT " + r.sql + " FROM " + t.name + " AS x" + t.join + " WHERE "
	r.byID = r.from + t.key + " = " + placeholder(1)
	return r
}

func again(columns string) string {
	names := strings.Split(columns, ", ")
	for i, name := range names {
		column, own := strings.CutPrefix(name, "x.")
		if !own || strings.ContainsAny(column, " .:(") {
			return ""
		}
		names[i] = "r." + column
	}
	return strings.Join(names, ", ")
}

func (r *reading[T]) scan(from *row, into *T) {
	for _, scan := range r.scans {
		scan(from, into)
	}
}
