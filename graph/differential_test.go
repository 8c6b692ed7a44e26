package graph

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest"
	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// deviations are all differences from gqlgen's executor that random queries of this schema meet.
var deviations = exectest.Deviations

// volatile are the fields that answer differently each time.
var volatile = map[string]bool{"Health.serverTime": true}

// parts are how many generators share the work: most of the time is spent waiting for PostgreSQL.
const parts = 4

// TestSameAsGqlgen compares random queries, each with two sets of variables and asked by one of several callers, with
// gqlgen's own executor over the same repositories. gqlgen's reads whole rows, so this also shows that no column is
// left out which a field needs.
func TestSameAsGqlgen(t *testing.T) {
	t.Parallel()
	seed := exectest.Seed(t)
	w := newWorld(t, nil)
	w.populate(8, func(i int) int { return i })
	for part := range uint64(parts) {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			w.compare(t, rand.New(rand.NewPCG(seed, part)), exectest.Documents(2000)/parts)
		})
	}
}

func (w *world) compare(t *testing.T, r *rand.Rand, documents int) {
	oracle := w.runner(gen.NewExecutableSchema(gen.Config{Resolvers: w.Resolver, Directives: Directives()}))
	subject := w.runner(NewSchema(w.Resolver, exec.MaxErrors(1_000_000)))
	g := &exectest.Generator{
		Schema: oracle.schema, Rand: r, Values: w.values(), Fields: 16, Depth: 6,
		Skip: func(object, field string) bool { return volatile[object+"."+field] },
	}
	var same int
	for i := range documents {
		doc := g.Document(ast.Query)
		caller := w.caller(r)
		for _, doc := range []exectest.Document{doc, g.Variant(doc)} {
			ctx := model.WithCaller(t.Context(), caller)
			want, got := oracle.Run(ctx, doc), subject.Run(ctx, doc)
			if diff := exectest.Diff(want, got, deviations...); diff != "" {
				t.Fatalf("document %d, asked by %q\n%s\nvariables %v\n%s", i, caller.Role, doc.Query, doc.Variables, diff)
			}
			same += len(got[0].Data)
		}
	}
	if same < 100*documents {
		t.Errorf("the %d documents had %d bytes of data in all: they find nothing", documents, same)
	}
}

type runner struct {
	*exectest.Runner
	schema *ast.Schema
}

// runner executes as the server does.
func (w *world) runner(schema graphql.ExecutableSchema) runner {
	r := runner{exectest.NewRunner(schema), schema.Schema()}
	r.SetErrorPresenter(Errors{Log: slog.New(slog.DiscardHandler)}.Present)
	return r
}

// caller is an administrator, mostly; or one who may see less, or nobody.
func (w *world) caller(r *rand.Rand) model.Caller {
	agent := w.ids[r.IntN(3)]
	return []model.Caller{
		{ID: agent, Role: model.RoleAgent, AgentID: agent}, {ID: w.ids[3], Role: model.RoleViewer, UserID: w.ids[3]}, {},
		{ID: w.ids[3], Role: model.RoleAdmin, UserID: w.ids[3]}, {ID: w.ids[4], Role: model.RoleAdmin}, {ID: w.ids[4], Role: model.RoleAdmin},
	}[r.IntN(6)]
}

// values makes arguments that find something more often than random texts do: mostly what may be left out is.
func (w *world) values() map[string]func(*rand.Rand) any {
	rarely := func(n int, make func(*rand.Rand) any) func(*rand.Rand) any {
		return func(r *rand.Rand) any {
			if r.IntN(n) > 0 {
				return nil
			}
			return make(r)
		}
	}
	text := func(r *rand.Rand) any {
		return []string{"", "Task 1", "Workflow", "a", "no cursor", "ü\"\\"}[r.IntN(6)]
	}
	return map[string]func(*rand.Rand) any{
		"ID": func(r *rand.Rand) any {
			if r.IntN(10) == 0 {
				return "wf_no_id"
			}
			return w.ids[r.IntN(len(w.ids))].String()
		},
		"Int":         rarely(2, func(r *rand.Rand) any { return json.Number(strconv.Itoa(r.IntN(8))) }),
		"String":      rarely(6, text),
		"EventCursor": rarely(4, func(r *rand.Rand) any { return w.cursor(r) }),
		"DateTime": func(r *rand.Rand) any {
			return []string{"2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z", "never"}[r.IntN(3)]
		},
		"JSON": func(r *rand.Rand) any { return map[string]any{"n": json.Number("1")} },
	}
}

// cursor is the place of some event, or of none.
func (w *world) cursor(r *rand.Rand) any {
	head := must(w.Feed.Head(w.Context()))(w)
	head.Position -= r.Int64N(head.Position + 2)
	return head.String()
}
