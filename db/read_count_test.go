package db

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// TestStatementsAreAsManyAsRelations counts the statements behind each relation, for one parent and for a hundred.
func TestStatementsAreAsManyAsRelations(t *testing.T) {
	t.Parallel()
	var c counter
	d, err := Open(t.Context(), dbtest.URL(t), Options{Tracer: &c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	for name, ask := range relations(d) {
		for _, n := range []int{1, 100} {
			c.n = 0
			if err := ask(t.Context(), ids(n)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if want := 1 + strings.Count(name, "+"); c.n != want {
				t.Errorf("%s of %d: %d statements, want %d", name, n, c.n, want)
			}
		}
	}
}

// counter counts statements.
type counter struct{ n int }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n++
	return ctx
}

func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func ids(n int) []model.ID {
	ids := make([]model.ID, n)
	for i := range ids {
		ids[i] = model.NewID(model.KindWorkflow)
	}
	return ids
}

// relations asks for everything that belongs to parents; a + in the name stands for a second statement.
func relations(d *DB) map[string]func(context.Context, []model.ID) error {
	p := model.Page{First: new(10)}
	log := LogPage{Direction: oldestFirst}
	return map[string]func(context.Context, []model.ID) error{
		"workflows by id": func(ctx context.Context, ids []model.ID) error { return only2(Workflows{d}.ByIDs(ctx, ids)) },
		"tasks by id":     func(ctx context.Context, ids []model.ID) error { return only2(Tasks{d}.Referenced(ctx, ids)) },
		"agents by id":    func(ctx context.Context, ids []model.ID) error { return only2(Agents{d}.Referenced(ctx, ids)) },
		"task counts":     func(ctx context.Context, ids []model.ID) error { return only2(Workflows{d}.TaskCounts(ctx, ids)) },
		"dependencies":    func(ctx context.Context, ids []model.ID) error { return only2(Tasks{d}.Dependencies(ctx, ids)) },
		"dependents":      func(ctx context.Context, ids []model.ID) error { return only2(Tasks{d}.Dependents(ctx, ids)) },
		"attempts":        func(ctx context.Context, ids []model.ID) error { return only2(Tasks{d}.Attempts(ctx, ids)) },
		"current tasks":   func(ctx context.Context, ids []model.ID) error { return only2(Tasks{d}.CurrentOfAgents(ctx, ids)) },
		"recent tasks":    func(ctx context.Context, ids []model.ID) error { return only2(Tasks{d}.RecentOfAgents(ctx, ids, 10)) },
		"tasks + total": func(ctx context.Context, ids []model.ID) error {
			return counted(ctx)(Tasks{d}.OfWorkflows(ctx, ids, nil, nil, p))
		},
		"tasks of agents": func(ctx context.Context, ids []model.ID) error {
			return only2(Tasks{d}.OfAgents(ctx, ids, nil, nil, p))
		},
		"agents": func(ctx context.Context, ids []model.ID) error {
			return only2(Agents{d}.OfWorkflows(ctx, ids, nil, nil, p))
		},
		"suggestions": func(ctx context.Context, ids []model.ID) error {
			return only2(Suggestions{d}.OfTasks(ctx, ids, nil, nil, p))
		},
		"comments": func(ctx context.Context, ids []model.ID) error { return only2(Comments{d}.OfTasks(ctx, ids, p)) },
		"history": func(ctx context.Context, ids []model.ID) error {
			return only2(History{d}.OfWorkflows(ctx, ids, model.EntryFilter{}, log))
		},
		"users+agents+keys": func(ctx context.Context, ids []model.ID) error { return only2(d.Actors(ctx, everyKind(ids))) },
	}
}

func only2[T any](_ T, err error) error { return err }

// counted asks each connection for its total as well.
func counted(ctx context.Context) func([]*model.TaskConnection, error) error {
	return func(connections []*model.TaskConnection, err error) error {
		for _, c := range connections {
			if err == nil {
				_, err = c.Count(ctx)
			}
		}
		return err
	}
}

func everyKind(ids []model.ID) []model.ID {
	var all []model.ID
	for range ids {
		all = append(all, model.NewID(model.KindUser), model.NewID(model.KindAgent), model.NewID(model.KindAPIKey), model.SystemID)
	}
	return all
}
