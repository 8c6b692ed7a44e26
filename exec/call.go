package exec

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"github.com/99designs/gqlgen/graphql"
)

// Call is one call of a resolver: for all objects of a frame, or for the one root.
type Call struct {
	// Ctx is the resolver's context.
	Ctx context.Context
	// Field is the field's context. Its path has names only, since the call stands for all list
	// elements at once.
	Field *graphql.FieldContext
	// EC is gqlgen's execution context.
	EC any
	// In are the arguments as the resolver takes them: a pointer to what the generated code made.
	In any

	run  *run
	col  *column
	objs []P     // of the frame
	live []int32 // those of objs that the guards left; nil while that is all
	left []P     // the same, as objects

	handed context.Context // by the guard that was asked last

	own   within // these two are one allocation with the call
	field graphql.FieldContext
}

// Parents are the objects for which the resolver is called: never nil ones, and none that a guard
// denied. They must not be changed.
func Parents[T any](c *Call) []*T {
	return unsafe.Slice((**T)(unsafe.Pointer(unsafe.SliceData(c.left))), len(c.left))
}

// ResolveObjects takes what a resolver gave, a result for each parent, where the field's type has
// fields of its own.
func ResolveObjects[T any](c *Call, results []T, err error, add func(*Sink, *T)) {
	errs, ok := c.outcome(len(results), err)
	if !ok {
		return
	}
	c.col.sink.prepare(c.col.field, len(results))
	for i := range results {
		if errs != nil && errs[i] != nil {
			c.col.sink.skip()
			continue
		}
		add(&c.col.sink, &results[i])
	}
}

// ResolveLeaves takes what a resolver gave, a result for each parent, where the field's type is a
// scalar or an enum, or lists of them.
func ResolveLeaves[T any](c *Call, results []T, err error, write func(*Writer, *T) bool) {
	if _, ok := c.outcome(len(results), err); ok {
		c.col.leaf = func(w *Writer, row int) bool { return write(w, &results[row]) }
	}
}

// outcome looks at a resolver's error and at the number of its results. It gives the errors by
// result, nil if there are none, and false if there is nothing to take.
func (c *Call) outcome(n int, err error) ([]error, bool) {
	parents := len(c.left)
	var list graphql.BatchErrors
	if err != nil {
		var ok bool
		if list, ok = err.(graphql.BatchErrors); !ok {
			c.col.fail(err)
			return nil, false
		}
	}
	if n != parents {
		c.col.fail(fmt.Errorf("batch resolver %s returned %d results for %d parents", c.name(), n, parents))
		return nil, false
	}
	if list == nil {
		return nil, true
	}
	errs := list.Errors()
	if len(errs) != parents {
		c.col.fail(fmt.Errorf("batch resolver %s returned %d errors for %d parents", c.name(), len(errs), parents))
		return nil, false
	}
	c.col.spread(errs)
	return errs, true
}

func (c *Call) name() string { return c.Field.Object + "." + c.Field.Field.Name }

// passed is what the executor's own resolver gives to interceptors and directives in place of a
// value: it has a value for each object, not one.
type passed struct{}

var errReplaced = errors.New("a directive or interceptor replaced the value of a field; only letting through and denying are supported")

func (r *run) newCall(ctx context.Context, f *frame, col *column) *Call {
	c := &Call{EC: r.ec, run: r, col: col, objs: f.objs, left: f.objs, field: col.field.context(f.fc)}
	c.own = within{Context: ctx, field: &c.field}
	c.Ctx, c.Field = &c.own, &c.field
	return c
}

// call has the interceptors, the guards and then the resolver do their work. Afterwards c.Ctx is
// the context for all below.
func (r *run) call(c *Call) {
	col := c.col
	if err := r.args(c); err != nil {
		col.fail(err)
		return
	}
	if r.schema.direct {
		r.allowed(c)
		return
	}
	value, err := r.op.ResolverMiddleware(c.Ctx, func(ctx context.Context) (any, error) {
		c.Ctx = ctx
		r.allowed(c)
		return passed{}, nil
	})
	col.required = c.Field.NonNull
	switch {
	case err != nil:
		col.fail(err)
	case value == nil:
		c.live = []int32{}
		c.settle()
	case value != any(passed{}):
		col.fail(errReplaced)
	}
}

// allowed resolves the field for the objects that the guards let through.
func (r *run) allowed(c *Call) {
	r.guard(c)
	c.settle()
	if len(c.left) > 0 {
		r.resolve(c)
	}
}

func (r *run) args(c *Call) error {
	if c.col.field.def.Args == nil || r.event != nil && c.isRoot() {
		return nil
	}
	return c.col.field.def.Args(c)
}

func (r *run) resolve(c *Call) {
	def := c.col.field.def
	switch {
	case def.Leaf != nil: // written from the object itself
	case def.Get != nil:
		r.get(c.Ctx, c.col, c.left)
	case c.Ctx.Err() != nil:
		c.col.fail(context.Cause(c.Ctx))
	case def.Stream != nil && r.event != nil:
		def.Stream.event(c, r.event.value)
	case def.Stream != nil:
		r.subscribe(c)
	default:
		if r.schema.onCall != nil {
			r.schema.onCall(c.Field.Object, c.Field.Field.Name, len(c.left))
		}
		if selects := c.col.field.selects; selects != nil {
			c.Ctx = selects(c.Ctx)
		}
		def.Call(c)
	}
}

func (r *run) subscribe(c *Call) {
	next, err := c.col.field.def.Stream.open(c)
	if err != nil {
		c.col.fail(err)
		return
	}
	c.col.source = next
}
