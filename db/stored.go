package db

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/uptrace/bun/dialect/pgdialect"

	"workflowfactory/model"
)

// stored is how the rows of a noun are read as a whole and written again. It follows from the struct as bun sees it.
// What is written are the columns that changed, and by one statement for any number of rows, so its text is one of a
// few and is prepared once.
type stored struct {
	table, alias string
	fields       []storedField // the id first
	columns      string        // of all fields, for a SELECT

	updates sync.Map // of statements, by the columns that they write
}

type storedField struct {
	storage
	column string
	index  []int
}

var dialect = pgdialect.New()

var storedTypes sync.Map // of *stored, by type

// storedAs gives how a noun's type is stored.
func storedAs[T any]() *stored {
	t := reflect.TypeFor[T]()
	if s, ok := storedTypes.Load(t); ok {
		return s.(*stored)
	}
	schema := dialect.Tables().Get(t)
	s := &stored{table: schema.Name, alias: string(schema.SQLAlias)}
	var columns []string
	for _, f := range schema.Fields { // those of the primary key come first
		s.fields = append(s.fields, storedField{storageOf(t.FieldByIndex(f.Index).Type), f.Name, f.Index})
		columns = append(columns, s.alias+"."+f.Name)
	}
	if len(s.fields) > 64 {
		panic("db: more columns than bits in " + s.table)
	}
	s.columns = strings.Join(columns, ", ")
	kept, _ := storedTypes.LoadOrStore(t, s)
	return kept.(*stored)
}

// read fills in a noun from a row of all columns.
func (s *stored) read(r *row, noun reflect.Value) {
	for _, f := range s.fields {
		f.read(r, noun.FieldByIndex(f.index))
	}
}

// changed gives the columns in which two nouns differ; all of them if nobody knows how it was.
func (s *stored) changed(was, is reflect.Value) (c columns) {
	if !was.IsValid() {
		return 1<<len(s.fields) - 2
	}
	for i, f := range s.fields {
		if !f.same(was.FieldByIndex(f.index), is.FieldByIndex(f.index)) {
			c |= 1 << i
		}
	}
	return c
}

// update gives the statement that writes some columns of any number of rows, and its arguments. Index: primary key.
func (s *stored) update(c columns, rows []reflect.Value) (string, []any) {
	c |= 1 // to find the rows by
	var args []any
	for i, f := range s.fields {
		if c&(1<<i) != 0 {
			args = append(args, f.gather(rows, f.index))
		}
	}
	if text, ok := s.updates.Load(c); ok {
		return text.(string), args
	}
	var set, types, names []string
	for i, f := range s.fields {
		if c&(1<<i) == 0 {
			continue
		}
		names = append(names, f.column)
		types = append(types, fmt.Sprintf("$%d::%s[]", len(types)+1, f.array))
		if i > 0 {
			set = append(set, f.column+" = "+fmt.Sprintf(f.cast, "v."+f.column))
		}
	}
	text := "UPDATE " + s.table + " AS x SET " + strings.Join(set, ", ") +
		" FROM unnest(" + strings.Join(types, ", ") + ") AS v (" + strings.Join(names, ", ") + ") WHERE x.id = v.id"
	s.updates.Store(c, text)
	return text, args
}

// storage is how the values of one Go type are read, compared and written.
type storage struct {
	array  string // the type of PostgreSQL of which arrays are sent
	cast   string // from that to what the column holds
	read   func(*row, reflect.Value)
	same   func(a, b reflect.Value) bool
	gather func(rows []reflect.Value, index []int) any
}

// plainly is for values that are compared with ==.
func plainly[V comparable, E any](array string, read func(*row) V, send func(V) E) storage {
	return storing(array, "%s", read, func(a, b V) bool { return a == b }, send)
}

func storing[V, E any](array, cast string, read func(*row) V, same func(a, b V) bool, send func(V) E) storage {
	at := func(v reflect.Value) *V { return v.Addr().Interface().(*V) }
	return storage{
		array: array, cast: cast,
		read: func(r *row, v reflect.Value) { *at(v) = read(r) },
		same: func(a, b reflect.Value) bool { return same(*at(a), *at(b)) },
		gather: func(rows []reflect.Value, index []int) any {
			sent := make([]E, len(rows))
			for i, row := range rows {
				sent[i] = send(*at(row.FieldByIndex(index)))
			}
			return sent
		},
	}
}

// asItself is for what pgx sends as it is.
func asItself[V any](v V) V { return v }

