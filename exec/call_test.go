package exec_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
)

// counter counts calls by field.
type counter struct {
	mu    sync.Mutex
	calls map[string]int // guarded by mu
}

func (c *counter) option() exec.Option {
	c.calls = map[string]int{}
	return exec.OnCall(func(object, field string, _ int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls[object+"."+field]++
	})
}

// TestOneCallPerRelation has as many calls of resolvers as relations in the document, whatever the
// sizes of lists, also behind edges, lists in lists and structs.
func TestOneCallPerRelation(t *testing.T) {
	for _, c := range []struct {
		query string
		want  map[string]int
	}{{
		query: `{ books(first: %d) { author { books(first: 3) { author { name } } } } }`,
		want:  map[string]int{"Query.books": 1, "Book.author": 2, "Author.books": 1},
	}, {
		query: `{ books(first: %d) { reviews(first: 4) { edges { cursor node { by { name } } } pageInfo { endCursor } totalCount } } }`,
		want:  map[string]int{"Query.books": 1, "Book.reviews": 1, "Review.by": 1, "ReviewConnection.totalCount": 1},
	}, {
		query: `{ books(first: %d) { cube { book { id } } shelves { items { ... on Book { author { id } } ... on Magazine { editor { id } } } } } }`,
		want: map[string]int{
			"Query.books": 1, "Edition.book": 1, "Book.shelves": 1, "Shelf.items": 1, "Book.author": 1, "Magazine.editor": 1,
		},
	}, {
		query: `{ books(first: %d) { a: author { id } author { name } author { mood } } }`,
		want:  map[string]int{"Query.books": 1, "Book.author": 2},
	}} {
		for _, size := range []int{4, 12, 60} {
			var calls counter
			query(t, fmt.Sprintf(c.query, size), calls.option())
			if diff := cmp.Diff(c.want, calls.calls); diff != "" {
				t.Errorf("%d of %s: %s", size, c.query, diff)
			}
		}
	}
}

// TestGqlgenCallsMore is the control of the test above: the same resolvers on gqlgen's executor.
func TestGqlgenCallsMore(t *testing.T) {
	l := library.New()
	var mu sync.Mutex
	calls := 0
	l.Visit = func(context.Context, string, int) {
		mu.Lock()
		defer mu.Unlock()
		calls++
	}
	on(t, gen.NewExecutableSchema(l.Config()), `{ books(first: 10) { reviews(first: 4) { edges { node { by { name } } } } } }`)
	if calls <= 10 {
		t.Errorf("gqlgen made %d calls, of which this test thought there were many", calls)
	}
}

// TestNoNilParents keeps nulls of lists away from resolvers.
func TestNoNilParents(t *testing.T) {
	l := library.New()
	seen := map[string]int{}
	l.Visit = func(_ context.Context, field string, objs int) { seen[field] = objs }
	on(t, gen.NewSchema(l.Config()), `{ maybeBooks(first: 9) { author { id } } }`)
	if want := map[string]int{"Book.author": 6}; !maps.Equal(seen, want) {
		t.Errorf("parents %v, want %v", seen, want)
	}
}

// gate holds calls back until as many are in it as are expected, and then for good.
type gate struct {
	expect int
	full   chan struct{}
	fill   sync.Once // closes full

	mu   sync.Mutex
	in   int // guarded by mu
	most int // guarded by mu
}

func newGate(expect int) *gate { return &gate{expect: expect, full: make(chan struct{})} }

func (g *gate) visit(ctx context.Context, field string, _ int) {
	if field != "Book.author" {
		return
	}
	g.mu.Lock()
	g.in++
	g.most = max(g.most, g.in)
	if g.in == g.expect {
		g.fill.Do(func() { close(g.full) }) // it may be as full again, when one has left and the next comes
	}
	g.mu.Unlock()
	select {
	case <-g.full:
	case <-ctx.Done():
	}
	g.mu.Lock()
	g.in--
	g.mu.Unlock()
}

const siblings = `{ book(id: "b1") { a: author { id } b: author { id } c: author { id } d: author { id } e: author { id } f: author { id } g: author { id } } }`

// TestSiblingsRunTogether has four resolvers wait for each other, which they could not if they were
// not called at the same time, and never sees a fifth with them.
func TestSiblingsRunTogether(t *testing.T) {
	l, g := library.New(), newGate(4)
	l.Visit = g.visit
	got := on(t, gen.NewSchema(l.Config()), siblings)
	wantErrors(t, got)
	if g.most != 4 {
		t.Errorf("%d ran at the same time, want 4", g.most)
	}
}

// TestSerial is the control: here two would wait for each other in vain, until the time is over.
func TestSerial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, g := library.New(), newGate(2)
		l.Visit = g.visit
		r := exectest.NewRunner(gen.NewSchema(l.Config(), exec.Serial()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r.Run(ctx, exectest.Document{Query: siblings})
		if g.most != 1 {
			t.Errorf("%d ran at the same time, want 1", g.most)
		}
		if ctx.Err() == nil {
			t.Error("nobody waited")
		}
	})
}

// TestMutationsInOrder counts what each mutation finds, with siblings that could overtake it.
func TestMutationsInOrder(t *testing.T) {
	for range 20 {
		got := query(t, `mutation {
			a: bump(by: 1) { value book { id author { id } } }
			b: bump(by: 10) { value book { id author { id } } }
			addBook(input: {title: "x", subtitle: null}) { changed cursor }
			c: bump(by: 100) { value bump(by: 5) }
		}`)
		wantData(t, got, `{"a":{"value":1,"book":{"id":"b1","author":{"id":"a1"}}},"b":{"value":11,"book":{"id":"b11","author":{"id":"a5"}}},`+
			`"addBook":{"changed":["title","subtitle"],"cursor":"e12"},"c":{"value":112,"bump":117}}`)
		wantErrors(t, got)
	}
}

// TestObjectsAreCounted as they stand in the answer, those of types that do not count left out.
func TestObjectsAreCounted(t *testing.T) {
	counts := func(object string) bool { return object != "ReviewConnection" && object != "ReviewEdge" }
	for text, want := range map[string]int{
		`{ books(first: 3) { title } }`:                                               3,
		`{ books(first: 3) { title } again: books(first: 2) { title } }`:              5,
		`{ books(first: 0) { author { name } } }`:                                     0,
		`{ books(first: 3) { editor { books(first: 2) { title } } } }`:                3 + 3 + 6,
		`{ books(first: 3) { reviews(first: 1) { edges { node { stars } } } } }`:      3 + 3,
		`{ books(first: 3) { related(first: 2) { ... on Book { id } __typename } } }`: 3 + 6,
		`{ books(first: 3) { guarded { name } } }`:                                    3 + 2, // one is not to be seen
	} {
		got := -1
		answer := query(t, text, exec.OnAnswer(counts, func(_ context.Context, objects int) { got = objects }))
		if got != want {
			t.Errorf("%s: %d objects, want %d: %s %v", text, got, want, answer.Data, answer.Errors)
		}
	}
}
