package exec

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// maxParallel bounds the resolvers of one operation that run at the same time, and with them the
// database connections that one request can hold.
const maxParallel = 4

// run is one execution of an operation, or of a subscription for one event.
type run struct {
	context.Context // in which it was begun; nil before that

	schema *Schema
	op     *graphql.OperationContext
	ec     any
	event  *event       // for which a subscription is executed, if it is by OneEvent
	spare  atomic.Int32 // goroutines that may still be started

	objects atomic.Int32 // that count

	root        frame // of the operation itself: its one object is none
	rootObject  [1]P  // this and what follows is one allocation with the run
	rootColumns [1]column
	rootContext graphql.FieldContext

	makeInputs sync.Once
	madeInputs any
}

// frame is all objects of one type that stand at one place of the plan, with what their fields gave.
type frame struct {
	sel  *selection
	objs []P
	cols []column // of sel.asked
	fc   *graphql.FieldContext
}

// column is what one field gave for the objects of a frame.
type column struct {
	field    *field
	errs     []error // by object; nil if none failed by itself
	rows     []int32 // by object: its result, or isNull if a guard took it out; nil if every object has its own
	all      error   // why none has a result
	required bool    // an interceptor made the field non-null
	leaf     func(w *Writer, row int) bool
	raw      graphql.Marshaler
	source   source
	sink     Sink
	subs     []frame  // by kind
	only     [1]frame // where they are if there is one kind
}

func (s *Schema) newRun(op *graphql.OperationContext, plan *selection) *run {
	r := &run{schema: s, op: op, ec: s.table.Bind(op)}
	if !s.serial {
		r.spare.Store(maxParallel - 1)
	}
	r.rootContext.Object = r.rootName()
	r.root = frame{sel: plan, objs: r.rootObject[:], fc: &r.rootContext}
	if len(plan.asked) <= len(r.rootColumns) { // as most have
		r.root.cols = r.rootColumns[:len(plan.asked)]
	}
	return r
}

func (r *run) rootName() string {
	switch r.op.Operation.Operation {
	case ast.Mutation:
		return r.schema.Schema().Mutation.Name
	case ast.Subscription:
		return r.schema.Schema().Subscription.Name
	default:
		return r.schema.Schema().Query.Name
	}
}

// frame resolves what the fields of the frame need, and then all below.
func (r *run) frame(ctx context.Context, f *frame) {
	if f.sel.calls < 2 || r.spare.Load() == 0 {
		r.inOrder(ctx, f)
		return
	}
	f.open()
	r.parallel(len(f.cols), f.sel.calls,
		func(i int) bool { return f.sel.asked[i].calls },
		func(i int) { r.column(ctx, f, &f.cols[i]) })
}

// inOrder does the same with one field after the other, each with all below it, as the fields of a
// mutation must be.
func (r *run) inOrder(ctx context.Context, f *frame) {
	f.open()
	for i := range f.cols {
		r.column(ctx, f, &f.cols[i])
	}
}

func (f *frame) open() {
	if f.cols == nil {
		f.cols = make([]column, len(f.sel.asked))
	}
	for i := range f.cols {
		f.cols[i].field = f.sel.asked[i]
	}
}

// parallel does n things. Those that call resolvers are given to other goroutines while there are
// spare ones, all but the last; it returns when everything is done.
func (r *run) parallel(n, calls int, isCall func(int) bool, do func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		if isCall(i) {
			calls--
			if calls > 0 && r.takeSpare() {
				wg.Go(func() {
					defer r.spare.Add(1)
					do(i)
				})
				continue
			}
		}
		do(i)
	}
	wg.Wait()
}

