package exec_test

import (
	"syscall"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
	"workflowfactory/exec/exectest/library/model"
)

// The documents that are measured: one object, lists in lists, and connections.
var measured = []struct {
	name string
	doc  exectest.Document
}{
	{"object", exectest.Document{
		Query:     `query($id: ID!) { book(id: $id) { id title pages inPrint genre createdAt author { id name } } }`,
		Variables: map[string]any{"id": "b1"},
	}},
	{"lists", exectest.Document{
		Query: `{ books(first: 50) { id title genre author { id name books(first: 10) { id title pages genre inPrint author { id name } } } } }`,
	}},
	{"edges", exectest.Document{
		Query: `{ books(first: 50) { id title reviews(first: 5) { edges { cursor node { id text by { id name } } } pageInfo { hasNextPage endCursor } totalCount } } }`,
	}},
}

// BenchmarkExecute measures one operation with its parsed document at hand: gqlgen's executor
// against this one, over the same resolvers in memory.
func BenchmarkExecute(b *testing.B) {
	for _, m := range measured {
		b.Run(m.name+"/gqlgen", func(b *testing.B) {
			benchmark(b, gen.NewExecutableSchema(library.New().Config()), m.doc)
		})
		b.Run(m.name+"/exec", func(b *testing.B) {
			benchmark(b, gen.NewSchema(library.New().Config(), exec.Static("can")), m.doc)
		})
		b.Run(m.name+"/exec,serial", func(b *testing.B) {
			benchmark(b, gen.NewSchema(library.New().Config(), exec.Serial()), m.doc)
		})
	}
}

func benchmark(b *testing.B, schema graphql.ExecutableSchema, doc exectest.Document) {
	r := exectest.NewRunner(schema)
	ctx := graphql.StartOperationTrace(b.Context())
	b.ReportAllocs()
	before := cpu(b)
	defer func() { b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op") }()
	for b.Loop() {
		op, errs := r.CreateOperationContext(ctx, &graphql.RawParams{Query: doc.Query, Variables: doc.Variables})
		if errs != nil {
			b.Fatal(errs)
		}
		next, ctx := r.DispatchOperation(ctx, op)
		response := next(ctx)
		if len(response.Errors) > 0 {
			b.Fatal(response.Errors)
		}
		b.SetBytes(int64(len(response.Data)))
		exec.Release(response.Data)
	}
}

// cpu is the time that the process has had on all cores, in nanoseconds: what an operation costs even
// if the machine has other things to do, with the garbage collector's share.
func cpu(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// BenchmarkOneEvent measures one execution of a subscription for one event.
func BenchmarkOneEvent(b *testing.B) {
	l := library.New()
	r := exectest.NewRunner(gen.NewSchema(l.Config()))
	ctx := graphql.StartOperationTrace(b.Context())
	op, errs := r.CreateOperationContext(ctx, &graphql.RawParams{Query: `subscription { bookChanged { id title pages author { id name } } }`})
	if errs != nil {
		b.Fatal(errs)
	}
	book := &model.Book{Base: model.Base{ID: model.NewID('b', 1)}, Title: "Solaris"}
	b.ReportAllocs()
	for b.Loop() {
		next, ctx := r.DispatchOperation(exec.OneEvent(ctx, book), op)
		exec.Release(next(ctx).Data)
	}
}
