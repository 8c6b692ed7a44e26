package db_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"workflowfactory/model"
)

// listing is one list of the repositories, and what it should give.
type listing[T any] struct {
	rows    []*T
	id      func(*T) model.ID
	value   func(*T) func(field string) any // by the names of the filter's fields
	keys    map[string]func(*T) any         // by the names of the orders
	filter  reflect.Type                    // nil where there is none
	desc    bool                            // unless ordered otherwise
	seen    func(model.Caller) func(*T) bool
	parents []model.ID // none: the list of all
	belongs func(parent model.ID, row *T) bool
	ask     func(ctx context.Context, parents []model.ID, filter any, order *asked, p model.Page) ([]*shown, error)
}

// asked is an order by the names of its parts.
type asked struct {
	field     string
	direction model.OrderDirection
}

// shown is a page as a client sees it.
type shown struct {
	ids     []model.ID
	cursors []string
	info    model.PageInfo
	count   model.Count
}

func show[E ~struct{ model.Edge[T] }, T any](edges []*E, info *model.PageInfo, count model.Count, id func(*T) model.ID) *shown {
	s := &shown{info: *info, count: count}
	for _, e := range edges {
		edge := (struct{ model.Edge[T] })(*e).Edge
		s.ids = append(s.ids, id(edge.Node))
		s.cursors = append(s.cursors, edge.Cursor())
	}
	return s
}

// question is one random use of a listing.
type question[T any] struct {
	*listing[T]
	ctx    context.Context
	filter any
	order  *asked
}

func (q question[T]) String() string {
	return fmt.Sprintf("filter %s, order %+v", jsonOf(q.filter), q.order)
}

// want gives all that the list should have for a parent, in order.
func (q question[T]) want(parent model.ID) []*T {
	visible := q.seen(model.CallerFrom(q.ctx))
	var rows []*T
	for _, r := range q.rows {
		if visible(r) && (q.belongs == nil || q.belongs(parent, r)) && (q.filter == nil || matches(q.filter, q.value(r))) {
			rows = append(rows, r)
		}
	}
	if q.order == nil {
		return inOrder(rows, q.id, q.keys["CREATED_AT"], q.desc)
	}
	return inOrder(rows, q.id, q.keys[q.order.field], q.order.direction == model.OrderDirectionDesc)
}

// page asks for one page of one parent.
func (q question[T]) page(parent model.ID, p model.Page) (*shown, error) {
	var parents []model.ID
	if q.parents != nil {
		parents = []model.ID{parent}
	}
	pages, err := q.ask(q.ctx, parents, q.filter, q.order, p)
	if err != nil {
		return nil, err
	}
	return pages[0], nil
}

// pager is a list, read by pages.
type pager func(model.Page) (*shown, error)

// stretch is a part of a list as Relay defines it: what remains between two rows, and of that so many from one end.
type stretch struct {
	after, before *int // places of rows in the list
	size          int
	backward      bool
}

// of gives the rows of the stretch, and whether there are others before and after them.
func (s stretch) of(list []model.ID) (ids []model.ID, previous, next bool) {
	begin, end := 0, len(list)
	if s.after != nil {
		begin, previous = *s.after+1, true
	}
	if s.before != nil {
		end, next = *s.before, true
	}
	end = max(begin, end)
	switch cut := end - begin - s.size; {
	case cut <= 0:
	case s.backward:
		begin, previous = begin+cut, true
	default:
		end, next = end-cut, true
	}
	return list[begin:end], previous, next
}

func (s stretch) page(cursors []string) model.Page {
	p := model.Page{First: &s.size}
	if s.backward {
		p = model.Page{Last: &s.size}
	}
	if s.after != nil {
		p.After = &cursors[*s.after]
	}
	if s.before != nil {
		p.Before = &cursors[*s.before]
	}
	return p
}

