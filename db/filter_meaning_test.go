package db_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"workflowfactory/db"
	"workflowfactory/model"
)

// TestFilterMeaning says what filters mean where it could be doubted. The tasks are a, b and c; b has no key, no labels
// to its name and no moments.
func TestFilterMeaning(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, 1)
	at := library0.Add(500*time.Millisecond + 7*time.Microsecond) // shown as …500Z
	shown := at.Truncate(time.Millisecond)
	l.exec("TRUNCATE tasks CASCADE")
	for _, task := range []*model.Task{
		{Name: "a 100%", Key: new("ka"), RequiredCapabilities: []string{"go", "GPU"}, Status: model.TaskStatusReady, ReadyAt: &at, DueAt: &at},
		{Name: "b_ÄPFEL", RequiredCapabilities: []string{}, Status: model.TaskStatusPending},
		{Name: `c\d`, Key: new("kc"), RequiredCapabilities: []string{"go"}, Status: model.TaskStatusCompleted, FinishedAt: &at, DueAt: &at},
	} {
		task.Noun = model.Noun{ID: model.NewID(model.KindTask), CreatedAt: at, UpdatedAt: at, Version: 1}
		task.WorkflowID, task.Priority, task.Route, task.MaxAttempts, task.RetryPolicy = l.workflows[0].ID, 1, 1, 3, model.RetryPolicy{Backoff: model.BackoffFixed}
		if _, err := l.db.Bun().NewInsert().Model(task).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	text := func(f model.StringFilter) *model.StringFilter { return &f }
	due := func(f model.DateTimeFilter) *model.TaskFilter { return &model.TaskFilter{DueAt: &f} }
	type filter = model.TaskFilter
	for want, filters := range map[string][]*filter{
		"abc": {
			nil, {}, {And: []*filter{}}, {And: []*filter{{}}}, {Or: []*filter{{}}}, {Name: text(model.StringFilter{Contains: new("")})},
			{Key: &model.StringFilter{}}, {ID: &model.IDFilter{}}, {Status: &model.TaskStatusFilter{Nin: []model.TaskStatus{}}},
		},
		"": {
			{Or: []*filter{}}, {Not: &filter{}}, {Name: text(model.StringFilter{In: []string{}})}, {ID: &model.IDFilter{In: []model.ID{}}},
			{ID: &model.IDFilter{Eq: &model.ID{}}}, {AgentID: &model.IDFilter{Eq: &model.ID{}}}, {WorkflowID: &model.IDFilter{Eq: &l.tasks[0].ID}},
			{Status: &model.TaskStatusFilter{In: []model.TaskStatus{}}}, {Name: text(model.StringFilter{Contains: new("a%100")})},
			{Capability: text(model.StringFilter{Eq: new("gpu")})}, {Capability: text(model.StringFilter{Eq: new("go"), StartsWith: new("G")})},
			{Not: &filter{Or: []*filter{{Key: text(model.StringFilter{Eq: new("ka")})}, {Key: text(model.StringFilter{Neq: new("ka")})}}}},
		},
		"a": {
			{Name: text(model.StringFilter{Contains: new("%")})}, {IsOverdue: new(true)}, {Capability: text(model.StringFilter{Contains: new("P")})},
			{Capability: text(model.StringFilter{ContainsIgnoreCase: new("gp"), StartsWith: new("G")})},
			{And: []*filter{{Status: &model.TaskStatusFilter{In: []model.TaskStatus{model.TaskStatusReady, model.TaskStatusPending}}}}, Key: text(model.StringFilter{StartsWith: new("k")})},
		},
		"b": {
			{Name: text(model.StringFilter{Contains: new("_")})}, {Name: text(model.StringFilter{ContainsIgnoreCase: new("äpf")})},
			{Not: due(model.DateTimeFilter{Gte: new(time.Time{}.AddDate(1, 0, 0))})}, {Not: &filter{Key: text(model.StringFilter{StartsWith: new("k")})}},
			{Capability: text(model.StringFilter{Neq: new("go")})}, {Not: &filter{Capability: text(model.StringFilter{StartsWith: new("g")})}},
		},
		"c":  {{Name: text(model.StringFilter{Contains: new(`\`)})}, {Name: text(model.StringFilter{StartsWith: new(`c\`)})}},
		"ab": {{Status: &model.TaskStatusFilter{Nin: []model.TaskStatus{model.TaskStatusCompleted}}}, {Key: text(model.StringFilter{Neq: new("kc")})}},
		"bc": {
			{Key: text(model.StringFilter{Neq: new("ka")})}, {IsOverdue: new(false)}, {Not: &filter{IsOverdue: new(true)}}, {Capability: text(model.StringFilter{Neq: new("GPU")})},
			{Or: []*filter{{Status: &model.TaskStatusFilter{Eq: new(model.TaskStatusPending)}}, {Key: text(model.StringFilter{Eq: new("kc")})}}},
		},
		"ac": { // A moment can be asked for as it is shown.
			due(model.DateTimeFilter{Eq: &shown}), due(model.DateTimeFilter{Lte: &shown}), due(model.DateTimeFilter{Gte: &shown}),
			due(model.DateTimeFilter{Gt: new(shown.Add(-time.Millisecond)), Lt: new(shown.Add(time.Millisecond))}),
			{Not: &filter{Not: due(model.DateTimeFilter{Eq: &shown})}}, {Capability: text(model.StringFilter{In: []string{"go"}})},
		},
	} {
		for _, f := range filters {
			page, err := db.Tasks{DB: l.db}.Page(t.Context(), f, nil, model.Page{})
			if err != nil {
				t.Fatalf("%s: %v", jsonOf(f), err)
			}
			got := each(len(page.Edges), func(i int) string { return page.Edges[i].Node.Name[:1] })
			slices.Sort(got)
			if strings.Join(got, "") != want {
				t.Errorf("%s: %v, want %q", jsonOf(f), got, want)
			}
		}
	}
	for _, f := range []*filter{due(model.DateTimeFilter{Gt: &shown}), due(model.DateTimeFilter{Lt: &shown}), due(model.DateTimeFilter{Eq: &at})} {
		if page, err := (db.Tasks{DB: l.db}).Page(t.Context(), f, nil, model.Page{}); err != nil || len(page.Edges) > 0 {
			t.Errorf("%s: %d tasks, %v", jsonOf(f), len(page.Edges), err)
		}
	}
}
