package db

import (
	"fmt"
	"slices"
	"strings"

	"workflowfactory/model"
)

// entryQuery is the SQL of a page of the log.
type entryQuery struct {
	page     string // a subselect of event_log rows
	order    string
	args     []any
	filtered bool // PostgreSQL should plan for the values then; otherwise one plan is good for all
}

// condition is one column of an EntryFilter in SQL.
type condition struct {
	column, kind string // kind is its SQL type
	in, not      any    // slices; nil for no such condition
}

// newEntryQuery writes the SQL so that it is an index that finds the page, whatever the statistics say. The first
// condition with a list of values leads: each value's entries are read in order from the index on (column, position),
// and no more of them than the page can hold. Without one, the page is read from the primary key.
func newEntryQuery(r model.LogRange, f model.EntryFilter) *entryQuery {
	q := &entryQuery{order: "position"}
	if r.Newest {
		q.order += " DESC"
	}
	conditions := conditionsOf(f)
	q.filtered = len(conditions) > 0 || f.At != model.TimeSpan{}
	lead := slices.IndexFunc(conditions, func(c condition) bool { return c.in != nil && c.column != "type" })
	from, where := "event_log l", []string{}
	for i, c := range conditions {
		if i == lead {
			from = fmt.Sprintf("unnest(%s::%s[]) AS v (x) CROSS JOIN LATERAL (SELECT * FROM event_log WHERE %s = v.x", q.arg(c.in), c.kind, c.column)
			c.in = nil
		}
		where = append(where, q.where(c)...)
	}
	where = append(where, q.within(r, f.At)...)
	end := " ORDER BY " + q.order
	if r.Limit > 0 {
		end += fmt.Sprintf(" LIMIT %d", r.Limit) // written out: a bound LIMIT makes the planner fear the whole log
	}
	if lead < 0 {
		q.page = "(SELECT * FROM event_log WHERE " + strings.Join(where, " AND ") + end + ")"
		return q
	}
	q.page = "(SELECT l.* FROM " + from + " AND " + strings.Join(where, " AND ") + end + ") l" + end + ")"
	return q
}

// conditionsOf lists the conditions, those that leave the fewest entries first.
func conditionsOf(f model.EntryFilter) []condition {
	if f.Kind.In == nil && f.Type.In != nil {
		f.Kind = f.Kind.And(column(f.Type.In, model.EventType.Kind)...) // types have no index, and need none
	}
	all := []condition{
		among("suggestion_id", "uuid", f.SuggestionID, uuidsOf),
		among("task_id", "uuid", f.TaskID, uuidsOf),
		among("entity_id", "uuid", f.EntityID, uuidsOf),
		among("agent_id", "uuid", f.AgentID, uuidsOf),
		among("workflow_id", "uuid", f.WorkflowID, uuidsOf),
		among("actor_id", "uuid", f.ActorID, uuidsOf),
		among("kind", "smallint", f.Kind, kindNumbers),
		among("type", "text", f.Type, typeNames),
	}
	return slices.DeleteFunc(all, func(c condition) bool { return c.in == nil && c.not == nil })
}

func among[V comparable](name, kind string, a model.Among[V], array func([]V) any) condition {
	c := condition{column: name, kind: kind}
	if a.In != nil {
		c.in = array(a.In)
	}
	if len(a.Not) > 0 {
		c.not = array(a.Not)
	}
	return c
}

func uuidsOf(ids []model.ID) any { return uuids(ids) }

func kindNumbers(kinds []model.Kind) any {
	return column(kinds, func(k model.Kind) int16 { return int16(k) })
}

func typeNames(types []model.EventType) any {
	return column(types, func(t model.EventType) string { return string(t) })
}

func (q *entryQuery) arg(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

func (q *entryQuery) where(c condition) (where []string) {
	if c.in != nil {
		where = append(where, fmt.Sprintf("%s = ANY (%s::%s[])", c.column, q.arg(c.in), c.kind))
	}
	if c.not != nil {
		where = append(where, fmt.Sprintf("(%s = ANY (%s::%s[])) IS NOT TRUE", c.column, q.arg(c.not), c.kind))
	}
	return where
}

// within bounds the positions. Times never fall along the log, so a span of time is a span of positions too, which the
// index on (at, position) finds.
func (q *entryQuery) within(r model.LogRange, at model.TimeSpan) []string {
	const first = "(SELECT position FROM event_log WHERE at >= %s ORDER BY at, position LIMIT 1)"
	where := []string{"position > " + q.arg(r.After)}
	if r.UpTo > 0 {
		where = append(where, "position <= "+q.arg(r.UpTo))
	}
	if !at.Start.IsZero() {
		where = append(where, "position >= "+fmt.Sprintf(first, q.arg(at.Start)))
	}
	if !at.End.IsZero() {
		where = append(where, "position < coalesce("+fmt.Sprintf(first, q.arg(at.End))+", 9223372036854775807)")
	}
	return where
}
