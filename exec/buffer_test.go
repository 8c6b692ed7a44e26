package exec_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
)

// answer executes a query and gives the response's own bytes.
func answer(tb testing.TB, r *exectest.Runner, query string) json.RawMessage {
	tb.Helper()
	ctx := graphql.StartOperationTrace(tb.Context())
	op, errs := r.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if errs != nil {
		tb.Fatal(errs)
	}
	next, ctx := r.DispatchOperation(ctx, op)
	return next(ctx).Data
}

// TestHeldAnswers holds answers, as slow sockets do, while others are made and released. Released
// bytes are overwritten, so that anybody who still had them would see it.
func TestHeldAnswers(t *testing.T) {
	exec.Poison(true)
	defer exec.Poison(false)
	r := exectest.NewRunner(gen.NewSchema(library.New().Config()))
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				query := fmt.Sprintf(`{ books(first: %d) { id title author { name } reviews { totalCount } } }`, (g+i)%9)
				held := answer(t, r, query)
				want := slices.Clone(held)
				for range 3 {
					exec.Release(answer(t, r, `{ books(first: 20) { id title pages genre fullTitle } }`))
				}
				if string(held) != string(want) || !json.Valid(held) {
					t.Errorf("a held answer has become %s", held)
				}
				exec.Release(held)
			}
		})
	}
	wg.Wait()
}

// TestPoison is the control: what is read after its release is no JSON.
func TestPoison(t *testing.T) {
	exec.Poison(true)
	defer exec.Poison(false)
	data := answer(t, exectest.NewRunner(gen.NewSchema(library.New().Config())), `{ now }`)
	if !json.Valid(data) {
		t.Fatalf("answer %s", data)
	}
	exec.Release(data)
	if json.Valid(data) {
		t.Error("the answer can still be read after its release")
	}
}

// TestAllocations bounds what an answer costs in comparison with gqlgen's executor, by numbers that
// no load of the machine changes much.
func TestAllocations(t *testing.T) {
	for _, m := range measured {
		ceiling := map[string]float64{"object": 0.6, "lists": 0.02, "edges": 0.05}[m.name]
		theirs := allocations(t, gen.NewExecutableSchema(library.New().Config()), m.doc)
		ours := allocations(t, gen.NewSchema(library.New().Config()), m.doc)
		t.Logf("%s: %.0f allocations, gqlgen %.0f", m.name, ours, theirs)
		if ours > theirs*ceiling {
			t.Errorf("%s: %.0f allocations are more than %v of gqlgen's %.0f", m.name, ours, ceiling, theirs)
		}
	}
}

func allocations(t *testing.T, schema graphql.ExecutableSchema, doc exectest.Document) float64 {
	r := exectest.NewRunner(schema)
	least := math.Inf(1)
	for range 3 {
		least = min(least, testing.AllocsPerRun(10, func() { r.Run(t.Context(), doc) }))
	}
	return least
}
