package db

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// TestBorrowedRows has readers beside each other borrow, keep what they read as text, and give back: none sees what
// another has read, and no column that was not asked for has the value of somebody else's.
func TestBorrowedRows(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), dbtest.URL(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	ctx := model.WithCaller(t.Context(), model.Caller{Role: model.RoleAdmin})
	const count = 3*blockRows + 5
	var ids []model.ID
	for i := range count {
		created, err := Workflows{d}.Create(ctx, model.CreateWorkflowInput{Name: fmt.Sprintf("w%d", i), Description: new("secret")})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, created.Workflow.ID)
	}
	names := Select(func(string) iter.Seq[string] { return slices.Values([]string{"id", "name"}) })
	var running sync.WaitGroup
	for reader := range 8 {
		running.Go(func() {
			for round := range 20 {
				within := Borrow(ctx)
				asked := context.Context(within)
				if reader%2 == 0 {
					asked = names(within)
				}
				from := (reader*7 + round) % 50
				rows, err := Workflows{d}.ByIDs(asked, ids[from:])
				if err != nil {
					t.Error(err)
					return
				}
				for i, w := range rows {
					if w.ID != ids[from+i] || w.Name != fmt.Sprintf("w%d", from+i) || (w.Description == nil) != (reader%2 == 0) {
						t.Errorf("reader %d sees %+v, want workflow %d", reader, w, from+i)
					}
				}
				within.End()
			}
		})
	}
	running.Wait()
}

// TestBorrowingEnds has who looks too long find nothing, and others find what they own.
func TestBorrowingEnds(t *testing.T) {
	t.Parallel()
	table := prepared(table[model.Task]{name: "tasks", key: "x.id"})
	within := Borrow(t.Context())
	for name, c := range map[string]struct {
		ctx      context.Context
		borrowed bool
	}{"borrowed": {within, true}, "owned": {t.Context(), false}} {
		var rows []*model.Task
		slab := table.slab(c.ctx)
		for range 3 * blockRows {
			task := slab.take()
			task.Name = "x"
			rows = append(rows, task)
		}
		within.End()
		if kept := rows[len(rows)-1].Name == "x"; kept == c.borrowed {
			t.Errorf("%s: kept is %v", name, kept)
		}
		if rows[0].Name != "x" {
			t.Errorf("%s: the first few rows are not its own", name)
		}
	}
}
