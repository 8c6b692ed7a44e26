package exec_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
)

// told is what resolvers have been told of what is asked of their objects, by field and object type.
type told struct {
	mu     sync.Mutex
	fields map[string][]string // guarded by mu
}

func (s *told) option(objects ...string) exec.Option {
	s.fields = map[string][]string{}
	return exec.Selecting(func(selection exec.Selection) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context {
			s.mu.Lock()
			defer s.mu.Unlock()
			fc := graphql.GetFieldContext(ctx)
			for _, object := range objects {
				key := fc.Object + "." + fc.Field.Name + " " + object
				names := slices.Compact(slices.Sorted(selection.Fields(object)))
				s.fields[key] = append(s.fields[key], names...)
			}
			return ctx
		}
	})
}

// TestSelecting tells each resolver what is asked of its objects, merged from everywhere in the
// document, down to the next resolver.
func TestSelecting(t *testing.T) {
	for _, c := range []struct {
		query string
		want  map[string][]string
	}{{
		query: `{ books { id title ...F author { name } author { mood } } } fragment F on Book { title pages @skip(if: true) }`,
		want:  map[string][]string{"Query.books Book": {"author", "id", "title"}, "Book.author Author": {"mood", "name"}},
	}, {
		query: `{ books { publisher { city name address { town } } prints { book { pages } } } }`,
		want: map[string][]string{
			"Query.books Book": {"prints", "publisher"}, "Query.books Publisher": {"address", "city", "name"},
			"Print.book Book": {"pages"},
		},
	}, {
		query: `{ items { ... on Node { id } ... on Book { genre } ... on Magazine { editor { born } } } }`,
		want:  map[string][]string{"Query.items Book": {"genre", "id"}, "Magazine.editor Author": {"born"}},
	}, {
		query: `{ books(first: 1) { reviews { edges { node { book { title } } } } } }`,
		want: map[string][]string{
			"Query.books Book": {"reviews"}, "Review.book Book": {"title"},
		},
	}} {
		var got told
		query(t, c.query, got.option("Book", "Author", "Publisher"))
		for key, fields := range got.fields {
			if !slices.Equal(fields, c.want[key]) {
				t.Errorf("%s: %s was told %v, want %v", c.query, key, fields, c.want[key])
			}
		}
		for key := range c.want {
			if got.fields[key] == nil {
				t.Errorf("%s: %s was told nothing", c.query, key)
			}
		}
	}
}

// TestSelectingChangesTheContext of the resolver and of those below it.
func TestSelectingChangesTheContext(t *testing.T) {
	type key struct{}
	l := library.New()
	var seen []any
	l.Visit = func(ctx context.Context, _ string, _ int) { seen = append(seen, ctx.Value(key{})) }
	selecting := exec.Selecting(func(exec.Selection) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context {
			return context.WithValue(ctx, key{}, graphql.GetFieldContext(ctx).Field.Name)
		}
	})
	on(t, gen.NewSchema(l.Config(), selecting), `{ books(first: 1) { author { books { id } } } }`)
	if want := []any{"author", "books"}; !slices.Equal(seen, want) {
		t.Errorf("contexts say %v, want %v", seen, want)
	}
}

// TestSelectingIsForQueries leaves mutations alone, and subscriptions.
func TestSelectingIsForQueries(t *testing.T) {
	var got told
	schema := gen.NewSchema(library.New().Config(), got.option("Book"))
	on(t, schema, `mutation { bump { book { id } } }`)
	if len(got.fields) > 0 {
		t.Errorf("resolvers were told %v", got.fields)
	}
}
