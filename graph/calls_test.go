package graph

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest"
	"workflowfactory/model"
)

// statements counts what PostgreSQL is asked.
type statements struct{ n atomic.Int64 }

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if graphqlCall(ctx) {
		s.n.Add(1)
	}
	return ctx
}

func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

type countedKey struct{}

// graphqlCall leaves out what the feed asks by itself.
func graphqlCall(ctx context.Context) bool { return ctx.Value(countedKey{}) != nil }

// documents have rows in each of their relations, on the smallest page too.
var documents = []struct {
	name  string
	query string
	calls int
	sql   int
}{
	{"lists in lists", `query ($n: Int) { workflows(first: $n) { edges { node { id
		tasks(first: $n) { edges { node { id
			agent { id name }
			dependsOn { id }
			attempts { number agent { name } }
			suggestions(first: $n) { edges { node { id
				comments(first: $n) { edges { node { body } } } } } }
		} } }
		taskCounts { total }
	} } } }`, 9, 9},
	{"totals", `query ($n: Int) { workflows(first: $n) { totalCount edges { node { tasks(first: $n) { totalCount } } } } }`, 4, 4},
	{"up and down", `query ($n: Int) { tasks(first: $n, orderBy: {field: CREATED_AT, direction: ASC}) { edges { cursor node {
		workflow { name tasks(first: $n) { edges { node { workflow { id } } } } }
		dependents { id dependsOn { id } }
	} } } }`, 6, 6},
	{"history", `query ($n: Int) { workflows(first: $n) { edges { node { history(first: $n) { edges { cursor node { id type } } } } } } }`, 2, 2},
	{"agents", `query ($n: Int) { agents(first: $n) { edges { node { id currentTask { id } recentTasks(first: $n) { id } tasks(first: $n) { edges { node { id } } } } } } }`, 4, 4},
}

// TestCallsAreRelations counts resolver calls and SQL statements: as many as relations in the document, whatever the
// sizes of its pages.
func TestCallsAreRelations(t *testing.T) {
	t.Parallel()
	var asked statements
	var calls atomic.Int64
	w := newWorld(t, &asked)
	w.populate(101, func(i int) int {
		if i%100 == 0 { // the oldest and the newest
			return 100
		}
		return 2
	})
	subject := w.runner(NewSchema(w.Resolver, exec.OnCall(func(string, string, int) { calls.Add(1) })))
	ctx := context.WithValue(model.WithCaller(t.Context(), model.Caller{ID: w.ids[4], Role: model.RoleAdmin}), countedKey{}, true)
	for _, d := range documents {
		for _, n := range []int{1, 10, 100} {
			calls.Store(0)
			asked.n.Store(0)
			response := subject.Run(ctx, exectest.Document{Query: d.query, Variables: map[string]any{"n": n}})[0]
			if len(response.Errors) > 0 {
				t.Fatalf("%s: %v", d.name, response.Errors)
			}
			if got := calls.Load(); got != int64(d.calls) {
				t.Errorf("%s, pages of %d: %d resolver calls, want %d", d.name, n, got, d.calls)
			}
			if got := asked.n.Load(); got != int64(d.sql) {
				t.Errorf("%s, pages of %d: %d statements, want %d", d.name, n, got, d.sql)
			}
		}
	}
}

// TestNoDataLoader keeps batching where it is: in the executor.
func TestNoDataLoader(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ToLower(string(text)), "dataload") {
		t.Error("go.mod has a data loader; relations are batch resolvers, which need none")
	}
}
