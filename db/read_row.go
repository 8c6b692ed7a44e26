package db

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"math"
	"time"
	"unsafe"

	"workflowfactory/model"
)

// row reads the columns of one row in turn, in PostgreSQL's binary format: lists are read this way because it costs a
// third of scanning by reflection.
type row struct {
	values  [][]byte
	next    int
	err     error // of the first column that could not be read
	times   slab[time.Time]
	ints    slab[int]
	strings slab[string]
	chars   chars
}

func (r *row) take() []byte {
	v := r.values[r.next]
	r.next++
	return v
}

// id reads a uuid; NULL is the zero ID.
func (r *row) id() (id model.ID) {
	copy(id[:], r.take())
	return id
}

func (r *row) text() string { return r.chars.keep(r.take()) }

func (r *row) textOrNil() *string {
	if v := r.take(); v != nil {
		text := r.strings.take()
		*text = r.chars.keep(v)
		return text
	}
	return nil
}

func (r *row) bool() bool { return r.take()[0] != 0 }

// int reads a smallint, an int or a bigint.
func (r *row) int() int { return integer(r.take()) }

func (r *row) intOrNil() *int {
	v := r.take()
	if v == nil {
		return nil
	}
	n := r.ints.take()
	*n = integer(v)
	return n
}

func integer(v []byte) int {
	switch len(v) {
	case 2:
		return int(int16(binary.BigEndian.Uint16(v)))
	case 4:
		return int(int32(binary.BigEndian.Uint32(v)))
	}
	return int(binary.BigEndian.Uint64(v))
}

func (r *row) float() float64 { return math.Float64frombits(binary.BigEndian.Uint64(r.take())) }

func (r *row) time() time.Time { return moment(r.take()) }

func (r *row) timeOrNil() *time.Time {
	v := r.take()
	if v == nil {
		return nil
	}
	t := r.times.take()
	*t = moment(v)
	return t
}

// pgEpoch is 2000-01-01, from which PostgreSQL counts microseconds.
const pgEpoch = 946684800_000_000

func moment(v []byte) time.Time {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(v)) + pgEpoch).UTC()
}

// jsonbVersion stands before each jsonb value.
const jsonbVersion = 1

// json reads a jsonb; NULL is nil.
func (r *row) json() model.JSON {
	v := r.take()
	if len(v) > 0 && v[0] == jsonbVersion {
		v = v[1:]
	}
	return bytes.Clone(v)
}

// bytes reads a bytea; NULL is nil.
func (r *row) bytes() []byte { return bytes.Clone(r.take()) }

// ids reads a uuid[] without NULLs. None is an empty slice, not nil.
func (r *row) ids() []model.ID {
	return elements(r.take(), func(v []byte) model.ID { return model.ID(v) })
}

// priorities reads a smallint[] without NULLs. None is an empty slice, not nil.
func (r *row) priorities() []model.Priority {
	return elements(r.take(), func(v []byte) model.Priority { return model.Priority(integer(v)) })
}

// elements reads an array of one dimension.
func elements[T any](v []byte, one func([]byte) T) []T {
	const header, dimension, length = 12, 8, 4
	if len(v) < header+dimension {
		return []T{}
	}
	list := make([]T, binary.BigEndian.Uint32(v[header:]))
	v = v[header+dimension:]
	for i := range list {
		n := binary.BigEndian.Uint32(v)
		list[i] = one(v[length : length+n])
		v = v[length+n:]
	}
	return list
}

// texts reads a text[] without NULLs. None is an empty slice, not nil.
func (r *row) texts() []string {
	return elements(r.take(), func(v []byte) string { return string(v) })
}

// fromJSON reads a jsonb that we wrote; NULL leaves v as it is.
func fromJSON(r *row, v any) {
	if b := r.json(); b != nil {
		r.err = cmp.Or(r.err, json.Unmarshal(b, v))
	}
}

// known holds the words of the enums, so that reading one allocates nothing.
var known = map[string]string{}

func learn[S ~string](words []S) {
	for _, w := range words {
		known[string(w)] = string(w)
	}
}

func init() {
	learn(model.AllWorkflowStatus)
	learn(model.AllTaskStatus)
	learn(model.AllAgentStatus)
	learn(model.AllSuggestionStatus)
	learn(model.AllSuggestionKind)
	learn(model.AllTriggerType)
	learn(model.AllFailurePolicy)
	learn(model.AllBackoff)
	learn(model.AllExpiryAction)
	learn(model.AllAttemptOutcome)
	learn(model.AllRole)
	learn(model.AllEventType)
}

// word reads an enum.
func word[S ~string](r *row) S {
	v := r.take()
	if w, ok := known[string(v)]; ok {
		return S(w)
	}
	return S(v)
}

// slab gives values out of blocks, so that a page costs a few allocations instead of one a row.
type slab[T any] struct {
	block  []T
	size   int
	borrow func() []T // whole blocks; nil, or nil from it, where there are none to borrow
}

func (s *slab[T]) take() *T {
	if len(s.block) == 0 {
		s.grow()
	}
	v := &s.block[0]
	s.block = s.block[1:]
	return v
}

func (s *slab[T]) grow() {
	const few = 8
	s.size = min(max(1, 2*s.size), blockRows)
	if s.size >= few && s.borrow != nil {
		if s.block = s.borrow(); s.block != nil {
			return
		}
	}
	s.block = make([]T, s.size)
}

// chars keeps the texts of a page in a few blocks instead of one allocation each. The texts of a block live as long as
// any of them, as do the rows of a slab.
type chars struct{ block []byte }

// keep copies a text. What a block has once taken is never written again.
func (c *chars) keep(v []byte) string {
	if len(v) == 0 {
		return ""
	}
	if cap(c.block)-len(c.block) < len(v) {
		c.block = make([]byte, 0, max(len(v), min(2*cap(c.block), 4096)))
	}
	start := len(c.block)
	c.block = append(c.block, v...)
	return unsafe.String(&c.block[start], len(v))
}