// compare asks for a stretch of a list whose rows have these cursors, and says what is wrong with the answer.
func (s stretch) compare(page pager, list []model.ID, cursors []string) (*shown, error) {
	p, err := page(s.page(cursors))
	if err != nil {
		return nil, err
	}
	ids, previous, next := s.of(list)
	switch {
	case !slices.Equal(p.ids, ids):
		return nil, fmt.Errorf("rows %v, want %v", p.ids, ids)
	case p.info.HasPreviousPage != previous || p.info.HasNextPage != next:
		return nil, fmt.Errorf("previous %v and next %v, want %v and %v", p.info.HasPreviousPage, p.info.HasNextPage, previous, next)
	case len(ids) == 0 && (p.info.StartCursor() != nil || p.info.EndCursor() != nil):
		return nil, errors.New("an empty page has cursors")
	case len(ids) > 0 && (*p.info.StartCursor() != p.cursors[0] || *p.info.EndCursor() != p.cursors[len(ids)-1]):
		return nil, errors.New("startCursor and endCursor are not those of the edges")
	}
	return p, nil
}

// check reads a list by pages of that size from its front and from its back, and then in any other way, and says what
// is wrong with it.
func check(page pager, list []model.ID, size int, random *rand.Rand) error {
	var cursors []string
	for s := (stretch{size: size}); ; s.after = new(len(cursors) - 1) {
		p, err := s.compare(page, list, cursors)
		if err != nil {
			return fmt.Errorf("forwards after %d by %d: %w", len(cursors), size, err)
		}
		if cursors = append(cursors, p.cursors...); !p.info.HasNextPage {
			break
		}
	}
	for s := (stretch{size: size, backward: true}); ; {
		p, err := s.compare(page, list, cursors)
		if err != nil {
			return fmt.Errorf("backwards by %d: %w", size, err)
		}
		if !p.info.HasPreviousPage {
			break
		}
		s.before = new(slices.Index(list, p.ids[0]))
	}
	for range 3 {
		s := stretch{size: 1 + random.IntN(5), backward: random.IntN(2) == 0, after: place(random, cursors), before: place(random, cursors)}
		if _, err := s.compare(page, list, cursors); err != nil {
			return fmt.Errorf("%d after %s before %s, backwards %v: %w", s.size, jsonOf(s.after), jsonOf(s.before), s.backward, err)
		}
	}
	return nil
}

// place is that of some row, or nil.
func place(random *rand.Rand, cursors []string) *int {
	if len(cursors) == 0 || random.IntN(3) == 0 {
		return nil
	}
	return new(random.IntN(len(cursors)))
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestPages asks random questions of every list, as callers of every kind.
func TestPages(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, rand.Uint64())
	t.Run("workflows", func(t *testing.T) { askAround(t, l, l.allWorkflows()) })
	t.Run("tasks", func(t *testing.T) { askAround(t, l, l.allTasks()) })
	t.Run("tasks of workflows", func(t *testing.T) { askAround(t, l, l.tasksOfWorkflows()) })
	t.Run("tasks of agents", func(t *testing.T) { askAround(t, l, l.tasksOfAgents()) })
	t.Run("agents", func(t *testing.T) { askAround(t, l, l.allAgents()) })
	t.Run("agents of workflows", func(t *testing.T) { askAround(t, l, l.agentsOfWorkflows()) })
	t.Run("suggestions", func(t *testing.T) { askAround(t, l, l.allSuggestions()) })
	t.Run("suggestions of workflows", func(t *testing.T) { askAround(t, l, l.suggestionsOfWorkflows()) })
	t.Run("suggestions of tasks", func(t *testing.T) { askAround(t, l, l.suggestionsOfTasks()) })
	t.Run("suggestions of agents", func(t *testing.T) { askAround(t, l, l.suggestionsOfAgents()) })
	t.Run("comments of tasks", func(t *testing.T) { askAround(t, l, l.commentsOfTasks()) })
	t.Run("comments of suggestions", func(t *testing.T) { askAround(t, l, l.commentsOfSuggestions()) })
}

func askAround[T any](t *testing.T, l *library, of *listing[T]) {
	var rows int
	for i := range 15 {
		q := question[T]{listing: of, ctx: l.someone(t.Context()), filter: l.someFilter(of.filter), order: someOrder(l, of)}
		parents := l.someOf(of.parents)
		if i == 0 { // this one has an answer
			q.ctx, q.filter = l.administrator(t.Context()), nil
			parents = append(parents, of.parents[:min(20, len(of.parents))]...)
		}
		for _, parent := range parents {
			list := idsOf(q.want(parent), of.id)
			rows += len(list)
			size := pick(l, 7, 100, min(100, len(list)/3+1))
			page := func(p model.Page) (*shown, error) { return q.page(parent, p) }
			if err := check(page, list, size, l.Rand); err != nil {
				t.Fatalf("%v: %v", q, err)
			}
		}
		if err := q.checkBatch(parents); err != nil {
			t.Fatalf("%v: %v", q, err)
		}
	}
	if rows == 0 {
		t.Error("the questions were of no use: no list had rows")
	}
}

