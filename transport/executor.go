package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
)

// Executor takes operations from requests to answers, within the limits and with the hooks of its [Config]. The schema
// may be any of gqlgen's. It stands where gqlgen's own executor would, and looks at a document that it knows once.
type Executor struct {
	config Config
	schema graphql.ExecutableSchema
	guard  *guard
	hub    *hub
}

// NewExecutor returns an executor over the schema. The error says which of the config's bounds is none.
func NewExecutor(schema graphql.ExecutableSchema, config Config) (*Executor, error) {
	if err := checkBounds(schema, config.Bounds); err != nil {
		return nil, err
	}
	e := &Executor{config: config.orDefaults(), schema: schema}
	e.guard, e.hub = newGuard(schema.Schema(), e.config), newHub(e)
	return e, nil
}

// call is the context of one operation, gqlgen's, and what we have to remember of it.
type call struct {
	context.Context
	operation graphql.OperationContext
	bill      bill
}

type callKey struct{}

func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// callOf is nil where the context is that of no operation, or of one that is executed for many.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// Create makes an operation of a request, and the context to dispatch it with. What it answers to errors is said with
// that context too.
func (e *Executor) Create(ctx context.Context, params *graphql.RawParams) (context.Context, *graphql.OperationContext, gqlerror.List) {
	c := &call{bill: e.config.Budgets.open(ctx), operation: graphql.OperationContext{
		RecoverFunc: e.config.Recover, ResolverMiddleware: resolve, RootResolverMiddleware: resolveRoot,
		Stats: graphql.Stats{OperationStart: params.ReadTime.Start},
	}}
	c.Context = graphql.WithOperationContext(ctx, &c.operation)
	if c.operation.Stats.OperationStart.IsZero() {
		c.operation.Stats.OperationStart = graphql.Now()
	}
	return c, &c.operation, e.create(c, params)
}

// There are no interceptors of fields.
func resolve(ctx context.Context, next graphql.Resolver) (any, error)              { return next(ctx) }
func resolveRoot(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) }

func (e *Executor) create(c *call, params *graphql.RawParams) gqlerror.List {
	if err := c.bill.spend(1); err != nil { // before anything is known of it
		return gqlerror.List{err}
	}
	doc, errs := e.guard.document(c, params)
	if errs != nil {
		return errs
	}
	op := &c.operation
	op.RawQuery, op.OperationName, op.Extensions, op.Headers = params.Query, params.OperationName, params.Extensions, params.Headers
	op.Doc, op.Operation = doc.QueryDocument, doc.Operations.ForName(params.OperationName)
	if op.Operation == nil {
		return gqlerror.List{refusal(errcode.ValidationFailed, "operation %s not found", params.OperationName)}
	}
	if err := e.variables(op, params.Variables); err != nil {
		return gqlerror.List{err}
	}
	cost, err := e.guard.cost(doc, op)
	if err == nil {
		err = c.bill.charge(op.Operation.Operation, cost)
	}
	if err == nil && e.config.Admits != nil {
		err = e.config.Admits(c, op)
	}
	if err != nil {
		return gqlerror.List{err}
	}
	return nil
}

// variables coerces those that were given, and refuses what no document may have either.
func (e *Executor) variables(op *graphql.OperationContext, given map[string]any) *gqlerror.Error {
	if areTexts(op.Operation.VariableDefinitions, given) {
		op.Variables = given
		return nil
	}
	values, err := validator.VariableValues(e.schema.Schema(), op.Operation, given)
	if err != nil {
		invalid := asGraphQL(err)
		errcode.Set(invalid, errcode.ValidationFailed)
		return invalid
	}
	op.Variables = values
	return checkVariables(e.schema.Schema(), op, &e.config.Limits)
}

// areTexts is true when every variable is an id or a string and was given as one, as nearly all are: then there is
// nothing to coerce.
func areTexts(definitions ast.VariableDefinitionList, given map[string]any) bool {
	if len(definitions) != len(given) {
		return false
	}
	for _, d := range definitions {
		if _, ok := given[d.Variable].(string); !ok || d.Type.NamedType != "ID" && d.Type.NamedType != "String" {
			return false
		}
	}
	return given != nil
}

// Answer executes the context's operation, a query or a mutation or one event of a subscription. The response is nil when
// the context ended before it could begin; the context given is the one to report that with.
func (e *Executor) Answer(ctx context.Context) (*graphql.Response, context.Context) {
	ctx = e.config.Begin(ctx)
	if ctx.Err() != nil {
		return nil, ctx
	}
	answering := graphql.WithResponseContext(ctx, e.config.Present, e.config.Recover)
	response := e.schema.Exec(answering)(answering)
	if response == nil {
		response = &graphql.Response{} // there are errors instead
	}
	return e.complete(answering, response), ctx
}

// Subscribe executes the context's subscription. The handler gives its responses one after the other, nil after the last
// and when the context ends; it takes the context given with it, or one made from that.
func (e *Executor) Subscribe(ctx context.Context) (graphql.ResponseHandler, context.Context) {
	ctx = e.config.Begin(ctx)
	opening := graphql.WithResponseContext(ctx, e.config.Present, e.config.Recover)
	responses := e.schema.Exec(opening)
	if errs := graphql.GetErrors(opening); errs != nil {
		return graphql.OneShot(&graphql.Response{Errors: errs}), ctx
	}
	return func(ctx context.Context) *graphql.Response {
		if ctx.Err() != nil {
			return nil
		}
		ctx = graphql.WithResponseContext(ctx, e.config.Present, e.config.Recover)
		response := responses(ctx)
		if response == nil {
			return nil
		}
		return e.complete(ctx, response)
	}, ctx
}

// Refuse answers with errors alone.
func (e *Executor) Refuse(ctx context.Context, errs gqlerror.List) *graphql.Response {
	ctx = graphql.WithResponseContext(ctx, e.config.Present, e.config.Recover)
	for _, err := range errs {
		graphql.AddError(ctx, err)
	}
	return e.complete(ctx, &graphql.Response{})
}

// complete adds to a response what was said on the way, and settles what the operation costs.
func (e *Executor) complete(ctx context.Context, response *graphql.Response) *graphql.Response {
	response.Errors = append(response.Errors, graphql.GetErrors(ctx)...)
	response.Extensions = graphql.GetExtensions(ctx)
	if e.config.Answered != nil {
		e.config.Answered(ctx, response)
	}
	if c := callOf(ctx); c != nil {
		c.settle(response)
	}
	e.config.Limits.cut(response)
	return response
}

// cut shortens the errors of an answer, in number and in length, and says in extensions.omittedErrors how many are
// missing.
func (l *Limits) cut(response *graphql.Response) {
	for _, err := range response.Errors {
		err.Message = truncate(err.Message, l.ErrorBytes)
	}
	if omitted := len(response.Errors) - l.Errors; omitted > 0 {
		response.Errors = response.Errors[:l.Errors]
		extend(response, "omittedErrors", omitted)
	}
}

func extend(response *graphql.Response, key string, value any) {
	if response.Extensions == nil {
		response.Extensions = map[string]any{}
	}
	response.Extensions[key] = value
}
