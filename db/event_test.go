package db

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

func openTest(t *testing.T) *DB {
	t.Helper()
	d, err := Open(t.Context(), dbtest.URL(t), Options{PoolSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// commitEvents writes the entries in one transaction.
func commitEvents(t *testing.T, d *DB, entries ...*model.Entry) (seq int64) {
	t.Helper()
	_, err := d.transact(t.Context(), func(_ context.Context, c *change) error {
		c.entries = entries
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries[len(entries)-1].Seq
}

func sequenceEvents(t *testing.T, d *DB) (head int64) {
	t.Helper()
	head, err := d.Events().Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func TestInsertEventsKeepsEveryFieldAndTheOrder(t *testing.T) {
	t.Parallel()
	d := openTest(t)
	full := &model.Entry{
		ID: model.NewID(model.KindEvent), Type: model.EventTypeTaskCompleted, Kind: model.KindTask, EntityID: model.NewID(model.KindTask), Version: 7,
		WorkflowID: model.NewID(model.KindWorkflow), TaskID: model.NewID(model.KindTask), AgentID: model.NewID(model.KindAgent),
		SuggestionID: model.NewID(model.KindSuggestion), ActorID: model.SystemID, RequestID: "req-1", Address: "192.0.2.1",
		Changes: json.RawMessage(`[{"after": "COMPLETED", "field": "status", "before": null}]`), Snapshot: json.RawMessage(`{"name": "naïve \"quotes\" {,}"}`),
	}
	bare := &model.Entry{
		ID: model.NewID(model.KindEvent), Type: model.EventTypeAgentRemoved, Kind: model.KindAgent,
		EntityID: model.NewID(model.KindAgent), Version: 1, ActorID: model.SystemID,
	}
	last := commitEvents(t, d, full, bare)
	if full.Seq >= bare.Seq || last != bare.Seq || full.At.IsZero() {
		t.Fatalf("seqs %d, %d, last %d, at %v", full.Seq, bare.Seq, last, full.At)
	}
	if got, _, err := d.Events().Read(t.Context(), model.LogRange{Limit: 10}, model.EntryFilter{}); err != nil || len(got) != 0 {
		t.Fatalf("before sequencing there are %d entries, %v", len(got), err)
	}
	sequenceEvents(t, d)
	got, state, err := d.Events().Read(t.Context(), model.LogRange{Limit: 10}, model.EntryFilter{})
	if err != nil {
		t.Fatal(err)
	}
	full.Position, bare.Position, full.Epoch, bare.Epoch = 1, 2, 1, 1
	same := cmp.Options{cmpopts.IgnoreUnexported(model.Entry{}), cmpopts.EquateApproxTime(0)}
	if diff := cmp.Diff([]*model.Entry{full, bare}, got, same); diff != "" {
		t.Error(diff)
	}
	if state.Head != 2 || state.Floor != 0 || state.Epoch() != 1 {
		t.Errorf("state %+v", state)
	}
	if p, err := d.Events().Find(t.Context(), bare.Seq); p != 2 || err != nil {
		t.Errorf("found at %d, %v", p, err)
	}
	if p, err := d.Events().Find(t.Context(), bare.Seq+1); p != 0 || err != nil {
		t.Errorf("found at %d, %v", p, err)
	}
}

// crowd makes events of a few nouns, so that filters take some and leave some.
type crowd struct {
	workflows, tasks, agents, suggestions, actors []model.ID
	entries                                       []*model.Entry
}

func newCrowd(n int) *crowd {
	ids := func(k model.Kind, n int) (ids []model.ID) {
		for range n {
			ids = append(ids, model.NewID(k))
		}
		return ids
	}
	c := &crowd{workflows: ids(model.KindWorkflow, 3), tasks: ids(model.KindTask, 6), agents: ids(model.KindAgent, 3),
		suggestions: ids(model.KindSuggestion, 3), actors: append(ids(model.KindUser, 3), model.SystemID)}
	for i := range n {
		c.entries = append(c.entries, c.entry(int64(i+1)))
	}
	return c
}

func pick[V any](values []V) V { return values[rand.IntN(len(values))] }

func maybe(id model.ID) model.ID {
	if rand.IntN(3) == 0 {
		return model.ID{}
	}
	return id
}

func (c *crowd) entry(version int64) *model.Entry {
	e := &model.Entry{ID: model.NewID(model.KindEvent), Type: pick(model.AllEventType), Version: version, ActorID: pick(c.actors),
		WorkflowID: maybe(pick(c.workflows)), TaskID: maybe(pick(c.tasks)), AgentID: maybe(pick(c.agents)), SuggestionID: maybe(pick(c.suggestions))}
	e.Kind = e.Type.Kind()
	e.EntityID = pick(slices.Concat(c.workflows, c.tasks, c.agents))
	return e
}

// filters lists filters of every shape over the crowd.
func (c *crowd) filters(at func(share float64) time.Time) map[string]model.EntryFilter {
	some := func(ids ...model.ID) model.Among[model.ID] { return model.Among[model.ID]{}.And(ids...) }
	stranger := model.NewID(model.KindTask)
	return map[string]model.EntryFilter{
		"none":                     {},
		"one workflow":             {WorkflowID: some(c.workflows[0])},
		"two workflows":            {WorkflowID: some(c.workflows[0], c.workflows[2])},
		"a task":                   {TaskID: some(c.tasks[1])},
		"many tasks":               {TaskID: some(c.tasks...)},
		"an agent":                 {AgentID: some(c.agents[1])},
		"a suggestion":             {SuggestionID: some(c.suggestions[1])},
		"an entity":                {EntityID: some(c.tasks[0])},
		"an actor":                 {ActorID: some(model.SystemID)},
		"nobody":                   {TaskID: some(stranger)},
		"no task at all":           {TaskID: some()},
		"the id of nothing":        {TaskID: some(model.ID{})},
		"nothing or a task":        {TaskID: some(model.ID{}, c.tasks[0])},
		"not some actors":          {ActorID: model.Among[model.ID]{Not: c.actors[:2]}},
		"not a task":               {TaskID: model.Among[model.ID]{Not: c.tasks[:1]}},
		"one type":                 {Type: model.Among[model.EventType]{}.And(model.EventTypeTaskCompleted)},
		"some types":               {Type: model.Among[model.EventType]{In: model.AllEventType[:20]}},
		"not some types":           {Type: model.Among[model.EventType]{Not: model.AllEventType[:20]}},
		"a kind":                   {Kind: model.Among[model.Kind]{}.And(model.KindTask)},
		"not a kind":               {Kind: model.Among[model.Kind]{Not: []model.Kind{model.KindTask}}},
		"a kind and types":         {Kind: model.Among[model.Kind]{}.And(model.KindTask, model.KindAgent), Type: model.Among[model.EventType]{Not: model.AllEventType[10:20]}},
		"a kind that types forbid": {Kind: model.Among[model.Kind]{}.And(model.KindAgent), Type: model.Among[model.EventType]{}.And(model.EventTypeTaskCompleted)},
		"a task by an actor":       {TaskID: some(c.tasks[0], c.tasks[1], c.tasks[2]), ActorID: some(c.actors[0], c.actors[3])},
		"all at once": {WorkflowID: some(c.workflows...), TaskID: some(c.tasks...), ActorID: some(c.actors...),
			Kind: model.Among[model.Kind]{Not: []model.Kind{model.KindUser}}, At: model.TimeSpan{}.From(at(0.1))},
		"from a time":      {At: model.TimeSpan{}.From(at(0.3))},
		"before a time":    {At: model.TimeSpan{}.Before(at(0.6))},
		"between times":    {At: model.TimeSpan{}.After(at(0.2)).To(at(0.7))},
		"at one moment":    {At: model.TimeSpan{}.From(at(0.5)).To(at(0.5))},
		"before all":       {At: model.TimeSpan{}.Before(at(0).Add(-time.Hour))},
		"after all":        {At: model.TimeSpan{}.After(at(1).Add(time.Hour))},
		"finer than kept":  {At: model.TimeSpan{}.From(at(0.3).Add(500 * time.Nanosecond)).Before(at(0.8).Add(500 * time.Nanosecond))},
		"a task in a time": {TaskID: some(c.tasks[2]), At: model.TimeSpan{}.From(at(0.2)).Before(at(0.9))},
	}
}

// A filter means the same in SQL as in memory, whatever the page: read in pages in either direction, it gives just what
// filtering everything would.
func TestFilteredIsUnfilteredThenFiltered(t *testing.T) {
	t.Parallel()
	d := openTest(t)
	c := newCrowd(400)
	for batch := range slices.Chunk(c.entries, 7) {
		commitEvents(t, d, batch...)
	}
	sequenceEvents(t, d)
	all, _, err := d.Events().Read(t.Context(), model.LogRange{}, model.EntryFilter{})
	if err != nil || len(all) != 400 {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	at := func(share float64) time.Time { return all[int(share*399)].At }
	for name, f := range c.filters(at) {
		var want []int64
		for _, e := range all {
			if f.Match(e) {
				want = append(want, e.Position)
			}
		}
		for _, r := range []model.LogRange{{Limit: 7}, {Limit: 7, Newest: true}, {Limit: 50, After: 33, UpTo: 351}, {Limit: 50, After: 33, UpTo: 351, Newest: true}, {Limit: 1000}} {
			within := slices.Clone(want)
			within = slices.DeleteFunc(within, func(p int64) bool { return p <= r.After || r.UpTo > 0 && p > r.UpTo })
			if r.Newest {
				slices.Reverse(within)
			}
			got, err := readPages(t.Context(), d.Events(), r, f)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !slices.Equal(got, within) {
				t.Errorf("%s, %+v:\n got %v\nwant %v", name, r, got, within)
			}
		}
	}
}

// readPages reads the range page after page.
func readPages(ctx context.Context, events *Events, r model.LogRange, f model.EntryFilter) (positions []int64, err error) {
	for {
		page, _, err := events.Read(ctx, r, f)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			positions = append(positions, e.Position)
		}
		switch {
		case len(page) < r.Limit:
			return positions, nil
		case !r.Newest:
			r.After = positions[len(positions)-1]
		case positions[len(positions)-1] == 1:
			return positions, nil
		default:
			r.UpTo = positions[len(positions)-1] - 1
		}
		if len(positions) > 10_000 {
			return nil, fmt.Errorf("the pages do not end")
		}
	}
}
