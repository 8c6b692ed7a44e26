package db

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"workflowfactory/model"
)

// order is one way to sort rows: by an expression that an index has, ties by id.
type order[T any] struct {
	sql    string                        // of the value, about x; never null
	unique bool                          // no two rows have the same, so ties need no breaking
	put    func([]byte, *T) []byte       // appends a row's value, for a cursor
	take   func([]byte) (v any, ok bool) // makes it an argument again
	needs  columns                       // what put looks at
}

// sorting is an order in one direction. Its name is part of every cursor that is made for it.
type sorting[T any] struct {
	order[T]
	name string
	desc bool
}

// orders are the ways to sort the rows of one table, by the name of the field; created is among them.
type orders[T any] map[string]order[T]

const created = "CREATED_AT"

// sorting finds an order of the table. An unknown field is that of creation.
func (t *table[T]) sorting(field string, direction model.OrderDirection) sorting[T] {
	by, ok := t.orders[field]
	if !ok {
		field, by = created, t.orders[created]
	}
	return sorting[T]{order: by, name: t.name + " " + field + " " + string(direction), desc: direction == model.OrderDirectionDesc}
}

// How lists stand unless they are ordered otherwise: those of the API begin with what was created last, those of a
// noun with what was created first.
const (
	newestFirst = model.OrderDirectionDesc
	oldestFirst = model.OrderDirectionAsc
)

// way gives the direction in SQL, turned round for a page that is read from its end.
func (s *sorting[T]) way(backward bool) string {
	if s.desc != backward {
		return " DESC"
	}
	return " ASC"
}

// place is what a cursor stands for: a value of the order, and the id of the row that had it.
type place struct {
	value any
	id    model.ID
}

var (
	placeText = base64.RawURLEncoding.Strict()
	placeSums = crc32.MakeTable(crc32.Castagnoli)
)

// cursor gives the place of a row: its id, its value, and a checksum over both and the name of the order, so that a
// cursor is good for its order alone.
func (s *sorting[T]) cursor(id model.ID, row *T) string {
	raw := make([]byte, 0, 64)
	raw = append(raw, id[:]...)
	raw = s.put(raw, row)
	return placeText.EncodeToString(binary.BigEndian.AppendUint32(raw, s.sum(raw)))
}

func (s *sorting[T]) sum(raw []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(s.name), placeSums), placeSums, raw)
}

// place reads what cursor wrote; nil for nil. Anything else is BAD_USER_INPUT about that field.
func (s *sorting[T]) place(field string, cursor *string) (*place, error) {
	if cursor == nil {
		return nil, nil
	}
	raw, err := placeText.DecodeString(*cursor)
	end := len(raw) - 4
	if err != nil || end < len(model.ID{}) || s.sum(raw[:end]) != binary.BigEndian.Uint32(raw[end:]) {
		return nil, s.strange(field)
	}
	value, ok := s.take(raw[len(model.ID{}):end])
	if !ok {
		return nil, s.strange(field)
	}
	return &place{value: value, id: model.ID(raw[:len(model.ID{})])}, nil
}

func (s *sorting[T]) strange(field string) error {
	return model.BadInput(field, "this is not a cursor of this list in this order; use one that this API gave you, unchanged, with the orderBy that it came with")
}

func byText[T any](column string, of func(*T) string) order[T] {
	return order[T]{
		sql: column,
		put: func(b []byte, row *T) []byte { return append(b, of(row)...) },
		take: func(b []byte) (any, bool) {
			return string(b), utf8.Valid(b) && strings.IndexByte(string(b), 0) < 0
		},
	}
}

// byInt sorts by a number that fits a smallint.
func byInt[T any](column string, of func(*T) int) order[T] {
	return order[T]{
		sql: column,
		put: func(b []byte, row *T) []byte { return binary.BigEndian.AppendUint16(b, uint16(of(row))) },
		take: func(b []byte) (any, bool) {
			if len(b) != 2 {
				return nil, false
			}
			return int16(binary.BigEndian.Uint16(b)), true
		},
	}
}

func byLong[T any](column string, of func(*T) int64) order[T] {
	return order[T]{
		sql: column,
		put: func(b []byte, row *T) []byte { return binary.BigEndian.AppendUint64(b, uint64(of(row))) },
		take: func(b []byte) (any, bool) {
			if len(b) != 8 {
				return nil, false
			}
			return int64(binary.BigEndian.Uint64(b)), true
		},
	}
}

func byFloat[T any](column string, of func(*T) float64) order[T] {
	return order[T]{
		sql: column,
		put: func(b []byte, row *T) []byte { return binary.BigEndian.AppendUint64(b, math.Float64bits(of(row))) },
		take: func(b []byte) (any, bool) {
			if len(b) != 8 {
				return nil, false
			}
			return math.Float64frombits(binary.BigEndian.Uint64(b)), true
		},
	}
}

func byTime[T any](column string, of func(*T) time.Time) order[T] {
	return order[T]{
		sql:  column,
		put:  func(b []byte, row *T) []byte { return binary.BigEndian.AppendUint64(b, uint64(of(row).UnixMicro())) },
		take: takeTime,
	}
}

// never is how a missing moment stands in a cursor: after every other.
const never = math.MaxInt64

// byTimeOrNever sorts by a moment that may be missing, and then counts as infinity, as it does in the index.
func byTimeOrNever[T any](column string, of func(*T) *time.Time) order[T] {
	return order[T]{
		sql: "coalesce(" + column + ", 'infinity')",
		put: func(b []byte, row *T) []byte {
			at := int64(never)
			if t := of(row); t != nil {
				at = t.UnixMicro()
			}
			return binary.BigEndian.AppendUint64(b, uint64(at))
		},
		take: takeTime,
	}
}

func takeTime(b []byte) (any, bool) {
	if len(b) != 8 {
		return nil, false
	}
	at := int64(binary.BigEndian.Uint64(b))
	if at == never {
		return pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, true
	}
	t := time.UnixMicro(at).UTC()
	return t, t.Year() >= 1 && t.Year() <= 9999
}