// equal compares what pointers point to.
func equal[V comparable](a, b *V) bool { return a == b || a != nil && b != nil && *a == *b }

var storages = map[reflect.Type]storage{
	reflect.TypeFor[model.ID](): plainly("uuid", (*row).id, func(id model.ID) pgtype.UUID {
		return pgtype.UUID{Bytes: id, Valid: !id.IsZero()} // the zero ID is NULL
	}),
	reflect.TypeFor[string]():  plainly("text", (*row).text, asItself[string]),
	reflect.TypeFor[bool]():    plainly("bool", (*row).bool, asItself[bool]),
	reflect.TypeFor[float64](): plainly("float8", (*row).float, asItself[float64]),
	reflect.TypeFor[int]():     plainly("bigint", (*row).int, asItself[int]),
	reflect.TypeFor[int64]():   plainly("bigint", func(r *row) int64 { return int64(r.int()) }, asItself[int64]),
	reflect.TypeFor[int32]():   plainly("bigint", func(r *row) int32 { return int32(r.int()) }, func(n int32) int64 { return int64(n) }),
	reflect.TypeFor[model.Priority](): plainly("bigint", func(r *row) model.Priority { return model.Priority(r.int()) },
		func(p model.Priority) int64 { return int64(p) }),
	reflect.TypeFor[time.Time]():  storing("timestamptz", "%s", (*row).time, time.Time.Equal, asItself[time.Time]),
	reflect.TypeFor[*time.Time](): storing("timestamptz", "%s", (*row).timeOrNil, sameTime, asItself[*time.Time]),
	reflect.TypeFor[*string]():    storing("text", "%s", (*row).textOrNil, equal[string], asItself[*string]),
	reflect.TypeFor[*int]():       storing("bigint", "%s", (*row).intOrNil, equal[int], asItself[*int]),
	reflect.TypeFor[[]byte]():     storing("bytea", "%s", (*row).bytes, slices.Equal[[]byte], asItself[[]byte]),
	reflect.TypeFor[model.JSON](): storing("text", "%s::jsonb", (*row).json, slices.Equal[model.JSON], func(j model.JSON) *string {
		if j == nil {
			return nil
		}
		return new(string(j))
	}),
	reflect.TypeFor[[]string]():         storing("text", "ARRAY(SELECT jsonb_array_elements_text(%s::jsonb))", (*row).texts, slices.Equal[[]string], asJSON[[]string]),
	reflect.TypeFor[[]model.Priority](): storing("text", "ARRAY(SELECT jsonb_array_elements_text(%s::jsonb)::smallint)", (*row).priorities, slices.Equal[[]model.Priority], numbers),
	reflect.TypeFor[[]model.ID]():       storing("text", "ARRAY(SELECT jsonb_array_elements_text(%s::jsonb)::uuid)", (*row).ids, slices.Equal[[]model.ID], texts),
}

func sameTime(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

func asJSON[V any](v V) string { return string(mustJSON(v)) }

func numbers(priorities []model.Priority) string {
	return asJSON(column(priorities, func(p model.Priority) int { return int(p) }))
}

func texts(ids []model.ID) string {
	return asJSON(column(ids, func(id model.ID) string { return pgtype.UUID{Bytes: id, Valid: true}.String() }))
}

// storageOf gives how a type is stored: enums as texts, and what nothing else is known of as JSON.
func storageOf(t reflect.Type) storage {
	if s, ok := storages[t]; ok {
		return s
	}
	if t.Kind() == reflect.String {
		return storage{
			array: "text", cast: "%s",
			read: func(r *row, v reflect.Value) { v.SetString(word[string](r)) },
			same: func(a, b reflect.Value) bool { return a.String() == b.String() },
			gather: func(rows []reflect.Value, index []int) any {
				return column(rows, func(row reflect.Value) string { return row.FieldByIndex(index).String() })
			},
		}
	}
	return storage{
		array: "text", cast: "%s::jsonb",
		read: func(r *row, v reflect.Value) { fromJSON(r, v.Addr().Interface()) },
		same: func(a, b reflect.Value) bool { return reflect.DeepEqual(a.Interface(), b.Interface()) },
		gather: func(rows []reflect.Value, index []int) any {
			return column(rows, func(row reflect.Value) *string {
				v := row.FieldByIndex(index)
				if v.Kind() == reflect.Pointer && v.IsNil() {
					return nil
				}
				b, err := json.Marshal(v.Interface())
				if err != nil {
					panic(fmt.Errorf("a noun holds what JSON cannot: %w", err))
				}
				return new(string(b))
			})
		},
	}
}
