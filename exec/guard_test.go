package exec_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
	"workflowfactory/exec/exectest/library/model"
)

// asked keeps the objects about which directives are asked, by directive; -1 is no object.
type asked struct {
	mu   sync.Mutex
	objs map[string][]int // guarded by mu
}

func (a *asked) note(directive string, obj any) {
	n := -1
	if book, ok := obj.(*model.Book); ok {
		n = book.ID.Number()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.objs[directive] = append(a.objs[directive], n)
}

// guarded is a library whose directives are watched.
func guarded(mine func(n int) error) (*library.Library, gen.Config, *asked) {
	l := library.New()
	cfg := l.Config()
	a := &asked{objs: map[string][]int{}}
	cfg.Directives.Mine = func(ctx context.Context, obj any, next graphql.Resolver) (any, error) {
		a.note("mine", obj)
		if err := mine(obj.(*model.Book).ID.Number()); err != nil {
			return nil, err
		}
		return next(ctx)
	}
	cfg.Directives.Can = func(ctx context.Context, obj any, next graphql.Resolver, _ model.Action) (any, error) {
		a.note("can", obj)
		return next(ctx)
	}
	return l, cfg, a
}

var errDenied = errors.New("denied")

// TestTwoGuards has one field with three directives, of which the last of the schema is asked first
// and each only about what the ones before it let through.
func TestTwoGuards(t *testing.T) {
	l, cfg, a := guarded(func(int) error { return nil })
	cfg.Directives.Noted = func(ctx context.Context, obj any, next graphql.Resolver, _ string, _ *int) (any, error) {
		a.note("noted", obj)
		if obj.(*model.Book).ID.Number() == 0 {
			return nil, errDenied
		}
		return next(ctx)
	}
	cfg.Directives.Mine = func(ctx context.Context, obj any, next graphql.Resolver) (any, error) {
		a.note("mine", obj)
		if obj.(*model.Book).ID.Number() == 2 {
			return nil, nil
		}
		return next(ctx)
	}
	parents := 0
	l.Visit = func(_ context.Context, field string, objs int) { parents += objs }
	got := on(t, gen.NewSchema(cfg), `{ books(first: 4) { guarded { id } } }`)
	wantData(t, got, `{"books":[{"guarded":null},{"guarded":{"id":"a1"}},{"guarded":null},{"guarded":{"id":"a3"}}]}`)
	wantErrors(t, got, `["books",0,"guarded"] denied`)
	for directive, want := range map[string][]int{"noted": {0, 1, 2, 3}, "can": {1, 2, 3}, "mine": {1, 2, 3}} {
		if !slices.Equal(a.objs[directive], want) {
			t.Errorf("@%s was asked about %v, want %v", directive, a.objs[directive], want)
		}
	}
	if parents != 2 {
		t.Errorf("the resolver got %d parents, want 2", parents)
	}
}

// TestDeniedEntirely does not call the resolver at all.
func TestDeniedEntirely(t *testing.T) {
	l, cfg, _ := guarded(func(int) error { return errDenied })
	l.Visit = func(_ context.Context, field string, objs int) { t.Errorf("%s was called for %d", field, objs) }
	got := on(t, gen.NewSchema(cfg), `{ books(first: 2) { guarded { id } } }`)
	wantData(t, got, `{"books":[{"guarded":null},{"guarded":null}]}`)
	wantErrors(t, got, `["books",0,"guarded"] denied`, `["books",1,"guarded"] denied`)
}

// TestStatic asks a static directive once for all objects, and about none.
func TestStatic(t *testing.T) {
	for _, c := range []struct {
		story   string
		options []exec.Option
		want    []int
	}{
		{"static", []exec.Option{exec.Static("can")}, []int{-1}},
		{"not static", nil, []int{0, 1, 2, 3, 4}},
	} {
		t.Run(c.story, func(t *testing.T) {
			_, cfg, a := guarded(func(int) error { return nil })
			got := on(t, gen.NewSchema(cfg, c.options...), `{ books(first: 5) { secret } }`)
			wantErrors(t, got)
			if !slices.Equal(a.objs["can"], c.want) {
				t.Errorf("@can was asked about %v, want %v", a.objs["can"], c.want)
			}
		})
	}
}

// TestStaticDenial is told for each object.
func TestStaticDenial(t *testing.T) {
	got := query(t, `{ books(first: 2) { forbidden { id } } denied { id } }`, exec.Static("can"))
	wantData(t, got, `{"books":[{"forbidden":null},{"forbidden":null}],"denied":null}`)
	wantErrors(t, got, `["books",0,"forbidden"] forbidden`, `["books",1,"forbidden"] forbidden`, `["denied"] forbidden`)
}

// TestGuardedStructFields denies what is only read from a struct, too.
func TestGuardedStructFields(t *testing.T) {
	got := query(t, `{ books(first: 6) { hidden guardedCover { name } } }`)
	wantData(t, got, `null`)
	wantErrors(t, got,
		`["books",0,"hidden"] 0 is not yours`,
		`["books",0,"guardedCover"] 0 is not yours`,
		`["books",4,"hidden"] 4 is not yours`,
		`["books",4,"guardedCover"] 4 is not yours`,
		`["books",5,"hidden"] cannot return null for non-null field Book.hidden (String!): the model struct field was nil and the field has no resolver`)
}

// TestPanickingGuard denies the object about which it was asked.
func TestPanickingGuard(t *testing.T) {
	got := query(t, `{ nodes(ids: ["b10", "b11"]) { ... on Book { guarded { id } } } }`)
	wantData(t, got, `{"nodes":[{"guarded":{"id":"a4"}},{"guarded":null}]}`)
	wantErrors(t, got, `["nodes",1,"guarded"] recovered`)
}

// TestContextOfGuards reaches the resolver from root fields; the library's members check it.
func TestContextOfGuards(t *testing.T) {
	got := query(t, `{ members { id } }`)
	wantErrors(t, got)
	_, cfg, _ := guarded(nil)
	cfg.Directives.Noted = func(ctx context.Context, _ any, next graphql.Resolver, _ string, _ *int) (any, error) {
		return next(ctx)
	}
	wantErrors(t, on(t, gen.NewSchema(cfg), `{ members { id } }`), `["members"] noted by ""`)
}

// TestReplacing refuses directives that give another value than next gave.
func TestReplacing(t *testing.T) {
	_, cfg, _ := guarded(nil)
	cfg.Directives.Mine = func(context.Context, any, graphql.Resolver) (any, error) { return "another", nil }
	got := on(t, gen.NewSchema(cfg), `{ book(id: "b1") { guarded { id } } }`)
	wantData(t, got, `{"book":{"guarded":null}}`)
	wantErrors(t, got, `["book","guarded"] a directive or interceptor replaced the value of a field; only letting through and denying are supported`)
}

// TestMissingDirective is an error of the field, as with gqlgen.
func TestMissingDirective(t *testing.T) {
	_, cfg, _ := guarded(nil)
	cfg.Directives.Mine = nil
	got := on(t, gen.NewSchema(cfg), `{ book(id: "b1") { guarded { id } } }`)
	wantErrors(t, got, `["book","guarded"] directive mine is not implemented`)
}

// TestUnknownStatic is noticed at the start.
func TestUnknownStatic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a directive that the schema does not have was accepted as static")
		}
	}()
	gen.NewSchema(library.New().Config(), exec.Static("cann"))
}
