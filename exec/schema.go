package exec

import (
	"bytes"
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Schema is an executable schema of gqlgen's whose operations are run breadth-first. It is safe for
// concurrent use.
type Schema struct {
	graphql.ExecutableSchema

	table     *Table
	plans     planCache
	static    map[string]bool
	serial    bool
	direct    bool
	within    func(context.Context) Scope
	maxErrors int
	selecting func(Selection) func(context.Context) context.Context
	onCall    func(object, field string, parents int)
	counts    func(object string) bool
	onAnswer  func(ctx context.Context, objects int)
}

// Option changes how a Schema executes.
type Option func(*Schema)

// Static names directives that do not look at the object: they are asked once for all objects of a
// list, and get a nil object. All others are asked about each object.
func Static(directives ...string) Option {
	return func(s *Schema) {
		for _, name := range directives {
			s.static[name] = true
		}
	}
}

// Serial has siblings resolved one after the other instead of up to four at a time.
func Serial() Option { return func(s *Schema) { s.serial = true } }

// Direct leaves out the interceptors of fields and of root fields: what the server has of
// them is not called, and contexts of fields do not have the arguments, which only they look at.
func Direct() Option { return func(s *Schema) { s.direct = true } }

// Scope is a context that lasts while a query is answered.
type Scope interface {
	context.Context
	// End is called when everything is written: nothing that resolvers gave is looked at any more.
	// It is not called after a panic.
	End()
}

// Within has each query that is executed by the table resolved and written within a context that f
// makes of the request's.
func Within(f func(context.Context) Scope) Option { return func(s *Schema) { s.within = f } }

// MaxErrors sets how many errors an answer can have; those beyond it are left out. It is 100 if not
// set.
func MaxErrors(n int) Option { return func(s *Schema) { s.maxErrors = n } }

// OnCall has f told of each call of a resolver and of the number of its parents, before the call.
// It must be safe for concurrent use.
func OnCall(f func(object, field string, parents int)) Option {
	return func(s *Schema) { s.onCall = f }
}

// OnAnswer has f told of each query and mutation that was executed by the table, before its answer is
// returned: of how many objects it has, those that were taken out again because of an error included.
// Objects count that are of types for which counts is true. Both must be safe for concurrent use.
func OnAnswer(counts func(object string) bool, f func(ctx context.Context, objects int)) Option {
	return func(s *Schema) { s.counts, s.onAnswer = counts, f }
}

// New makes a schema that executes by the table, and by the generated schema what the table cannot:
// documents with directives of their own, such as @defer. The generated NewSchema calls it. It
// panics if Static was given a directive that the schema does not have.
func New(generated graphql.ExecutableSchema, table *Table, options ...Option) *Schema {
	s := &Schema{ExecutableSchema: generated, table: table, static: map[string]bool{}, maxErrors: 100}
	for _, option := range options {
		option(s)
	}
	for name := range s.static {
		if s.Schema().Directives[name] == nil {
			panic(fmt.Sprintf("exec: the schema has no directive @%s that could be static", name))
		}
	}
	return s
}

// Exec executes the operation of the context. The Data of the responses belongs to whoever receives
// them, see Release.
func (s *Schema) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	variants := s.plans.variants(op)
	if variants.foreign {
		return s.generated(ctx)
	}
	plan, err := variants.plan(s, op)
	if err != nil {
		graphql.AddError(ctx, err)
		return graphql.OneShot(nil)
	}
	if plan == nil {
		return s.generated(ctx)
	}
	var event *event
	if op.Operation.Operation == ast.Subscription {
		if event = eventOf(ctx); event == nil {
			return s.subscribe(ctx, op, plan)
		}
	}
	r := s.newRun(op, plan)
	r.event = event
	return r.once
}

// generated executes as gqlgen does. The data is copied, since gqlgen writes all events of a
// subscription into the same buffer.
func (s *Schema) generated(ctx context.Context) graphql.ResponseHandler {
	next := s.ExecutableSchema.Exec(ctx)
	return func(ctx context.Context) *graphql.Response {
		response := next(ctx)
		if response != nil {
			response.Data = bytes.Clone(response.Data)
		}
		return response
	}
}

// once answers in full when it is first called, and nothing after that.
func (r *run) once(ctx context.Context) *graphql.Response {
	if r.Context != nil {
		return nil
	}
	var scope Scope
	if within := r.schema.within; within != nil && r.op.Operation.Operation == ast.Query {
		scope = within(ctx)
		ctx = scope
	}
	r.Context = ctx
	if r.op.Operation.Operation == ast.Mutation {
		r.inOrder(r, &r.root)
	} else {
		r.frame(r, &r.root)
	}
	if r.event == nil && r.schema.onAnswer != nil {
		r.schema.onAnswer(ctx, int(r.objects.Load()))
	}
	response := &graphql.Response{Data: r.write()}
	if scope != nil {
		scope.End()
	}
	return response
}