// checkBatch asks for the first page of all parents at once, and for how much each has.
func (q question[T]) checkBatch(parents []model.ID) error {
	if q.parents == nil {
		parents = nil
	}
	pages, err := q.ask(q.ctx, parents, q.filter, q.order, model.Page{First: new(3)})
	if err != nil {
		return err
	}
	for i, p := range pages {
		var parent model.ID
		if q.parents != nil {
			parent = parents[i]
		}
		want := idsOf(q.want(parent), q.id)
		if first := want[:min(3, len(want))]; !slices.Equal(p.ids, first) {
			return fmt.Errorf("in a batch of %d, number %d has %v, want %v", len(pages), i, p.ids, first)
		}
		if n, err := p.count(q.ctx); err != nil || n != len(want) {
			return fmt.Errorf("total %d (%w), want %d", n, err, len(want))
		}
	}
	return nil
}

func idsOf[T any](rows []*T, id func(*T) model.ID) []model.ID {
	return each(len(rows), func(i int) model.ID { return id(rows[i]) })
}

// TestCheckFindsWrongPages is the control: lists that go wrong in each way that keyset paging can are found out.
func TestCheckFindsWrongPages(t *testing.T) {
	t.Parallel()
	list := each(20, func(int) model.ID { return model.NewID(model.KindTask) })
	cursors := each(20, func(i int) string { return fmt.Sprint(i) })
	right := func(p model.Page) *shown {
		s := stretch{backward: p.Last != nil, after: indexOf(p.After), before: indexOf(p.Before)}
		s.size = *cmp.Or(p.First, p.Last)
		ids, previous, next := s.of(list)
		shown := &shown{ids: slices.Clone(ids), info: model.PageInfo{HasPreviousPage: previous, HasNextPage: next}}
		if len(ids) > 0 {
			at := slices.Index(list, ids[0])
			shown.cursors = cursors[at : at+len(ids)]
			shown.info.Start, shown.info.End = text(shown.cursors[0]), text(shown.cursors[len(ids)-1])
		}
		return shown
	}
	random := rand.New(rand.NewPCG(1, 1))
	if err := check(func(p model.Page) (*shown, error) { return right(p), nil }, list, 7, random); err != nil {
		t.Fatalf("a list without fault: %v", err)
	}
	for fault, spoil := range map[string]func(model.Page, *shown){
		"a row is skipped after a cursor":  func(p model.Page, s *shown) { s.drop(p.After != nil) },
		"a row is skipped before a cursor": func(p model.Page, s *shown) { s.drop(p.Before != nil) },
		"a row is repeated": func(p model.Page, s *shown) {
			if p.After != nil && len(s.ids) > 0 {
				s.ids[0] = list[0]
			}
		},
		"ties change places":                    func(_ model.Page, s *shown) { slices.Reverse(s.ids) },
		"next forgets what is behind before":    func(p model.Page, s *shown) { s.info.HasNextPage = s.info.HasNextPage && p.Before == nil },
		"previous forgets what is before after": func(p model.Page, s *shown) { s.info.HasPreviousPage = s.info.HasPreviousPage && p.After == nil },
		"the last page promises another":        func(_ model.Page, s *shown) { s.info.HasNextPage = true },
		"a page from the back starts at the front": func(p model.Page, s *shown) {
			if p.Last != nil && len(s.ids) > 0 {
				copy(s.ids, list)
			}
		},
	} {
		page := func(p model.Page) (*shown, error) {
			s := right(p)
			spoil(p, s)
			return s, nil
		}
		if check(page, list, 7, random) == nil {
			t.Errorf("not found out: %s", fault)
		}
	}
}

func (s *shown) drop(really bool) {
	if really && len(s.ids) > 1 {
		s.ids, s.cursors = s.ids[1:], s.cursors[1:]
	}
}

type text string

func (t text) String() string { return string(t) }

func indexOf(cursor *string) *int {
	if cursor == nil {
		return nil
	}
	n, err := strconv.Atoi(*cursor)
	if err != nil {
		panic(err)
	}
	return &n
}
