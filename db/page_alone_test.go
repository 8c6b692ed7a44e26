package db

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// TestPagesAlone are read without a look at what stands around them, where nobody asks for that, and are the same pages.
func TestPagesAlone(t *testing.T) {
	t.Parallel()
	var c statement
	d, err := Open(t.Context(), dbtest.URL(t), Options{Tracer: &c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	ctx := model.WithCaller(t.Context(), model.Caller{Role: model.RoleAdmin})
	for i := range 7 {
		if _, err := (Workflows{d}).Create(ctx, model.CreateWorkflowInput{Name: fmt.Sprintf("w%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	alone := Select(func(object string) iter.Seq[string] {
		return slices.Values(map[string][]string{"Workflow": {"id", "name"}}[object])
	})(ctx)
	names := func(ctx context.Context, p model.Page) (names []string, last string, info model.PageInfo) {
		page, err := Workflows{d}.Page(ctx, nil, &model.WorkflowOrder{Field: "NAME", Direction: model.OrderDirectionAsc}, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Edges {
			names, last = append(names, e.Node.Name), e.String()
		}
		return names, last, *page.PageInfo
	}
	_, second, _ := names(ctx, model.Page{First: new(2)})
	for story, p := range map[string]model.Page{
		"first": {First: new(3)}, "after": {First: new(3), After: &second}, "last": {Last: new(3)}, "before": {Last: new(3), Before: &second}, "rest": {First: new(100), After: &second},
	} {
		want, _, around := names(ctx, p)
		whole := c.sql
		got, _, _ := names(alone, p)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", story, got, want)
		}
		if strings.Contains(c.sql, "UNION") || strings.Contains(c.sql, "r.side") || len(c.sql) >= len(whole) {
			t.Errorf("%s: more than that is read by %s", story, c.sql)
		}
		if story == "after" && (!around.HasPreviousPage || !around.HasNextPage) {
			t.Errorf("%s: around it is %+v", story, around)
		}
	}
}

// statement is the last one that was asked.
type statement struct{ sql string }

func (s *statement) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.sql = data.SQL
	return ctx
}

func (s *statement) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
