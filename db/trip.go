package db

import (
	"context"
	"reflect"

	"github.com/jackc/pgx/v5"
)

// trip is statements that go to the database together and are answered together: each still sees what those before it
// did, and what others have committed until then. Each text is prepared once for each connection, so there must not be
// many.
type trip struct {
	c     *change
	batch pgx.Batch
	texts []string // to be prepared
}

// hotPlans keeps the plans of a change, since to plan for each list of ids takes ten times as long as to find what they
// name, and holds them to indexes: statistics that were taken while a table was empty would have it read as a whole.
const hotPlans = `SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
	set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`

// trip begins one. The first of a change opens its transaction.
func (c *change) trip() *trip {
	t := &trip{c: c}
	if !c.begun {
		t.batch.Queue("BEGIN")
		t.add(hotPlans, nil)
	}
	return t
}

// add queues a statement. read takes its rows; nil if it gives none.
func (t *trip) add(sql string, read func(*row) error, args ...any) {
	t.texts = append(t.texts, sql)
	queued := t.batch.Queue(sql, args...)
	if read == nil {
		return
	}
	queued.Query(func(rows pgx.Rows) error {
		var r row
		for rows.Next() {
			r.values, r.next = rows.RawValues(), 0
			if err := read(&r); err != nil {
				return err
			}
			if r.err != nil {
				return r.err
			}
		}
		return rows.Err()
	})
}

// stamp queues reading the database's clock.
func (t *trip) stamp() {
	t.add("SELECT clock_timestamp()", func(r *row) error {
		t.c.now = r.time()
		return nil
	})
}

// send has all of it done.
func (t *trip) send(ctx context.Context) error {
	if t.batch.Len() == 0 {
		return nil
	}
	for _, sql := range t.texts {
		if _, err := t.c.pg.Prepare(ctx, sql, sql); err != nil {
			return err
		}
	}
	t.c.begun = true
	return t.c.pg.SendBatch(ctx, &t.batch).Close()
}

// queueLock queues reading nouns and locking their rows: those that a condition names, in the order of their ids. Of
// free, only those that nobody has locked.
func queueLock[T any](t *trip, where string, free bool, take func(*T), args ...any) {
	s := storedAs[T]()
	t.add(s.lock(where, free), func(r *row) error {
		take(readLocked[T](t.c, s, r))
		return nil
	}, args...)
}

// lock gives the statement that reads and locks. NO KEY UPDATE: rows that merely refer to these may be written meanwhile.
func (s *stored) lock(where string, free bool) string {
	text := "SELECT " + s.columns + " FROM " + s.table + " AS " + s.alias + " WHERE " + where +
		" ORDER BY " + s.alias + ".id FOR NO KEY UPDATE OF " + s.alias
	if free {
		text += " SKIP LOCKED"
	}
	return text
}

func readLocked[T any](c *change, s *stored, r *row) *T {
	noun := readStored[T](s, r)
	c.keep(noun)
	return noun
}

func readStored[T any](s *stored, r *row) *T {
	noun := new(T)
	s.read(r, reflect.ValueOf(noun).Elem())
	return noun
}

// keep notes that a noun is as its row is.
func (c *change) keep(noun any) { c.was[noun] = reflect.ValueOf(noun).Elem().Interface() }

// queueUpdate queues writing what changed of nouns that are locked.
func queueUpdate[T any](t *trip, nouns []*T) {
	s := storedAs[T]()
	var changed columns
	var rows []reflect.Value
	for _, n := range nouns {
		is, was := reflect.ValueOf(n).Elem(), reflect.Value{}
		if kept, ok := t.c.was[n]; ok {
			was = addressable[T](kept)
		}
		if c := s.changed(was, is); c != 0 {
			changed |= c
			rows = append(rows, is)
			t.c.keep(n)
		}
	}
	if len(rows) == 0 {
		return
	}
	text, args := s.update(changed, rows)
	t.add(text, nil, args...)
}

func addressable[T any](v any) reflect.Value {
	noun := v.(T)
	return reflect.ValueOf(&noun).Elem()
}
