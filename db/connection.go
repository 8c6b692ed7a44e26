package db

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"workflowfactory/model"
)

// connect reads a connection for each parent of a list, or the one of a list without parents, with one statement.
func connect[C ~struct {
	Edges    []*E
	PageInfo *model.PageInfo
	Count    model.Count
}, E ~struct{ model.Edge[T] }, T any](ctx context.Context, l *list[T], p model.Page) ([]*C, error) {
	s, err := newSpan(p, &l.sort)
	if err != nil {
		return nil, err
	}
	s.alone = !asks(ctx, "PageInfo")
	parents := l.parents
	l.parents = distinct(parents)
	counts := l.counts()
	pages, err := l.pages(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", l.table.name, err)
	}
	connections := wire[C](l, s, pages, counts)
	if l.via == nil {
		return connections, nil
	}
	return spread(parents, l.parents, connections), nil
}

// connectOne reads the one connection of a list without parents.
func connectOne[C ~struct {
	Edges    []*E
	PageInfo *model.PageInfo
	Count    model.Count
}, E ~struct{ model.Edge[T] }, T any](ctx context.Context, l *list[T], p model.Page) (*C, error) {
	connections, err := connect[C](ctx, l, p)
	if err != nil {
		return nil, err
	}
	return connections[0], nil
}

// wire makes the connections of pages. All that they consist of is allocated at once.
func wire[C ~struct {
	Edges    []*E
	PageInfo *model.PageInfo
	Count    model.Count
}, E ~struct{ model.Edge[T] }, T any](l *list[T], s span, pages []page[T], counts func(int) model.Count) []*C {
	var rows int
	for i := range pages {
		rows += len(pages[i].rows)
	}
	edges, refs, infos := make([]E, rows), make([]*E, rows), make([]model.PageInfo, len(pages))
	made, connections := make([]C, len(pages)), make([]*C, len(pages))
	cursor := func(row *T) string { return l.sort.cursor(l.table.id(row), row) }
	for i := range pages {
		n := len(pages[i].rows)
		for j, row := range pages[i].rows {
			edges[j] = E{Edge: model.Edge[T]{Node: row, Text: cursor}}
			refs[j] = &edges[j]
		}
		infos[i] = pages[i].info(s)
		if n > 0 {
			infos[i].Start, infos[i].End = any(refs[0]).(fmt.Stringer), any(refs[n-1]).(fmt.Stringer)
		}
		made[i] = C{Edges: refs[:n:n], PageInfo: &infos[i], Count: counts(i)}
		connections[i] = &made[i]
		edges, refs = edges[n:], refs[n:]
	}
	return connections
}

// counts gives, for each parent, the function that counts its rows. The first that is called counts for all. Call it
// before the statement of the page is put together: it keeps the arguments of the conditions alone.
func (l *list[T]) counts() func(i int) model.Count {
	conditions := *l.where
	conditions.args = slices.Clip(conditions.args)
	counting := *l
	counting.where = &conditions
	var (
		once   sync.Once
		counts []int
		err    error
	)
	return func(i int) model.Count {
		return func(ctx context.Context) (int, error) {
			once.Do(func() { counts, err = counting.count(ctx) })
			if err != nil {
				return 0, fmt.Errorf("count %s: %w", l.table.name, err)
			}
			return counts[i], nil
		}
	}
}

func (l *list[T]) count(ctx context.Context) ([]int, error) {
	counts := make([]int, l.size())
	sql := "SELECT 1::bigint, " + l.counted("")
	if l.via != nil {
		sql = "SELECT p.n, "
		for i, via := range l.via {
			if i > 0 {
				sql += " + "
			}
			sql += l.counted(via)
		}
		sql += " FROM " + l.where.family(l.parents)
	}
	return counts, l.query(ctx, sql, l.where, func(r *row) {
		n := r.int()
		counts[n-1] = r.int()
	})
}

func (l *list[T]) counted(via string) string {
	return "(SELECT count(*) FROM " + l.table.name + " AS x WHERE " + all(via, l.where.sql()) + ")"
}

// distinct gives each id once; the same slice where none repeats.
func distinct(ids []model.ID) []model.ID {
	seen := make(map[model.ID]struct{}, len(ids))
	for _, id := range ids {
		seen[id] = struct{}{}
	}
	if len(seen) == len(ids) {
		return ids
	}
	once := make([]model.ID, 0, len(seen))
	for _, id := range ids {
		if _, ok := seen[id]; ok {
			delete(seen, id)
			once = append(once, id)
		}
	}
	return once
}

// spread gives each id what its distinct one has.
func spread[V any](ids, once []model.ID, values []V) []V {
	if len(ids) == len(once) {
		return values
	}
	at := make(map[model.ID]int, len(once))
	for i, id := range once {
		at[id] = i
	}
	all := make([]V, len(ids))
	for i, id := range ids {
		all[i] = values[at[id]]
	}
	return all
}
