package exectest_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"workflowfactory/exec/exectest"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
)

// TestDiff sees each difference that there can be between two answers.
func TestDiff(t *testing.T) {
	answer := func(data string, errs ...*gqlerror.Error) []exectest.Response {
		return []exectest.Response{{Data: json.RawMessage(data), Errors: errs}}
	}
	failed := func(path ...ast.PathElement) *gqlerror.Error {
		return &gqlerror.Error{Message: "failed", Path: path}
	}
	for _, c := range []struct {
		story string
		a, b  []exectest.Response
		same  bool
	}{
		{"white space", answer(`{"a": 1}`), answer(`{"a":1}`), true},
		{"order of errors", answer(`{}`, failed(ast.PathName("a")), failed(ast.PathName("b"))), answer(`{}`, failed(ast.PathName("b")), failed(ast.PathName("a"))), true},
		{"no data and null", answer(``), answer(`null`), true},
		{"value", answer(`{"a":1}`), answer(`{"a":2}`), false},
		{"order of keys", answer(`{"a":1,"b":2}`), answer(`{"b":2,"a":1}`), false},
		{"broken data", answer(`{"a":1}`), answer(`{"a":1`), false},
		{"missing error", answer(`{}`, failed(ast.PathName("a"))), answer(`{}`), false},
		{"path", answer(`{}`, failed(ast.PathIndex(1))), answer(`{}`, failed(ast.PathIndex(2))), false},
		{"extensions", answer(`{}`, failed()), answer(`{}`, &gqlerror.Error{Message: "failed", Extensions: map[string]any{"code": "X"}}), false},
		{"number of responses", answer(`{}`), nil, false},
	} {
		if diff := exectest.Diff(c.a, c.b); (diff == "") != c.same {
			t.Errorf("%s: %q", c.story, diff)
		}
	}
}

// TestCompareSees finds out, by random documents, about one directive that behaves otherwise.
func TestCompareSees(t *testing.T) {
	cfg := library.New().Config()
	cfg.Directives.Mine = func(ctx context.Context, _ any, next graphql.Resolver) (any, error) { return next(ctx) }
	oracle := exectest.NewRunner(gen.NewExecutableSchema(library.New().Config()))
	subject := exectest.NewRunner(gen.NewExecutableSchema(cfg))
	g := newGenerator(exectest.Seed(t))
	for range 1000 {
		if exectest.Compare(t, oracle, subject, g.Document(ast.Query), exectest.Deviations...) != "" {
			return
		}
	}
	t.Error("a thousand documents showed no difference")
}

func newGenerator(seed uint64) *exectest.Generator {
	return &exectest.Generator{
		Schema: gen.NewExecutableSchema(library.New().Config()).Schema(),
		Rand:   rand.New(rand.NewPCG(seed, 0)),
		Values: library.Values,
	}
}

// TestSeeds makes the same documents from the same seed, and others from another.
func TestSeeds(t *testing.T) {
	a, b, other := newGenerator(1), newGenerator(1), newGenerator(2)
	differ := false
	for range 20 {
		want := a.Document(ast.Query)
		if got := b.Document(ast.Query); got.Query != want.Query {
			t.Fatalf("got %s\nwant %s", got.Query, want.Query)
		}
		differ = differ || other.Document(ast.Query).Query != want.Query
	}
	if !differ {
		t.Error("another seed made the same documents")
	}
}
