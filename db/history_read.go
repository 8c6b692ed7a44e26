package db

import (
	"context"
	"fmt"

	"workflowfactory/model"
)

// History is the log as people look into it: page by page, what they may see.
type History struct{ *DB }

// entryTable reads the log with what it says of each event. The LIMIT keeps the plan to one lookup by primary key per
// entry.
var entryTable = table[model.Entry]{
	name: "event_log",
	join: " CROSS JOIN LATERAL (SELECT * FROM events AS e WHERE e.seq = x.seq LIMIT 1) AS e",
	columns: whole("x.position, x.seq, x.at, x.type, x.kind, x.entity_id, x.workflow_id, x.task_id, x.agent_id, x.suggestion_id, "+
		"x.actor_id, e.id, e.version, e.request_id, host(e.address), e.changes, e.snapshot, (SELECT max(epoch) FROM event_epoch) AS epoch", func(r *row, e *model.Entry) {
		e.Position, e.Seq, e.At = int64(r.int()), int64(r.int()), r.time()
		e.Type, e.Kind, e.EntityID = word[model.EventType](r), model.Kind(r.int()), r.id()
		e.WorkflowID, e.TaskID, e.AgentID, e.SuggestionID = r.id(), r.id(), r.id(), r.id()
		e.ActorID, e.ID, e.Version, e.RequestID, e.Address = r.id(), r.id(), int64(r.int()), r.text(), r.text()
		e.Changes, e.Snapshot, e.Epoch = []byte(r.json()), []byte(r.json()), int32(r.int())
	}),
}

// entryByID reads entries by what names them. Indexes: events (id), event_log (seq).
var entryByID = table[model.Entry]{
	name:    entryTable.name,
	join:    " JOIN events AS e ON e.seq = x.seq",
	columns: entryTable.columns,
	key:     "e.id",
	id:      (*model.Entry).GetID,
}

// inLog sorts entries as the log does.
func inLog(direction model.OrderDirection) sorting[model.Entry] {
	return sorting[model.Entry]{
		order: order[model.Entry]{sql: "x.position", unique: true},
		desc:  direction == model.OrderDirectionDesc,
	}
}

// LogPage is what is asked for of the log: so many from the front or the back, after or before places in it.
type LogPage struct {
	First, Last   *int
	After, Before *model.Cursor
	Direction     model.OrderDirection // ASC: the oldest first
}

func (p LogPage) span() (span, error) {
	limit, err := pageSize(model.Page{First: p.First, Last: p.Last})
	return span{limit: limit, backward: p.Last != nil, after: positionOf(p.After), before: positionOf(p.Before)}, err
}

func positionOf(c *model.Cursor) *place {
	if c == nil {
		return nil
	}
	return &place{value: c.Position}
}

// ByIDs gives the events with these ids that the caller may see, each at the place of its id; nil for the others,
// and for those that have no position yet.
func (r History) ByIDs(ctx context.Context, ids []model.ID) ([]model.Event, error) {
	entries, err := byIDs(ctx, r.DB, &entryByID, inLogOf(ctx, lookedUp), only(model.KindEvent, ids))
	if err != nil {
		return nil, err
	}
	events := make([]model.Event, len(ids))
	for i, e := range entries {
		if e != nil {
			events[i] = e.Event()
		}
	}
	return events, nil
}

// Page lists the entries that the filter takes and the caller may see.
func (r History) Page(ctx context.Context, f model.EntryFilter, p LogPage) (*model.EventConnection, error) {
	connections, err := r.connect(ctx, inLogOf(ctx, listed), nil, nil, f, p)
	if err != nil {
		return nil, err
	}
	return connections[0], nil
}

// OfWorkflows lists the entries about each workflow and what is in it, as Page does.
func (r History) OfWorkflows(ctx context.Context, ids []model.ID, f model.EntryFilter, p LogPage) ([]*model.EventConnection, error) {
	return r.connect(ctx, inLogOf(ctx, lookedUp), []string{"x.workflow_id = p.id"}, ids, f, p)
}

