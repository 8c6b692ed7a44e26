package db

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"workflowfactory/model"
)

const (
	defaultPage = 50
	maxPage     = 100
)

// span is one page's part of a list: how many rows, from which end, between which places.
type span struct {
	limit         int
	backward      bool
	after, before *place
	alone         bool // nobody asks what stands before and behind
}

// newSpan reads what was asked for. It answers BAD_USER_INPUT about the argument at fault.
func newSpan[T any](p model.Page, s *sorting[T]) (span, error) {
	limit, err := pageSize(p)
	if err != nil {
		return span{}, err
	}
	after, err := s.place("after", p.After)
	if err != nil {
		return span{}, err
	}
	before, err := s.place("before", p.Before)
	return span{limit: limit, backward: p.Last != nil, after: after, before: before}, err
}

func pageSize(p model.Page) (int, error) {
	field, size := "first", p.First
	if p.Last != nil {
		field, size = "last", p.Last
	}
	switch {
	case p.First != nil && p.Last != nil:
		return 0, model.BadInput("last", "ask for the first or for the last, not for both")
	case size == nil:
		return defaultPage, nil
	case *size < 1 || *size > maxPage:
		return 0, model.BadInput(field, "%s must be between 1 and %d", field, maxPage)
	}
	return *size, nil
}

// list is a question for rows in an order, or for such rows of each of several parents: one statement in either case.
type list[T any] struct {
	*DB
	table *table[T]
	sort  sorting[T]
	where *where
	// How a row belongs to its parent p.id. Where there are several ways, each is a scan of an index of its own, and
	// no row belongs in two of them. None: the rows belong to nobody.
	via     []string
	parents []model.ID
}

// page is what one parent has of the rows.
type page[T any] struct {
	rows   []*T
	read   int  // how many rows there were, before they were cut
	more   bool // rows follow the last that was read, in the direction of reading
	behind bool // rows stand before the span
	ahead  bool // rows stand after the span
}

// What a row of the statement is.
const (
	inSpan = iota
	behindSpan
	aheadSpan
)

// pages reads the page of each parent, or the one page of a list without parents.
func (l *list[T]) pages(ctx context.Context, s span) ([]page[T], error) {
	pages := make([]page[T], l.size())
	slab := l.table.slab(ctx)
	var rows []*T // of all pages: they come page by page
	read := l.table.reading(ctx, l.sort.needs)
	sql, sided := l.text(s, read.sql, read.again)
	err := l.query(ctx, sql, l.where, func(r *row) {
		p, side := &pages[0], inSpan
		if l.via != nil {
			p = &pages[r.int()-1]
		}
		if sided {
			side = r.int()
		}
		switch side {
		case behindSpan:
			p.behind = true
		case aheadSpan:
			p.ahead = true
		default:
			v := slab.take()
			read.scan(r, v)
			rows = append(rows, v)
			p.read++
		}
	})
	for i := range pages {
		n := pages[i].read
		pages[i].rows, rows = rows[:n:n], rows[n:]
		pages[i].cut(s)
	}
	return pages, err
}

// size is how many pages there are.
func (l *list[T]) size() int {
	if l.via == nil {
		return 1
	}
	return len(l.parents)
}

// cut takes off the row that was read only to see whether there is more, and puts the rest into the list's order.
func (p *page[T]) cut(s span) {
	if p.more = len(p.rows) > s.limit; p.more {
		p.rows = p.rows[:s.limit]
	}
	if s.backward {
		slices.Reverse(p.rows)
	}
}

func (p *page[T]) info(s span) model.PageInfo {
	if s.backward {
		return model.PageInfo{HasPreviousPage: p.more || p.behind, HasNextPage: p.ahead}
	}
	return model.PageInfo{HasPreviousPage: p.behind, HasNextPage: p.more || p.ahead}
}

// text puts the statement together: the rows of the span and, for each end that a cursor gave it, one row beyond, so
// that we know whether there is one. Limits stand in it as literals: as arguments they would hide from the planner how
// few rows are wanted, and there are only a hundred of them. A row of it has the number of its parent, if there are parents;
// what it is, if it is sided; and the columns, which are called again outside of the parts.
func (l *list[T]) text(s span, columns, again string) (sql string, sided bool) {
	var within, beyond string
	if s.after != nil {
		at := l.at(s.after)
		within += " AND " + l.compare(">", at)
		if !s.alone {
			beyond += " UNION ALL " + l.part(columns, behindSpan, " AND "+l.compare("<=", at), !s.backward, 1)
		}
	}
	if s.before != nil {
		at := l.at(s.before)
		within += " AND " + l.compare("<", at)
		if !s.alone {
			beyond += " UNION ALL " + l.part(columns, aheadSpan, " AND "+l.compare(">=", at), s.backward, 1)
		}
	}
	limit := s.limit
	if !s.alone {
		limit++
	}
	switch {
	case again == "":
		again, sided = "r.*", true
	case beyond != "":
		again, sided = "r.side, "+again, true
	}
	head, tail := "SELECT "+again+" FROM (", ") AS r ORDER BY "
	if l.via != nil {
		head, tail = "SELECT p.n, "+again+" FROM "+l.where.family(l.parents)+" CROSS JOIN LATERAL (", ") AS r ORDER BY p.n, "
	}
	return head + l.part(columns, inSpan, within, s.backward, limit) + beyond + tail + l.by("r.sort", "r.id", s.backward), sided
}

func (l *list[T]) at(p *place) string {
	if l.sort.unique {
		return l.where.arg(p.value)
	}
	return "(" + l.where.arg(p.value) + ", " + l.where.arg(uuid(p.id)) + ")"
}

var turned = map[string]string{">": "<", "<": ">", ">=": "<=", "<=": ">="}

// compare asks whether x stands after (>), before (<), … a place.
func (l *list[T]) compare(op, place string) string {
	if l.sort.desc {
		op = turned[op]
	}
	if l.sort.unique {
		return l.sort.sql + " " + op + " " + place
	}
	return "(" + l.sort.sql + ", x.id) " + op + " " + place
}

func (l *list[T]) by(value, id string, backward bool) string {
	way := l.sort.way(backward)
	if l.sort.unique {
		return value + way
	}
	return value + way + ", " + id + way
}

// part gives the first rows that satisfy the list's conditions and one more. Its index is that of the order, or the
// one that via names with the order behind it.
func (l *list[T]) part(columns string, side int, bounds string, backward bool, limit int) string {
	if len(l.via) < 2 {
		return l.scan(columns, side, all(append(slices.Clone(l.via), l.where.sql())...)+bounds, backward, limit)
	}
	scans := make([]string, len(l.via))
	for i, via := range l.via {
		scans[i] = l.scan(columns, side, all(via, l.where.sql())+bounds, backward, limit)
	}
	return "(SELECT * FROM (" + strings.Join(scans, " UNION ALL ") + ") AS u ORDER BY " +
		l.by("u.sort", "u.id", backward) + " LIMIT " + strconv.Itoa(limit) + ")"
}

func (l *list[T]) scan(columns string, side int, where string, backward bool, limit int) string {
	rows := l.table.name + " AS x WHERE " + where + " ORDER BY " + l.by(l.sort.sql, "x.id", backward) + " LIMIT " + strconv.Itoa(limit)
	if l.table.join != "" {
		// What is joined is read for the rows of the page alone, even where PostgreSQL sorts to find them.
		rows = "(SELECT x.* FROM " + rows + ") AS x" + l.table.join
	}
	return "(SELECT " + strconv.Itoa(side) + " AS side, " + columns + ", " + l.sort.sql + " AS sort FROM " + rows + ")"
}
