package exec

import (
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// write writes the answer and reports the errors that it meets on the way, in the order of the
// answer. Custom scalars may panic: then all is written again with a look at each value, so that
// only the one at fault is null.
func (r *run) write() []byte {
	w := writers.Get().(*Writer)
	defer w.giveBack()
	w.buf, w.ctx, w.run = takeBuffer(), r, r
	if !w.attempt(&r.root) {
		w.buf, w.path, w.errs, w.err = w.buf[:0], w.path[:0], nil, nil
		w.careful = true
		w.root(&r.root)
	}
	for i := range w.errs {
		w.errs[i].present(r)
	}
	return w.buf
}

// writers are used again for the sake of their paths.
var writers = sync.Pool{New: func() any { return &Writer{path: make([]step, 0, 32)} }}

func (w *Writer) giveBack() {
	clear(w.path[:cap(w.path)]) // which would keep plans alive
	*w = Writer{path: w.path[:0]}
	writers.Put(w)
}

func (w *Writer) attempt(root *frame) (ok bool) {
	defer func() { ok = recover() == nil }()
	w.root(root)
	return
}

func (w *Writer) root(root *frame) {
	if !w.object(root, 0) {
		w.null(0, false)
	}
}

// null puts null in the place of what has been written since the mark, and tells whether it may
// stand there.
func (w *Writer) null(mark int, nonNull bool) bool {
	w.buf = append(w.buf[:mark], "null"...)
	return !nonNull
}

// object writes one object of a frame. False says that a null must go up to where it may stand; the
// other fields are walked all the same, since their errors are reported too.
func (w *Writer) object(f *frame, i int32) bool {
	start := len(w.buf)
	whole := true
	for k := range f.sel.fields {
		fd := &f.sel.fields[k]
		w.buf = append(w.buf, fd.key...)
		switch {
		case fd.fixed:
		case fd.column >= 0:
			whole = w.column(&f.cols[fd.column], f.objs[i], i) && whole
		case fd.lists > 0 || w.careful:
			whole = w.careLeaf(fd, f.objs[i]) && whole
		default:
			mark := len(w.buf)
			if !fd.def.Leaf(w, f.objs[i]) {
				whole = w.nullLeaf(fd, mark) && whole
			}
		}
	}
	if !whole {
		w.buf = w.buf[:start]
		return false
	}
	if len(w.buf) == start { // every field was skipped
		w.buf = append(w.buf, "{}"...)
		return true
	}
	w.buf[start] = '{' // in place of the first comma
	w.buf = append(w.buf, '}')
	return true
}

func (w *Writer) nullLeaf(fd *field, mark int) bool {
	w.path = append(w.path, step{field: fd})
	w.explain(fd.typ.NonNull)
	w.path = w.path[:len(w.path)-1]
	return w.null(mark, fd.typ.NonNull)
}

func (w *Writer) careLeaf(fd *field, obj P) bool {
	w.path = append(w.path, step{field: fd})
	mark := len(w.buf)
	ok := w.leaf(func() bool { return fd.def.Leaf(w, obj) })
	if !ok {
		w.explain(fd.typ.NonNull)
		ok = w.null(mark, fd.typ.NonNull)
	}
	w.path = w.path[:len(w.path)-1]
	return ok
}

func (w *Writer) leaf(write func() bool) (ok bool) {
	if w.careful {
		depth := len(w.path)
		defer func() {
			if p := recover(); p != nil {
				w.path = w.path[:depth]
				ok = w.Fail(w.run.op.RecoverFunc(w.ctx, p))
			}
		}()
	}
	return write()
}

// column writes what a field gave for one object of the frame.
func (w *Writer) column(col *column, obj P, i int32) bool {
	w.path = append(w.path, step{field: col.field})
	mark := len(w.buf)
	nonNull := col.field.typ.NonNull || col.required
	ok := w.result(col, obj, i)
	if !ok {
		w.explain(nonNull)
		ok = w.null(mark, nonNull)
	}
	w.path = w.path[:len(w.path)-1]
	return ok
}

func (w *Writer) result(col *column, obj P, i int32) bool {
	if col.errs != nil && col.errs[i] != nil {
		return w.Fail(col.errs[i])
	}
	row := i
	if col.rows != nil {
		row = col.rows[i]
	}
	switch {
	case row == isNull:
		return false
	case col.all != nil:
		return w.Fail(col.all)
	case col.raw != nil:
		return w.leaf(func() bool { return w.Marshal(col.raw) || w.Fail(errReported) })
	case col.leaf != nil:
		return w.leaf(func() bool { return col.leaf(w, int(row)) })
	case col.field.def.Leaf != nil:
		return w.leaf(func() bool { return col.field.def.Leaf(w, obj) })
	case col.subs == nil:
		return false
	}
	return w.value(col, col.field.typ, 0, row)
}

// value writes a list or an object that a column gave.
func (w *Writer) value(col *column, t *ast.Type, level int, at int32) bool {
	if t.Elem == nil {
		return w.item(col, at)
	}
	list := col.sink.spans[level][at]
	if list.n == isNull && !t.NonNull {
		return false
	}
	w.buf = append(w.buf, '[')
	whole := true
	for i := range list.n { // none if it is nil in Go
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		mark := len(w.buf)
		w.path = append(w.path, step{index: int(i)})
		if !w.value(col, t.Elem, level+1, list.start+i) {
			w.explain(t.Elem.NonNull)
			whole = w.null(mark, t.Elem.NonNull) && whole
		}
		w.path = w.path[:len(w.path)-1]
	}
	if !whole {
		return w.Fail(errReported)
	}
	w.buf = append(w.buf, ']')
	return true
}

func (w *Writer) item(col *column, at int32) bool {
	kind, slot := col.sink.place(at)
	if slot == isNull {
		return w.Fail(col.sink.bad[at])
	}
	return w.object(&col.subs[kind], slot) || w.Fail(errReported)
}

// explain reports why null stands at the path, unless that needs no reason or has been told.
func (w *Writer) explain(nonNull bool) {
	err := w.err
	w.err = nil
	switch {
	case err == errReported:
	case err != nil && err != errMarshaledNull:
		w.report(err)
	case nonNull && err != nil:
		w.report(w.invalidNull(graphql.NullSourceMarshaler))
	case nonNull:
		w.report(w.invalidNull(""))
	}
}