// OfTasks lists the entries about each task, its suggestions and its comments, as Page does.
func (r History) OfTasks(ctx context.Context, ids []model.ID, f model.EntryFilter, p LogPage) ([]*model.EventConnection, error) {
	return r.connect(ctx, inLogOf(ctx, lookedUp), []string{"x.task_id = p.id"}, ids, f, p)
}

// OfAgents lists the entries about each agent and what it had in its hands, as Page does.
func (r History) OfAgents(ctx context.Context, ids []model.ID, f model.EntryFilter, p LogPage) ([]*model.EventConnection, error) {
	return r.connect(ctx, inLogOf(ctx, lookedUp), []string{"x.agent_id = p.id"}, ids, f, p)
}

func (r History) connect(ctx context.Context, w *where, via []string, ids []model.ID, f model.EntryFilter, p LogPage) ([]*model.EventConnection, error) {
	s, err := p.span()
	if err != nil {
		return nil, err
	}
	w.entry(f)
	l := &list[model.Entry]{DB: r.DB, table: &entryTable, where: w, sort: inLog(p.Direction), via: via, parents: distinct(ids)}
	counts := l.counts()
	pages, err := l.pages(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	connections := make([]*model.EventConnection, len(pages))
	for i := range pages {
		connections[i] = eventConnection(&pages[i], s, counts(i))
	}
	return spread(ids, l.parents, connections), nil
}

func eventConnection(p *page[model.Entry], s span, count model.Count) *model.EventConnection {
	info := p.info(s)
	edges := make([]*model.EventEdge, len(p.rows))
	for i, e := range p.rows {
		edges[i] = &model.EventEdge{Cursor: e.Cursor(), Node: e.Event()}
	}
	if len(edges) > 0 {
		info.Start, info.End = edges[0].Cursor, edges[len(edges)-1].Cursor
	}
	return &model.EventConnection{Edges: edges, PageInfo: &info, Count: count}
}

// inLogOf starts the conditions of what the caller may see of the log: accounts and keys are for administrators; an
// agent sees what happens in the workflows in which it takes part, as in says, what concerns it and what it did.
func inLogOf(ctx context.Context, in func(agent string) string) *where {
	w := inScope(ctx, func(agent string) string { return either(in(agent), "x.agent_id = "+agent, "x.actor_id = "+agent) })
	if model.CallerFrom(ctx).Role != model.RoleAdmin {
		w.must("x.kind <> ALL (" + w.arg(column(model.AccessKinds, func(k model.Kind) int16 { return int16(k) })) + ")")
	}
	return w
}

// lookedUp and listed are the two ways in which read_scope.go writes the rule.
func lookedUp(agent string) string { return takesPart(agent, "x.workflow_id") }
func listed(agent string) string   { return "x.workflow_id = ANY(" + workflowsOf(" = "+agent) + ")" }

// entry adds the conditions of a filter of the log.
func (w *where) entry(f model.EntryFilter) {
	text := func(t model.EventType) string { return string(t) }
	number := func(k model.Kind) int16 { return int16(k) }
	amongValues(w, "x.type", f.Type, text)
	amongValues(w, "x.kind", f.Kind, number)
	w.mustBe("x.entity_id", f.EntityID)
	w.mustBe("x.workflow_id", f.WorkflowID)
	w.mustBe("x.task_id", f.TaskID)
	w.mustBe("x.agent_id", f.AgentID)
	w.mustBe("x.suggestion_id", f.SuggestionID)
	w.mustBe("x.actor_id", f.ActorID)
	if !f.At.Start.IsZero() {
		w.must(w.condition("x.at >= ?", f.At.Start))
	}
	if !f.At.End.IsZero() {
		w.must(w.condition("x.at < ?", f.At.End))
	}
}

func amongValues[E comparable, V any](w *where, column string, a model.Among[E], as func(E) V) {
	w.must(choice(w, column, nil, nil, a.In, a.Not, as))
}

func (w *where) mustBe(column string, ids model.Among[model.ID]) {
	if ids.In != nil {
		w.must(column + w.amongIDs(ids.In))
	}
}
