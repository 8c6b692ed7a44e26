package model

import (
	"slices"
	"strings"
	"time"
)

// EntryFilter says which entries of the log somebody wants: those that meet every condition in it. The zero filter
// takes all.
type EntryFilter struct {
	Type         Among[EventType]
	Kind         Among[Kind]
	EntityID     Among[ID]
	WorkflowID   Among[ID]
	TaskID       Among[ID]
	AgentID      Among[ID]
	SuggestionID Among[ID]
	ActorID      Among[ID]
	At           TimeSpan
}

// Match says whether the filter takes the entry.
func (f *EntryFilter) Match(e *Entry) bool {
	return f.Type.Has(e.Type) && f.Kind.Has(e.Kind) && f.EntityID.Has(e.EntityID) &&
		f.WorkflowID.Has(e.WorkflowID) && f.TaskID.Has(e.TaskID) && f.AgentID.Has(e.AgentID) &&
		f.SuggestionID.Has(e.SuggestionID) && f.ActorID.Has(e.ActorID) && f.At.Has(e.At)
}

// Entries gives the filter in the terms of the log. A nil filter takes all.
func (f *EventFilter) Entries() EntryFilter {
	var e EntryFilter
	if f == nil {
		return e
	}
	if t := f.Type; t != nil {
		e.Type = compare(t.Eq, t.In, t.Neq, t.Nin, func(v EventType) EventType { return v })
	}
	if t := f.EntityType; t != nil {
		e.Kind = compare(t.Eq, t.In, t.Neq, t.Nin, EntityType.Kind)
	}
	e.EntityID = f.EntityID.among()
	e.WorkflowID = f.WorkflowID.among()
	e.TaskID = f.TaskID.among()
	e.AgentID = f.AgentID.among()
	e.SuggestionID = f.SuggestionID.among()
	e.ActorID = f.ActorID.among()
	e.At = f.At.span()
	return e
}

var kindOf = map[EntityType]Kind{
	EntityTypeWorkflow: KindWorkflow, EntityTypeTask: KindTask, EntityTypeAgent: KindAgent, EntityTypeSuggestion: KindSuggestion,
	EntityTypeComment: KindComment, EntityTypeApprovalPolicy: KindApprovalPolicy, EntityTypeUser: KindUser, EntityTypeAPIKey: KindAPIKey,
	EntityTypeSession: KindSession,
}

// Kind is the kind of noun that the API calls so.
func (t EntityType) Kind() Kind { return kindOf[t] }

// Kind is the kind of noun that such events are about: the type begins with its name. Zero for an unknown type.
func (t EventType) Kind() Kind {
	for entity, kind := range kindOf {
		if strings.HasPrefix(string(t), string(entity)+"_") {
			return kind
		}
	}
	return 0
}

func (f *IDFilter) among() Among[ID] {
	if f == nil {
		return Among[ID]{}
	}
	return compare(f.Eq, f.In, nil, nil, func(id ID) ID { return id })
}

func compare[T any, V comparable](eq *T, in []T, neq *T, nin []T, as func(T) V) Among[V] {
	var a Among[V]
	if eq != nil {
		a = a.And(as(*eq))
	}
	if in != nil {
		a = a.And(each(in, as)...)
	}
	if neq != nil {
		a.Not = append(a.Not, as(*neq))
	}
	a.Not = append(a.Not, each(nin, as)...)
	return a
}

func each[T, V any](in []T, as func(T) V) []V {
	out := make([]V, len(in))
	for i, v := range in {
		out[i] = as(v)
	}
	return out
}

func (f *DateTimeFilter) span() TimeSpan {
	var s TimeSpan
	if f == nil {
		return s
	}
	if f.Eq != nil {
		s = s.From(*f.Eq).To(*f.Eq)
	}
	if f.Gt != nil {
		s = s.After(*f.Gt)
	}
	if f.Gte != nil {
		s = s.From(*f.Gte)
	}
	if f.Lt != nil {
		s = s.Before(*f.Lt)
	}
	if f.Lte != nil {
		s = s.To(*f.Lte)
	}
	return s
}

// Among says which values are wanted. The zero Among wants any.
type Among[V comparable] struct {
	In  []V // one of these; nil for any, empty for none. The zero value in it stands for nothing.
	Not []V // but none of these
}

// Has says whether v is wanted.
func (a *Among[V]) Has(v V) bool {
	var zero V
	return (a.In == nil || v != zero && slices.Contains(a.In, v)) && !slices.Contains(a.Not, v)
}

// And wants one of the values, as well as what was wanted before.
func (a Among[V]) And(values ...V) Among[V] {
	in := make([]V, 0, len(values))
	for _, v := range values {
		if (a.In == nil || slices.Contains(a.In, v)) && !slices.Contains(in, v) {
			in = append(in, v)
		}
	}
	a.In = in
	return a
}

// TimeSpan is a stretch of time to the microsecond, which is how finely the log tells times. The zero TimeSpan is all
// time; each of the methods but Has narrows it.
type TimeSpan struct {
	Start time.Time // the first moment in it; zero for no bound
	End   time.Time // the first moment after it; zero for no bound
}

// Has says whether t lies in it.
func (s TimeSpan) Has(t time.Time) bool {
	return !t.Before(s.Start) && (s.End.IsZero() || t.Before(s.End))
}

// From leaves t and what is later.
func (s TimeSpan) From(t time.Time) TimeSpan {
	if up := roundUp(t); up.After(s.Start) {
		s.Start = up
	}
	return s
}

// Before leaves what is earlier than t.
func (s TimeSpan) Before(t time.Time) TimeSpan {
	if up := roundUp(t); s.End.IsZero() || up.Before(s.End) {
		s.End = up
	}
	return s
}

// After leaves what is later than t.
func (s TimeSpan) After(t time.Time) TimeSpan { return s.From(next(t)) }

// To leaves t and what is earlier.
func (s TimeSpan) To(t time.Time) TimeSpan { return s.Before(next(t)) }

func next(t time.Time) time.Time { return t.Truncate(time.Microsecond).Add(time.Microsecond) }

func roundUp(t time.Time) time.Time {
	if down := t.Truncate(time.Microsecond); down.Before(t) {
		return down.Add(time.Microsecond)
	}
	return t
}
