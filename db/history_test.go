package db_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"workflowfactory/db"
	"workflowfactory/model"
)

// logged fills the log with random entries, and gives them in its order.
func (l *library) logged(n int) []*model.Entry {
	l.Helper()
	entries := several(n, l.entry)
	l.exec("INSERT INTO events (id, at, type, kind, entity_id, version, workflow_id, task_id, agent_id, suggestion_id, actor_id, request_id, changes, snapshot) VALUES ?",
		rowsOf(entries, func(e *model.Entry) []any {
			return []any{e.ID, e.At, e.Type, int(e.Kind), e.EntityID, e.Version, e.WorkflowID, e.TaskID, e.AgentID, e.SuggestionID, e.ActorID, e.RequestID,
				string(e.Changes), string(e.Snapshot)}
		}))
	l.exec("SELECT event_sequence()")
	l.exec("ANALYZE")
	for i, e := range entries {
		e.Position, e.Epoch = int64(i+1), 1
	}
	return entries
}

func (l *library) entry(i int) *model.Entry {
	var noun model.Recorded
	switch l.IntN(8) {
	case 0, 1:
		noun = pick(l, l.workflows...)
	case 2, 3:
		noun = pick(l, l.tasks...)
	case 4:
		noun = pick(l, l.agents...)
	case 5:
		noun = pick(l, l.suggestions...)
	case 6:
		noun = pick(l, l.comments...)
	default:
		noun = pick[model.Recorded](l, l.users[0], l.keys[0])
	}
	e := noun.Concerns()
	e.ID, e.ActorID, e.RequestID = model.NewID(model.KindEvent), l.actor(), l.word()
	e.At = library0.Add(time.Duration(i/4) * time.Second) // never falls
	e.Type = typeOf(l, e.Kind)
	e.Changes = json.RawMessage(`[{"field": "name", "before": null, "after": "x"}]`)
	snapshot, err := json.Marshal(noun)
	if err != nil {
		l.Fatal(err)
	}
	e.Snapshot = snapshot
	return &e
}

func typeOf(l *library, k model.Kind) model.EventType {
	for {
		if t := pick(l, model.AllEventType...); t.Kind() == k {
			return t
		}
	}
}

type historyPages func(ctx context.Context, ids []model.ID, f model.EntryFilter, p db.LogPage) ([]*model.EventConnection, error)

func (l *library) historyListing(entries []*model.Entry, pages historyPages) *listing[model.Entry] {
	return &listing[model.Entry]{
		rows: entries, id: (*model.Entry).GetID, value: entryValue, filter: reflect.TypeFor[model.EventFilter](),
		keys: map[string]func(*model.Entry) any{"CREATED_AT": func(e *model.Entry) any { return int(e.Position) }},
		seen: l.maySee,
		ask: func(ctx context.Context, ids []model.ID, f any, o *asked, p model.Page) ([]*shown, error) {
			page := db.LogPage{First: p.First, Last: p.Last, After: cursorOf(p.After), Before: cursorOf(p.Before), Direction: model.OrderDirectionAsc}
			if o != nil {
				page.Direction = o.direction
			}
			connections, err := pages(ctx, ids, filterOf[model.EventFilter](f).Entries(), page)
			return each(len(connections), func(i int) *shown { return showEvents(connections[i]) }), err
		},
	}
}

func cursorOf(text *string) *model.Cursor {
	if text == nil {
		return nil
	}
	c, err := model.ParseCursor(*text)
	if err != nil {
		panic(err)
	}
	return &c
}

func showEvents(c *model.EventConnection) *shown {
	s := &shown{info: *c.PageInfo, count: c.Count}
	for _, e := range c.Edges {
		s.ids = append(s.ids, e.Node.GetID())
		s.cursors = append(s.cursors, e.Cursor.String())
	}
	return s
}

func (l *library) maySee(c model.Caller) func(*model.Entry) bool {
	in := l.inWorkflow(c)
	return func(e *model.Entry) bool {
		switch {
		case c.Role == model.RoleAdmin:
			return true
		case e.Kind == model.KindUser || e.Kind == model.KindAPIKey || c.AgentID.IsZero():
			return false
		}
		return in(e.WorkflowID) || e.AgentID == c.AgentID || e.ActorID == c.AgentID
	}
}

func entryValue(e *model.Entry) func(string) any {
	return func(field string) any {
		switch field {
		case "EntityType":
			for _, t := range model.AllEntityType {
				if t.Kind() == e.Kind {
					return t
				}
			}
		case "EntityID":
			return []model.ID{e.EntityID}
		case "WorkflowID":
			return []model.ID{e.WorkflowID}
		case "TaskID":
			return []model.ID{e.TaskID}
		case "AgentID":
			return []model.ID{e.AgentID}
		case "SuggestionID":
			return []model.ID{e.SuggestionID}
		case "ActorID":
			return []model.ID{e.ActorID}
		}
		return fieldOf(e, field)
	}
}

// TestHistoryPages asks random questions of the log.
func TestHistoryPages(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, rand.Uint64())
	entries := l.logged(400)
	h := db.History{DB: l.db}
	all := l.historyListing(entries, func(ctx context.Context, _ []model.ID, f model.EntryFilter, p db.LogPage) ([]*model.EventConnection, error) {
		return alone(h.Page(ctx, f, p))
	})
	of := func(pages historyPages, parents []model.ID, of func(*model.Entry) model.ID) *listing[model.Entry] {
		some := l.historyListing(entries, pages)
		some.parents, some.belongs = parents, func(parent model.ID, e *model.Entry) bool { return of(e) == parent }
		return some
	}
	t.Run("all", func(t *testing.T) { askAround(t, l, all) })
	t.Run("of workflows", func(t *testing.T) {
		askAround(t, l, of(h.OfWorkflows, idsOf(l.workflows, (*model.Workflow).GetID), func(e *model.Entry) model.ID { return e.WorkflowID }))
	})
	t.Run("of tasks", func(t *testing.T) {
		askAround(t, l, of(h.OfTasks, idsOf(l.tasks, (*model.Task).GetID), func(e *model.Entry) model.ID { return e.TaskID }))
	})
	t.Run("of agents", func(t *testing.T) {
		askAround(t, l, of(h.OfAgents, idsOf(l.agents, (*model.Agent).GetID), func(e *model.Entry) model.ID { return e.AgentID }))
	})
}

// TestHistoryGivesTheEventItself compares what is read with what was written, and finds nothing that may not be seen.
func TestHistoryGivesTheEventItself(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, 1)
	entries := l.logged(100)
	h := db.History{DB: l.db}
	ids := append(idsOf(entries, (*model.Entry).GetID), model.NewID(model.KindEvent), l.tasks[0].ID, model.ID{})
	for range 5 {
		ctx := l.someone(t.Context())
		visible := l.maySee(model.CallerFrom(ctx))
		events, err := h.ByIDs(ctx, ids)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range events {
			if i >= len(entries) || !visible(entries[i]) {
				if e != nil {
					t.Errorf("%v may not be seen or is not there", ids[i])
				}
				continue
			}
			got := *e.LogEntry()
			want := *entries[i]
			got.Seq, got.Changes, got.Snapshot, want.Changes, want.Snapshot = 0, nil, nil, nil, nil
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if !sameJSON(t, e.LogEntry().Snapshot, entries[i].Snapshot) || !sameJSON(t, e.LogEntry().Changes, entries[i].Changes) {
				t.Errorf("%s: snapshot or changes differ", e.GetID())
			}
		}
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}
