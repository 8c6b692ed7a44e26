package exec

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// tiny is a schema that is known by its table alone.
func tiny() *Schema {
	leaf := func(w *Writer, _ P) bool { return w.Bool(true) }
	node := func(s *Sink, _ P) { Add(s, new(int)) }
	fields := map[string]Field{"leaf": {Leaf: leaf}, "a": {Get: node}, "b": {Get: node}}
	s := &Schema{
		ExecutableSchema: &graphql.ExecutableSchemaMock{SchemaFunc: func() *ast.Schema { return tinySchema }},
		table: &Table{
			Objects: map[string]map[string]Field{"Query": {"node": {Call: func(*Call) {}}}, "A": fields, "B": fields, "C": fields},
			Kinds:   map[string][]string{"Node": {"A", "B", "C"}},
		},
		maxErrors: 1,
	}
	return s
}

var tinySchema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	type Query { node: Node }
	interface Node { leaf: Boolean a: Node b: Node }
	type A implements Node { leaf: Boolean a: Node b: Node }
	type B implements Node { leaf: Boolean a: Node b: Node }
	type C implements Node { leaf: Boolean a: Node b: Node }
`})

func operation(t testing.TB, query string, variables map[string]any) *graphql.OperationContext {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(tinySchema, query, nil)
	if errs != nil {
		t.Fatal(errs)
	}
	return &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: variables}
}

func (c *planCache) size() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.operations)
}

// TestCacheForgets sees a million documents, of which nobody keeps more than one. It is the garbage
// collector that has the cache forget them.
func TestCacheForgets(t *testing.T) {
	const documents = 1_000_000 / slow
	s := tiny()
	parsed := operation(t, `{ node { leaf } }`, nil)
	most := 0
	for i := range documents {
		fresh := *parsed.Operation // as if the document had just been parsed
		op := &graphql.OperationContext{Doc: parsed.Doc, Operation: &fresh}
		v := s.plans.variants(op)
		if i%100 != 0 {
			continue
		}
		if plan, err := v.plan(s, op); plan == nil || err != nil {
			t.Fatal(plan, err)
		}
		if i%1000 == 0 {
			most = max(most, s.plans.size())
		}
	}
	t.Logf("at most %d operations were in the cache", most)
	if most == 0 || most > documents/4 {
		t.Errorf("%d operations were in the cache", most)
	}
	for s.plans.size() > 0 { // the cleanups run in a goroutine of the runtime's
		runtime.GC()
		runtime.Gosched()
	}
}

// TestCacheKeeps has the same plan for the same document, as long as the document is there.
func TestCacheKeeps(t *testing.T) {
	s := tiny()
	op := operation(t, `{ node { leaf } }`, nil)
	first, _ := s.plans.variants(op).plan(s, op)
	runtime.GC()
	second, _ := s.plans.variants(op).plan(s, op)
	if first == nil || first != second {
		t.Error("planned again")
	}
	if s.plans.size() != 1 {
		t.Errorf("%d operations in the cache", s.plans.size())
	}
}

// TestCacheKnowsAddressesUsedAgain has an operation come to the address of one that is gone, before and after that one is
// forgotten: it must never get the other's plan, nor lose its own.
func TestCacheKnowsAddressesUsedAgain(t *testing.T) {
	s := tiny()
	gone := operation(t, `{ node { leaf } }`, nil)
	left := s.plans.variants(gone)
	if plan, err := left.plan(s, gone); plan == nil || err != nil {
		t.Fatal(plan, err)
	}
	came := operation(t, `{ node { other: leaf } }`, nil)
	address := addressOf(came)
	s.plans.mu.Lock()
	s.plans.operations[address] = left // as it is when the allocator gives the address again
	s.plans.mu.Unlock()
	own := s.plans.variants(came)
	plan, err := own.plan(s, came)
	if own == left || err != nil || string(plan.fields[0].subs[0].fields[0].key) != `,"other":` {
		t.Fatalf("the plan is that of the operation before: %v %v", plan, err)
	}
	s.plans.forget(address, left) // its cleanup comes late
	if s.plans.variants(came) != own {
		t.Error("the plan was forgotten with that of the operation before")
	}
	s.plans.forget(address, own)
	if fresh := s.plans.variants(came); fresh == own {
		t.Error("the control: nothing was forgotten")
	}
	runtime.KeepAlive(gone)
}

// conditional is a document with n conditions.
func conditional(n int) string {
	declared, asked := "", ""
	for i := range n {
		declared += fmt.Sprintf("$c%d: Boolean! ", i)
		asked += fmt.Sprintf("l%d: leaf @include(if: $c%d) ", i, i)
	}
	return "query(" + declared + ") { node { " + asked + "} }"
}

// TestVariantsAreBounded goes through all values of ten conditions.
func TestVariantsAreBounded(t *testing.T) {
	s := tiny()
	op := operation(t, conditional(10), nil)
	v := s.plans.variants(op)
	for bits := range 1 << 10 {
		op.Variables = map[string]any{}
		selected := 0
		for i := range 10 {
			op.Variables[fmt.Sprintf("c%d", i)] = bits>>i&1 == 1
			selected += bits >> i & 1
		}
		plan, err := v.plan(s, op)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(plan.fields[0].subs[0].fields); n != selected {
			t.Fatalf("%d fields for %b", n, bits)
		}
	}
	if len(v.plans) != maxVariants {
		t.Errorf("%d variants are kept", len(v.plans))
	}
}

// TestManyConditions does not mix up conditions beyond those that it can tell apart.
func TestManyConditions(t *testing.T) {
	s := tiny()
	op := operation(t, conditional(70), nil)
	v := s.plans.variants(op)
	for chosen := range 70 {
		op.Variables = map[string]any{}
		for i := range 70 {
			op.Variables[fmt.Sprintf("c%d", i)] = i == chosen
		}
		plan, err := v.plan(s, op)
		if err != nil {
			t.Fatal(err)
		}
		if key := string(plan.fields[0].subs[0].fields[0].key); key != fmt.Sprintf(`,"l%d":`, chosen) {
			t.Fatalf("%s for %d", key, chosen)
		}
	}
	if len(v.plans) != 0 {
		t.Errorf("%d variants are kept", len(v.plans))
	}
}

// TestNullCondition refuses null, which a variable with a default may have.
func TestNullCondition(t *testing.T) {
	s := tiny()
	op := operation(t, `query($c: Boolean = true) { node { leaf @skip(if: $c) } }`, map[string]any{"c": nil})
	if _, err := s.plans.variants(op).plan(s, op); err == nil {
		t.Error("null decided about @skip")
	}
}

// TestPlansAreSmall has what all types of an interface have in common planned once, however deep.
func TestPlansAreSmall(t *testing.T) {
	query := "leaf"
	for range 40 {
		query = "a { " + query + " }"
	}
	s := tiny()
	if plan := s.compile(operation(t, "{ node { "+query+" } }", nil)); plan == nil {
		t.Error("a deep document has no plan")
	}
}

// TestPlansAreBounded gives up on a short document whose plan would be huge: at each level every type
// has a selection of its own that goes down to the bottom, so that those at the bottom are merged
// for each combination of the types above.
func TestPlansAreBounded(t *testing.T) {
	s := tiny()
	query := "{ node { " + entangled(12) + " } }"
	if plan := s.compile(operation(t, query, nil)); plan != nil {
		t.Error("there is a plan")
	}
	query = "{ node { " + entangled(4) + " } }"
	if plan := s.compile(operation(t, query, nil)); plan == nil {
		t.Error("there is no plan for a small one")
	}
}

func entangled(depth int) string {
	if depth == 0 {
		return "leaf"
	}
	chain := "leaf"
	for range depth - 1 {
		chain = "a { " + chain + " }"
	}
	return "a { " + entangled(depth-1) + " } ... on A { a { " + chain + " } } ... on B { a { " + chain + " } }"
}

// TestForeignDirectives are left to gqlgen.
func TestForeignDirectives(t *testing.T) {
	s := tiny()
	for query, want := range map[string]bool{
		`{ node { ... @defer { leaf } } }`:                              true,
		`{ ...F } fragment F on Query { node { ... @defer { leaf } } }`: true,
		`{ node { ... @include(if: true) { leaf } } }`:                  false,
	} {
		op := operation(t, query, nil)
		if got := s.plans.variants(op).foreign; got != want {
			t.Errorf("%s: foreign is %v", query, got)
		}
	}
}
