package exec

import (
	"context"
	"errors"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
)

// Writer writes an answer. The generated code uses its methods to write single values; each gives
// true if there is a value, and false if null is to stand there.
//
// It is the io.Writer that MarshalGQL methods get. They must not hold on to it.
type Writer struct {
	buf     []byte
	ctx     context.Context
	run     *run
	err     error  // why the value that was just asked for is null, if there is a reason
	path    []step // of what is being written
	errs    []failure
	careful bool // recover from panics value by value
}

var (
	// errReported stands for errors that have been reported at a deeper place.
	errReported = errors.New("reported")
	// errMarshaledNull stands for a value that is not nil in Go, but null in JSON.
	errMarshaledNull = errors.New("marshaled to null")
	errNoNumber      = errors.New("NaN and infinity cannot be written in JSON")
)

// Write appends p, which must be JSON.
func (w *Writer) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	return len(p), nil
}

// WriteString appends s, which must be JSON.
func (w *Writer) WriteString(s string) (int, error) {
	w.buf = append(w.buf, s...)
	return len(s), nil
}

// String writes s as a JSON string.
func (w *Writer) String(s string) bool {
	w.buf = AppendString(w.buf, s)
	return true
}

// Int writes an integer.
func (w *Writer) Int(i int64) bool {
	w.buf = strconv.AppendInt(w.buf, i, 10)
	return true
}

// Uint writes an integer.
func (w *Writer) Uint(i uint64) bool {
	w.buf = strconv.AppendUint(w.buf, i, 10)
	return true
}

// IntString writes an integer as a string, as numeric ids are written.
func (w *Writer) IntString(i int64) bool {
	w.buf = append(strconv.AppendInt(append(w.buf, '"'), i, 10), '"')
	return true
}

// Bool writes a boolean.
func (w *Writer) Bool(v bool) bool {
	w.buf = strconv.AppendBool(w.buf, v)
	return true
}

// Float writes a number as shortly as it can be read back. NaN and infinity are errors.
func (w *Writer) Float(f float64) bool {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return w.Fail(errNoNumber)
	}
	w.buf = strconv.AppendFloat(w.buf, f, 'g', -1, 64)
	return true
}

// Marshal writes what gqlgen's marshaler functions give.
func (w *Writer) Marshal(m graphql.Marshaler) bool {
	if m == nil || m == graphql.Marshaler(graphql.Null) || m == graphql.Marshaler(graphql.RequiredNull) {
		return w.Fail(errMarshaledNull)
	}
	mark := w.Mark()
	m.MarshalGQL(w)
	return w.Since(mark)
}

// MarshalContext writes what gqlgen's marshaler functions with a context give, or reports their
// error.
func (w *Writer) MarshalContext(m graphql.ContextMarshaler) bool {
	if m == nil || m == graphql.ContextMarshaler(graphql.Null) {
		return w.Fail(errMarshaledNull)
	}
	mark := w.Mark()
	if err := m.MarshalGQLContext(w.ctx, w); err != nil {
		return w.Fail(err)
	}
	return w.Since(mark)
}

// Fail reports err for the value now being written. It gives false.
func (w *Writer) Fail(err error) bool {
	w.err = err
	return false
}

// Mark is the place where a value begins that is written by Write.
func (w *Writer) Mark() int { return len(w.buf) }

// Since looks at a value that was written by Write: nothing, and null, are null.
func (w *Writer) Since(mark int) bool {
	for len(w.buf) > mark && w.buf[len(w.buf)-1] == '\n' { // json.Encoder ends with one
		w.buf = w.buf[:len(w.buf)-1]
	}
	if v := w.buf[mark:]; len(v) == 0 || string(v) == "null" {
		return w.Fail(errMarshaledNull)
	}
	return true
}

// Appender is implemented by scalars that write faster than by MarshalGQL, since nothing need be
// allocated: AppendGQL appends the same JSON.
type Appender interface{ AppendGQL(b []byte) []byte }

// Buffer is what has been written, for an Appender to append to. What it gives goes to Take.
func (w *Writer) Buffer() []byte { return w.buf }

// Take takes over what an Appender has made of Buffer.
func (w *Writer) Take(b []byte) bool {
	mark := len(w.buf)
	w.buf = b
	return w.Since(mark)
}

// WriteList writes a list, each element by item. A null element where nonNull forbids it makes the
// whole list null.
func WriteList[T any](w *Writer, list []T, nonNull bool, item func(*Writer, *T) bool) bool {
	w.buf = append(w.buf, '[')
	whole := true
	for i := range list {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		mark := len(w.buf)
		w.path = append(w.path, step{index: i})
		if !item(w, &list[i]) {
			w.explain(nonNull)
			whole = w.null(mark, nonNull) && whole
		}
		w.path = w.path[:len(w.path)-1]
	}
	if !whole {
		return w.Fail(errReported)
	}
	w.buf = append(w.buf, ']')
	return true
}

// Enum writes enum values without asking their marshaler each time.
type Enum[T interface {
	~string
	graphql.Marshaler
}] map[T][]byte

// NewEnum asks the marshaler once for each value. Values that it is not told of are marshaled when
// they occur.
func NewEnum[T interface {
	~string
	graphql.Marshaler
}](values ...T) Enum[T] {
	e := Enum[T]{}
	for _, value := range values {
		e.learn(value)
	}
	return e
}

// learn leaves out values that their marshaler does not take: a Go type may have other ones than
// the schema.
func (e Enum[T]) learn(value T) {
	defer func() { _ = recover() }()
	var w Writer
	value.MarshalGQL(&w)
	e[value] = w.buf
}

// Write writes an enum value.
func (e Enum[T]) Write(w *Writer, value T) bool {
	if known, ok := e[value]; ok {
		w.buf = append(w.buf, known...)
		return true
	}
	return w.Marshal(value)
}
