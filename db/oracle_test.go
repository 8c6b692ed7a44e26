package db_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"workflowfactory/model"
)

// What filters and orders mean, said a second time: over rows in memory, by the names of the fields.

// matches says whether a filter takes the row whose values value gives by the name of the filter's field.
func matches(filter any, value func(field string) any) bool {
	f := reflect.ValueOf(filter)
	if f.IsNil() {
		return true
	}
	f = f.Elem()
	for i := range f.NumField() {
		field, name := f.Field(i), f.Type().Field(i).Name
		if field.IsZero() {
			continue
		}
		if !fieldMatches(name, field, value) {
			return false
		}
	}
	return true
}

func fieldMatches(name string, field reflect.Value, value func(string) any) bool {
	of := func(i int) bool { return matches(field.Index(i).Interface(), value) }
	switch name {
	case "And":
		return !slices.Contains(each(field.Len(), of), false)
	case "Or":
		return slices.Contains(each(field.Len(), of), true)
	case "Not":
		return !matches(field.Interface(), value)
	}
	v := value(name)
	switch c := field.Interface().(type) {
	case *model.StringFilter:
		return textMatches(c, v)
	case *model.IDFilter:
		among := func(id model.ID) bool { return !id.IsZero() && slices.Contains(v.([]model.ID), id) }
		return (c.Eq == nil || among(*c.Eq)) && (c.In == nil || slices.ContainsFunc(c.In, among))
	case *bool:
		return *c == v.(bool)
	}
	return comparisonMatches(field.Elem(), v)
}

func each[T any](n int, of func(int) T) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = of(i)
	}
	return all
}

func textMatches(f *model.StringFilter, v any) bool {
	switch v := v.(type) {
	case []string:
		if f.Neq != nil && slices.Contains(v, *f.Neq) {
			return false
		}
		if f.Eq == nil && f.In == nil && f.Contains == nil && f.ContainsIgnoreCase == nil && f.StartsWith == nil {
			return true
		}
		return slices.ContainsFunc(v, func(s string) bool { return oneTextMatches(f, s) })
	case *string:
		if v == nil {
			return f.Eq == nil && f.In == nil && f.Contains == nil && f.ContainsIgnoreCase == nil && f.StartsWith == nil
		}
		return (f.Neq == nil || *f.Neq != *v) && oneTextMatches(f, *v)
	case string:
		return (f.Neq == nil || *f.Neq != v) && oneTextMatches(f, v)
	}
	panic(fmt.Sprintf("a %T is no text", v))
}

func oneTextMatches(f *model.StringFilter, s string) bool {
	return (f.Eq == nil || *f.Eq == s) &&
		(f.In == nil || slices.Contains(f.In, s)) &&
		(f.Contains == nil || strings.Contains(s, *f.Contains)) &&
		(f.ContainsIgnoreCase == nil || strings.Contains(strings.ToLower(s), strings.ToLower(*f.ContainsIgnoreCase))) &&
		(f.StartsWith == nil || strings.HasPrefix(s, *f.StartsWith))
}

// comparisonMatches is for filters of numbers, moments and enums: each of their fields compares v.
func comparisonMatches(f reflect.Value, v any) bool {
	v, missing := present(v)
	for i := range f.NumField() {
		field, op := f.Field(i), f.Type().Field(i).Name
		if field.IsNil() {
			continue
		}
		var holds bool
		switch op {
		case "In":
			holds = contains(field, v)
		case "Nin":
			holds = !contains(field, v)
		default:
			holds = !missing && compareHolds(op, compareAny(v, field.Elem().Interface()))
		}
		if !holds {
			return false
		}
	}
	return true
}

func compareHolds(op string, c int) bool {
	switch op {
	case "Eq":
		return c == 0
	case "Neq":
		return c != 0
	case "Gt":
		return c > 0
	case "Gte":
		return c >= 0
	case "Lt":
		return c < 0
	case "Lte":
		return c <= 0
	}
	panic(op)
}

func contains(list reflect.Value, v any) bool {
	for i := range list.Len() {
		if list.Index(i).Interface() == v {
			return true
		}
	}
	return false
}

// present takes the pointer off; missing is nil.
func present(v any) (_ any, missing bool) {
	t, ok := v.(*time.Time)
	if !ok {
		return v, false
	}
	if t == nil {
		return nil, true
	}
	return *t, false
}

