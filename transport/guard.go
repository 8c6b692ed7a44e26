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

// guard keeps documents within the limits. It measures each new one after it is parsed and before it is validated, because
// the time that validation takes grows with the square of what it is given. What has passed is kept.
type guard struct {
	limits    Limits
	schema    *ast.Schema
	documents *kept[*document] // by text
	texts     *kept[string]    // by hash
	trusted   Trusted
	bounds    map[string]Bound
	persists  func(context.Context) bool
	rules     []validator.Rule
}

func newGuard(schema *ast.Schema, config Config) *guard {
	return &guard{
		limits: config.Limits, schema: schema, trusted: config.Trusted, bounds: config.Bounds, persists: config.Persists,
		documents: newDocuments(config.Limits.DocumentCacheBytes), texts: newTexts(config.Limits.PersistedBytes),
		rules: validation(config.NoSuggestions, config.Limits.ListItems),
	}
}

// document gives the one that a request means, and refuses those over the limits and those that are invalid.
func (g *guard) document(ctx context.Context, params *graphql.RawParams) (*document, gqlerror.List) {
	keep, err := g.recall(ctx, params)
	if err != nil {
		return nil, gqlerror.List{err}
	}
	doc, known := g.documents.get(params.Query)
	if !known {
		text := strings.Clone(params.Query) // which may be a part of a long request
		parsed, errs := g.admit(text)
		if errs != nil {
			return nil, errs
		}
		doc = g.documents.add(text, newDocument(parsed))
	}
	if keep != "" {
		g.texts.add(keep, strings.Clone(params.Query))
	}
	return doc, nil
}

// admit parses, measures and validates a document that has not passed before.
func (g *guard) admit(query string) (*ast.QueryDocument, gqlerror.List) {
	doc, err := g.parse(query)
	if err == nil {
		err = measure(doc, &g.limits)
	}
	if err == nil && !g.trusted.has(doc) {
		err = refusal(CodeForbidden, "this server runs known operations only: have this one added to its trusted documents")
	}
	if err != nil {
		return nil, gqlerror.List{err}
	}
	return doc, g.validate(doc)
}

func (g *guard) parse(text string) (*ast.QueryDocument, *gqlerror.Error) {
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

func (g *guard) unparsed(err *gqlerror.Error) *gqlerror.Error {
	if err.Message == fmt.Sprintf("exceeded token limit of %d", g.limits.DocumentTokens) {
		return tooComplex("the document has more than %d tokens", g.limits.DocumentTokens)
	}
	errcode.Set(err, errcode.ParseFailed)
	return err
}

// enough stops a validation that has found as many errors as an answer may have.
type enough struct{}

// validate gives up at the limit of errors: a document of 15 KB can have 30 MB of them.
func (g *guard) validate(doc *ast.QueryDocument) (errs gqlerror.List) {
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
