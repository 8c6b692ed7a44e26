package transport

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Guard is the extension of a gqlgen server that keeps operations within the limits. It parses each new document itself,
// measures it, and validates it only then, because the time that validation takes grows with the square of what it is
// given. What has passed is kept in the document cache, where the server finds it.
//
// Use it before every other extension but persisted queries, and give the server its cache, or documents are parsed and
// validated twice:
//
//	server.SetQueryCache(guard.Documents())
//	server.Use(guard)
type Guard struct {
	limits    Limits
	budgets   *Budgets
	schema    *ast.Schema
	documents *documents
	texts     *kept[string] // by hash
	trusted   Trusted
	bounds    map[string]Bound
	persists  func(context.Context) bool
	rules     []validator.Rule
}

var (
	_ graphql.OperationParameterMutator = (*Guard)(nil)
	_ graphql.OperationContextMutator   = (*Guard)(nil)
	_ graphql.ResponseInterceptor       = (*Guard)(nil)
)

// NewGuard returns a guard that is ready to be used by one server.
func NewGuard(config Config) *Guard {
	limits := config.Limits.WithDefaults()
	return &Guard{
		limits: limits, budgets: config.Budgets, trusted: config.Trusted, bounds: config.Bounds, persists: config.Persists,
		documents: newDocuments(limits.DocumentCacheBytes), texts: newTexts(limits.PersistedBytes), rules: validation(config.NoSuggestions, limits.ListItems),
	}
}

// Documents is the cache of what has passed.
func (g *Guard) Documents() graphql.Cache[*ast.QueryDocument] { return g.documents }

// ExtensionName is part of graphql.HandlerExtension.
func (g *Guard) ExtensionName() string { return "Guard" }

// Validate is part of graphql.HandlerExtension: it learns the schema. The error says which bound is none.
func (g *Guard) Validate(schema graphql.ExecutableSchema) error {
	g.schema = schema.Schema()
	return checkBounds(schema, g.bounds)
}

// MutateOperationParameters refuses documents over the limits, and those that are invalid.
func (g *Guard) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	if err := g.budgets.begin(ctx); err != nil {
		return err
	}
	keep, err := g.recall(ctx, params)
	if err != nil {
		return err
	}
	if err := g.admit(ctx, params.Query); err != nil {
		return err
	}
	if keep != "" {
		g.texts.Add(ctx, keep, params.Query)
	}
	return nil
}

// admit parses, measures and validates a document that has not passed before.
func (g *Guard) admit(ctx context.Context, query string) *gqlerror.Error {
	if _, passed := g.documents.Get(ctx, query); passed {
		return nil
	}
	doc, err := g.parse(query)
	if err != nil {
		return err
	}
	if err := measure(doc, &g.limits); err != nil {
		return err
	}
	if !g.trusted.has(doc) {
		return refusal(CodeForbidden, "this server runs known operations only: have this one added to its trusted documents")
	}
	if errs := g.validate(doc); len(errs) > 0 {
		graphql.GetOperationContext(ctx).Stats.SetExtension(invalidKey, errs)
		return errs[0]
	}
	g.documents.Add(ctx, query, doc)
	return nil
}

// invalidKey is where the errors of an invalid document wait: an extension may return only the first.
const invalidKey = "transport.invalid"

// refusals are all errors that kept an operation from being created.
func refusals(op *graphql.OperationContext, errs gqlerror.List) gqlerror.List {
	if all, ok := op.Stats.GetExtension(invalidKey).(gqlerror.List); ok {
		return all
	}
	return errs
}

func (g *Guard) parse(text string) (*ast.QueryDocument, *gqlerror.Error) {
	switch {
	case len(text) > g.limits.DocumentBytes:
		return nil, tooComplex("the document is longer than %d bytes", g.limits.DocumentBytes)
	case !utf8.ValidString(text):
		return nil, badInput("the document is not UTF-8")
	}
	if err := checkEscapes(text); err != nil {
		return nil, err
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, g.limits.DocumentTokens)
	if err != nil {
		return nil, g.unparsed(asGraphQL(err))
	}
	if len(doc.Operations) == 0 {
		return nil, refusal(errcode.ValidationFailed, "no operation provided")
	}
	return doc, nil
}