// compareAny compares a row's value with a filter's. Moments are compared as they are shown.
func compareAny(v, with any) int {
	switch v := v.(type) {
	case time.Time:
		return v.Truncate(time.Millisecond).Compare(with.(time.Time))
	case int:
		return cmp.Compare(v, with.(int))
	case float64:
		return cmp.Compare(v, with.(float64))
	}
	if reflect.DeepEqual(v, with) {
		return 0
	}
	return 1
}

// neverEnds stands for a moment that is missing, where rows are put in order.
var neverEnds = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func orNever(t *time.Time) time.Time {
	if t == nil {
		return neverEnds
	}
	return *t
}

// inOrder sorts rows by what key gives, a text, a number or a moment; ties by id.
func inOrder[T any](rows []*T, id func(*T) model.ID, key func(*T) any, desc bool) []*T {
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(a, b *T) int {
		c := cmp.Or(compareKeys(key(a), key(b)), compareIDs(id(a), id(b)))
		if desc {
			return -c
		}
		return c
	})
	return sorted
}

func compareKeys(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case int:
		return cmp.Compare(a, b.(int))
	case float64:
		return cmp.Compare(a, b.(float64))
	}
	return a.(time.Time).Compare(b.(time.Time))
}

// partOf gives the workflows in which the agent takes part.
func (l *library) partOf(agent model.ID) map[model.ID]bool {
	in, known := l.parts[agent]
	if known {
		return in
	}
	in = map[model.ID]bool{}
	l.parts[agent] = in
	held := map[model.ID]bool{}
	for _, a := range l.attempts {
		if a.AgentID == agent {
			held[a.TaskID] = true
		}
	}
	for _, t := range l.tasks {
		if t.AgentID == agent || t.AssigneeID == agent || held[t.ID] {
			in[t.WorkflowID] = true
		}
	}
	return in
}

func (l *library) participants(workflow model.ID) []model.ID {
	var ids []model.ID
	for _, a := range l.agents {
		if l.partOf(a.ID)[workflow] {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

func (l *library) pending(of func(*model.Suggestion) bool) bool {
	return slices.ContainsFunc(l.suggestions, func(s *model.Suggestion) bool {
		return s.Status == model.SuggestionStatusPending && of(s)
	})
}

// The values of rows by the names of the fields of filters.

func (l *library) workflowValue(w *model.Workflow) func(string) any {
	return func(field string) any {
		switch field {
		case "ID":
			return []model.ID{w.ID}
		case "AgentID":
			return l.participants(w.ID)
		case "HasPendingSuggestions":
			return l.pending(func(s *model.Suggestion) bool { return s.WorkflowID == w.ID })
		}
		return fieldOf(w, field)
	}
}

func (l *library) taskValue(t *model.Task) func(string) any {
	return func(field string) any {
		switch field {
		case "ID":
			return []model.ID{t.ID}
		case "WorkflowID":
			return []model.ID{t.WorkflowID}
		case "AgentID":
			return []model.ID{t.AgentID, t.AssigneeID}
		case "Capability":
			return t.RequiredCapabilities
		case "IsOverdue":
			return t.IsOverdue()
		case "HasPendingSuggestions":
			return l.pending(func(s *model.Suggestion) bool { return s.TaskID == t.ID })
		}
		return fieldOf(t, field)
	}
}

func (l *library) agentValue(a *model.Agent) func(string) any {
	return func(field string) any {
		switch field {
		case "ID":
			return []model.ID{a.ID}
		case "Status":
			return a.StatusAt(time.Now(), a.ActiveTasks)
		case "Capability":
			return a.Capabilities
		}
		return fieldOf(a, field)
	}
}

func (l *library) suggestionValue(s *model.Suggestion) func(string) any {
	return func(field string) any {
		switch field {
		case "ID":
			return []model.ID{s.ID}
		case "AgentID":
			return []model.ID{s.AgentID}
		case "TaskID":
			return []model.ID{s.TaskID}
		case "WorkflowID":
			return []model.ID{s.WorkflowID}
		}
		return fieldOf(s, field)
	}
}

func fieldOf(row any, name string) any {
	return reflect.ValueOf(row).Elem().FieldByName(name).Interface()
}
