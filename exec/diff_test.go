package exec_test

import (
	"math/rand/v2"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
)

func newGenerator(seed uint64) *exectest.Generator {
	return &exectest.Generator{
		Schema: gen.NewSchema(library.New().Config()).Schema(),
		Rand:   rand.New(rand.NewPCG(seed, 0)),
		Values: library.Values,
		Skip:   func(object, _ string) bool { return object == "Inked" }, // see TestDeviations
	}
}

// deviations are all differences from gqlgen's executor that random documents meet.
var deviations = append(exectest.Deviations, exectest.LateErrors("more than five stars"))

// pair is the same data twice, since mutations change it.
type pair struct {
	libraries       [2]*library.Library
	oracle, subject *exectest.Runner
}

func newPair(options ...exec.Option) *pair {
	p := &pair{libraries: [2]*library.Library{library.New(), library.New()}}
	p.oracle = exectest.NewRunner(gen.NewExecutableSchema(p.libraries[0].Config()))
	p.subject = exectest.NewRunner(gen.NewSchema(p.libraries[1].Config(), options...))
	return p
}

func (p *pair) diff(t *testing.T, doc exectest.Document) string {
	for _, l := range p.libraries {
		l.Reset()
	}
	return exectest.Compare(t, p.oracle, p.subject, doc, deviations...)
}

// TestSameAsGqlgen compares random documents, each with two sets of variables, with gqlgen's own
// executor.
func TestSameAsGqlgen(t *testing.T) {
	seed := exectest.Seed(t)
	for _, c := range []struct {
		operation ast.Operation
		documents int
	}{{ast.Query, 2000}, {ast.Mutation, 400}, {ast.Subscription, 400}} {
		t.Run(string(c.operation), func(t *testing.T) {
			t.Parallel()
			g := newGenerator(seed)
			p := newPair(exec.MaxErrors(1_000_000))
			for i := range exectest.Documents(c.documents) {
				doc := g.Document(c.operation)
				for _, doc := range []exectest.Document{doc, g.Variant(doc)} {
					if diff := p.diff(t, doc); diff != "" {
						t.Fatalf("document %d\n%s\nvariables %v\n%s", i, doc.Query, doc.Variables, diff)
					}
				}
			}
		})
	}
}