func (g *Guard) unparsed(err *gqlerror.Error) *gqlerror.Error {
	if err.Message == fmt.Sprintf("exceeded token limit of %d", g.limits.DocumentTokens) {
		return tooComplex("the document has more than %d tokens", g.limits.DocumentTokens)
	}
	errcode.Set(err, errcode.ParseFailed)
	return err
}

// enough stops a validation that has found as many errors as an answer may have.
type enough struct{}

// validate gives up at the limit of errors: a document of 15 KB can have 30 MB of them.
func (g *Guard) validate(doc *ast.QueryDocument) (errs gqlerror.List) {
	defer func() {
		if thrown := recover(); thrown != nil && thrown != (enough{}) {
			panic(thrown)
		}
	}()
	events := &validator.Events{}
	for _, rule := range g.rules {
		rule.RuleFunc(events, func(options ...validator.ErrorOption) {
			err := &gqlerror.Error{Rule: rule.Name}
			for _, option := range options {
				option(err)
			}
			if err.Extensions["code"] == nil {
				errcode.Set(err, errcode.ValidationFailed)
			}
			if errs = append(errs, err); len(errs) >= g.limits.Errors {
				panic(enough{})
			}
		})
	}
	validator.Walk(g.schema, doc, events)
	return errs
}

// validation lists the standard rules, with hints at what might have been meant or without, and our own.
func validation(noSuggestions bool, listItems int) []validator.Rule {
	standard := rules.NewDefaultRules()
	if noSuggestions {
		for _, quiet := range []validator.Rule{
			rules.FieldsOnCorrectTypeRuleWithoutSuggestions, rules.KnownArgumentNamesRuleWithoutSuggestions,
			rules.KnownTypeNamesRuleWithoutSuggestions, rules.ScalarLeafsRuleWithoutSuggestions,
			rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
		} {
			standard.ReplaceRule(strings.TrimSuffix(quiet.Name, "WithoutSuggestions"), quiet.RuleFunc)
		}
	}
	all := []validator.Rule{boundedLists(listItems)}
	byName := standard.GetInner()
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, validator.Rule{Name: name, RuleFunc: byName[name]})
	}
	return all
}

// boundedLists refuses lists in a document that would be too long as a variable.
func boundedLists(most int) validator.Rule {
	return validator.Rule{Name: "BoundedLists", RuleFunc: func(events *validator.Events, addError validator.AddErrFunc) {
		events.OnValue(func(_ *validator.Walker, value *ast.Value) {
			if value.Kind != ast.ListValue || value.ExpectedType == nil || value.ExpectedType.Elem == nil || len(value.Children) <= most {
				return
			}
			addError(validator.Message("a list has more than %d items", most), core.At(value.Position),
				func(err *gqlerror.Error) { errcode.Set(err, CodeBadInput) })
		})
	}}
}

// MutateOperationContext refuses what depends on variables: page sizes, long lists, the cost of both together, and what
// the caller cannot afford.
func (g *Guard) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if err := checkVariables(g.schema, op, &g.limits); err != nil {
		return err
	}
	cost, err := checkCost(op, &g.limits, g.bounds)
	if err != nil {
		return err
	}
	return g.budgets.charge(ctx, op, cost)
}

// InterceptResponse gives back what the operation was charged for and did not touch, and says what it cost, when that
// was asked for. It cuts the errors of an answer, in number and in length, and says in extensions.omittedErrors how many
// are missing.
func (g *Guard) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil {
		return nil
	}
	g.budgets.settle(ctx, response)
	for _, err := range response.Errors {
		err.Message = truncate(err.Message, g.limits.ErrorBytes)
	}
	if omitted := len(response.Errors) - g.limits.Errors; omitted > 0 {
		response.Errors = response.Errors[:g.limits.Errors]
		if response.Extensions == nil {
			response.Extensions = map[string]any{}
		}
		response.Extensions["omittedErrors"] = omitted
	}
	return response
}