func (r *run) takeSpare() bool {
	for {
		n := r.spare.Load()
		if n <= 0 {
			return false
		}
		if r.spare.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// column resolves one field for all objects of a frame, and all below it.
func (r *run) column(ctx context.Context, f *frame, col *column) {
	if f.isRoot() && r.event == nil && !r.schema.direct {
		r.rootColumn(ctx, f, col)
		return
	}
	r.resolveColumn(ctx, f, col)
}

func (f *frame) isRoot() bool { return f.objs[0] == nil }

// standIn takes the place of a root field's value before gqlgen's interceptors.
type standIn struct{}

func (standIn) MarshalGQL(io.Writer) {}

// rootColumn resolves a root field within the interceptors of root fields, which may put something
// else in its place.
func (r *run) rootColumn(ctx context.Context, f *frame, col *column) {
	defer r.rescue(ctx, col)
	fd := col.field
	ctx = graphql.WithRootFieldContext(ctx, &graphql.RootFieldContext{Object: fd.collected.Name, Field: fd.collected})
	value := r.op.RootResolverMiddleware(ctx, func(ctx context.Context) graphql.Marshaler {
		r.resolveColumn(ctx, f, col)
		return standIn{}
	})
	if value != graphql.Marshaler(standIn{}) {
		*col = column{field: fd, raw: value}
	}
}

// rescue makes a panic the failure of one field.
func (r *run) rescue(ctx context.Context, col *column) {
	if p := recover(); p != nil {
		col.fail(r.op.RecoverFunc(ctx, p))
	}
}

func (r *run) resolveColumn(ctx context.Context, f *frame, col *column) {
	switch fd := col.field; {
	case fd.def.Raw != nil:
		r.rawColumn(ctx, f, col)
	case fd.plain:
		r.plainColumn(ctx, f, col)
	default:
		r.askedColumn(ctx, f, col)
	}
}

func (r *run) rawColumn(ctx context.Context, f *frame, col *column) {
	defer r.rescue(ctx, col)
	col.raw = col.field.def.Raw(&Call{Ctx: ctx, EC: r.ec, Field: new(col.field.context(f.fc))})
}

func (r *run) plainColumn(ctx context.Context, f *frame, col *column) {
	defer r.rescue(ctx, col)
	parent := f.fc
	if col.field.asks {
		parent = new(col.field.context(parent))
	}
	r.get(ctx, col, f.objs)
	r.below(ctx, col, parent)
}

func (r *run) askedColumn(ctx context.Context, f *frame, col *column) {
	c := r.newCall(ctx, f, col)
	defer r.rescue(c.Ctx, col)
	r.call(c)
	if col.all == nil && col.field.subs != nil {
		r.below(c.Ctx, col, c.Field)
	}
}

// fail takes back all that was had, other than what guards said about single objects.
func (c *column) fail(err error) {
	c.all = err
	c.leaf, c.raw, c.subs, c.sink = nil, nil, nil, Sink{}
}

// get reads the objects that the given ones hold. Models may panic, on a nil embedded pointer for
// one; then each object is read by itself, so that only the one at fault loses the field.
func (r *run) get(ctx context.Context, col *column, objs []P) {
	col.sink.prepare(col.field, len(objs))
	if getAll(col, objs) {
		return
	}
	col.sink = Sink{}
	col.sink.prepare(col.field, len(objs))
	rowErrs := make([]error, len(objs))
	for i, obj := range objs {
		if rowErrs[i] = r.getOne(ctx, col, obj); rowErrs[i] != nil {
			col.sink.skip()
		}
	}
	col.spread(rowErrs)
}

func getAll(col *column, objs []P) (ok bool) {
	defer func() { ok = recover() == nil }()
	for _, obj := range objs {
		col.field.def.Get(&col.sink, obj)
	}
	return
}

// getOne has no effect on the column if it fails.
func (r *run) getOne(ctx context.Context, col *column, obj P) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = r.op.RecoverFunc(ctx, p)
		}
	}()
	var trial Sink
	trial.prepare(col.field, 1)
	col.field.def.Get(&trial, obj)
	col.field.def.Get(&col.sink, obj)
	return nil
}

// spread puts errors of rows where their objects are.
func (c *column) spread(rowErrs []error) {
	if c.rows == nil {
		c.errs = rowErrs
		return
	}
	if c.errs == nil {
		c.errs = make([]error, len(c.rows))
	}
	for i, row := range c.rows {
		if row != isNull && rowErrs[row] != nil {
			c.errs[i] = rowErrs[row]
		}
	}
}

// below resolves the objects that a column has given, each kind as one frame.
func (r *run) below(ctx context.Context, col *column, parent *graphql.FieldContext) {
	if col.subs = col.only[:]; len(col.field.subs) != 1 {
		col.subs = make([]frame, len(col.field.subs))
	}
	calls := 0
	for kind, sel := range col.field.subs {
		col.subs[kind] = frame{sel: sel, objs: col.sink.group(kind), fc: parent}
		if col.subs[kind].calls() {
			calls++
		}
		if sel.counts {
			r.objects.Add(int32(len(col.subs[kind].objs)))
		}
	}
	if calls > 1 && r.spare.Load() > 0 {
		r.parallel(len(col.subs), calls, func(i int) bool { return col.subs[i].calls() },
			func(i int) { r.sub(ctx, &col.subs[i]) })
		return
	}
	for i := range col.subs {
		r.sub(ctx, &col.subs[i])
	}
}

// calls says whether resolvers will be called for the frame.
func (f *frame) calls() bool { return f.sel.calls > 0 && len(f.objs) > 0 }

func (r *run) sub(ctx context.Context, f *frame) {
	if len(f.objs) > 0 && len(f.sel.asked) > 0 {
		r.frame(ctx, f)
	}
}

func (f *field) context(parent *graphql.FieldContext) graphql.FieldContext {
	return graphql.FieldContext{
		Parent:     parent,
		Object:     f.object,
		Field:      f.collected,
		IsMethod:   f.def.Call != nil || f.def.Method,
		IsResolver: f.def.Call != nil,
		Child:      noChild,
	}
}

var errNoChild = errors.New("field contexts of children are not available")

func noChild(context.Context, graphql.CollectedField) (*graphql.FieldContext, error) {
	return nil, errNoChild
}
