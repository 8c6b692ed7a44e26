package exec_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec/exectest"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
	"workflowfactory/exec/exectest/library/model"
)

// odd is a library some of whose root fields give what they should not.
type odd struct{ *library.Library }

func (o odd) Query() gen.QueryResolver { return oddQuery{o.Library.Query()} }

type oddQuery struct{ gen.QueryResolver }

func (oddQuery) Now(context.Context) (*model.DateTime, error) { return &model.DateTime{}, nil }

func (oddQuery) People(context.Context, int) ([]model.Person, error) {
	return []model.Person{(*model.Author)(nil)}, nil
}

func (oddQuery) Items(context.Context, int) ([]model.Item, error) {
	return []model.Item{&model.Chart{Scale: math.NaN()}}, nil
}

func (oddQuery) Echo(context.Context, *string) (*string, error) { return new("a\xffb"), nil }

func (oddQuery) Priced(context.Context, int) ([]model.Priced, error) {
	return []model.Priced{unknownPriced{}}, nil
}

func (q oddQuery) Book(ctx context.Context, id model.ID) (*model.Book, error) {
	if id[0] == 'o' {
		return &model.Book{StarHistory: []*model.Stars{new(model.Stars(1)), new(model.Stars(6))}}, nil
	}
	return q.QueryResolver.Book(ctx, id)
}

type unknownPriced struct{}

func (unknownPriced) IsPriced() {}

// TestDeviations shows each known difference from gqlgen's executor, other than those that package
// exectest reconciles: what it does, and what package exec does instead.
func TestDeviations(t *testing.T) {
	for _, c := range []struct {
		name, query  string
		theirs, ours string // data and errors
	}{{
		name:   "fields reached through unrelated interfaces are merged",
		query:  `{ book(id: "b1") { ... on Bound { publisher { name } } ... on Inked { publisher { city } } } }`,
		theirs: `{"book":{"publisher":{"name":"publisher"}}}`,
		ours:   `{"book":{"publisher":{"name":"publisher","city":"city"}}}`,
	}, {
		name:   "a failing marshaler makes a non-null field null, and what holds it",
		query:  `{ items { ... on Chart { scale } } }`,
		theirs: `{"items":[{"scale":null}]} ["items",0,"scale"]`,
		ours:   `{"items":[null]} ["items",0,"scale"]`,
	}, {
		name:   "a scalar that writes null itself is null",
		query:  `{ now }`,
		theirs: `{"now":null}`,
		ours:   `null ["now"]`,
	}, {
		name:   "a nil pointer in an interface is null, and an error where null may not be",
		query:  `{ people { id } }`,
		theirs: `null`,
		ours:   `null ["people",0]`,
	}, {
		name:   "bytes that are no UTF-8 are replaced",
		query:  `{ echo }`,
		theirs: "{\"echo\":\"a\xffb\"}",
		ours:   "{\"echo\":\"a\uFFFDb\"}",
	}, {
		name:   "an error with a path of its own explains the null",
		query:  `{ books(first: 1) { related(fault: ELSEWHERE) { __typename } } }`,
		theirs: `null ["books",0,"related"] ["else",1]`,
		ours:   `null ["else",1]`,
	}, {
		name:   "errors of elements of scalar lists have the index",
		query:  `{ book(id: "o1") { starHistory } }`,
		theirs: `{"book":{"starHistory":[1,null]}} ["book","starHistory"]`,
		ours:   `{"book":{"starHistory":[1,null]}} ["book","starHistory",1]`,
	}, {
		name:   "a value of no type of the schema is an error, not a panic",
		query:  `{ priced { currency } }`,
		theirs: `{"priced":null} ["priced",0]`,
		ours:   `{"priced":null} ["priced",0]`,
	}} {
		t.Run(c.name, func(t *testing.T) {
			cfg := func() gen.Config {
				return gen.Config{Resolvers: odd{library.New()}, Directives: library.New().Config().Directives}
			}
			if got := outline(t, gen.NewExecutableSchema(cfg()), c.query); got != c.theirs {
				t.Errorf("gqlgen\n got %s\nwant %s", got, c.theirs)
			}
			if got := outline(t, gen.NewSchema(cfg()), c.query); got != c.ours {
				t.Errorf("exec\n got %s\nwant %s", got, c.ours)
			}
		})
	}
}

// outline is the data and the paths of errors.
func outline(t *testing.T, schema graphql.ExecutableSchema, query string) string {
	t.Helper()
	got := on(t, schema, query)
	parts := []string{string(got.Data)}
	for _, err := range exectest.Sorted(got.Errors) {
		parts = append(parts, exectest.PathText(err.Path))
	}
	return strings.Join(parts, " ")
}
