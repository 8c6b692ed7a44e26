package exectest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Recovered is the message of errors that panics become under a Runner.
const Recovered = "recovered"

// Response is one answer. A query has one, a subscription any number.
type Response struct {
	Operation ast.Operation
	Data      json.RawMessage
	Errors    gqlerror.List
}

// Runner executes documents on one schema, as gqlgen's handler does.
type Runner struct {
	*executor.Executor
}

// NewRunner makes a runner that keeps documents, as servers do.
func NewRunner(schema graphql.ExecutableSchema) *Runner {
	e := executor.New(schema)
	e.SetQueryCache(lru.New[*ast.QueryDocument](100))
	e.SetRecoverFunc(func(context.Context, any) error { return gqlerror.Errorf(Recovered) })
	return &Runner{Executor: e}
}

// Run executes a document to its end.
func (r *Runner) Run(ctx context.Context, doc Document) []Response {
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(ctx))
	defer cancel()
	op, errs := r.CreateOperationContext(ctx, &graphql.RawParams{Query: doc.Query, Variables: clone(doc.Variables)})
	if errs != nil {
		return []Response{{Errors: errs}}
	}
	next, ctx := r.DispatchOperation(ctx, op)
	var all []Response
	for {
		response := next(ctx)
		if response == nil {
			return all
		}
		all = append(all, Response{
			Operation: op.Operation.Operation,
			Data:      slices.Clone(response.Data),
			Errors:    response.Errors,
		})
	}
}

// clone keeps the coercion of variables, which writes into them, away from the document's own.
func clone(value map[string]any) map[string]any {
	b, _ := json.Marshal(value) // made of JSON
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	var copied map[string]any
	_ = decoder.Decode(&copied)
	return copied
}

// Diff tells how two outcomes of a document differ, or gives "" if they do not. Data must be the
// same to the order of its keys; errors may come in any order. Each deviation first has a look at
// each pair of responses.
func Diff(oracle, subject []Response, known ...Deviation) string {
	if len(oracle) != len(subject) {
		return fmt.Sprintf("%d responses instead of %d", len(subject), len(oracle))
	}
	for i := range oracle {
		for _, d := range known {
			d.Reconcile(&oracle[i], &subject[i])
		}
		if diff := diffResponse(oracle[i], subject[i]); diff != "" {
			return fmt.Sprintf("response %d: %s", i, diff)
		}
	}
	return ""
}

func diffResponse(oracle, subject Response) string {
	want, got := compact(oracle.Data), compact(subject.Data)
	if want != got {
		return fmt.Sprintf("data\n got %s\nwant %s\nerrors\n got %s\nwant %s",
			got, want, list(subject.Errors), list(oracle.Errors))
	}
	if got, want := list(Sorted(subject.Errors)), list(Sorted(oracle.Errors)); got != want {
		return fmt.Sprintf("errors\n got %s\nwant %s", got, want)
	}
	return ""
}

func compact(data json.RawMessage) string {
	if len(data) == 0 {
		return "null"
	}
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return fmt.Sprintf("no JSON: %v in %s", err, data)
	}
	return b.String()
}

func list(errs gqlerror.List) string {
	var b bytes.Buffer
	for _, err := range errs {
		line, _ := json.Marshal(err) // made of strings and numbers
		b.WriteString("\n\t" + string(line))
	}
	return b.String()
}

// Sorted sorts errors by path and message, in place.
func Sorted(errs gqlerror.List) gqlerror.List {
	slices.SortStableFunc(errs, func(a, b *gqlerror.Error) int {
		return cmp.Or(cmp.Compare(PathText(a.Path), PathText(b.Path)), cmp.Compare(a.Message, b.Message))
	})
	return errs
}

// PathText is a path as it stands in an answer.
func PathText(path ast.Path) string {
	text, _ := json.Marshal(path) // made of strings and numbers
	return string(text)
}
