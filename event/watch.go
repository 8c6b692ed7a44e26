package event

import (
	"slices"
	"sync/atomic"

	"workflowfactory/model"
)

// watch wakes one reader that waits at the head.
type watch struct {
	armed atomic.Bool   // waits to be woken; who takes that away wakes it, or is the reader itself
	woken chan struct{} // of one place, empty while armed
	first int64         // the position that woke it, 0 when all were woken; read it after woken
}

// disarm makes sure that nobody wakes the watch any more. It gives whether somebody had already.
func (w *watch) disarm() (woken bool) {
	if w.armed.CompareAndSwap(true, false) {
		return false
	}
	<-w.woken
	return true
}

// watchers finds those whom an entry may concern; the feed's mutex protects it. A filter that names a noun is woken by entries that name it too, so a
// thousand readers of a thousand workflows cost one wake-up an event, not a thousand.
type watchers struct {
	all   set
	kinds map[model.Kind]set
	ids   map[model.ID]set
}

type set map[*watch]struct{}

func newWatchers() watchers {
	return watchers{all: set{}, kinds: map[model.Kind]set{}, ids: map[model.ID]set{}}
}

// add registers a watch for what the filter may take, and gives what removes it.
func (ws *watchers) add(f *model.EntryFilter, w *watch) (remove func()) {
	if ids, ok := idsOf(f); ok {
		return join(ws.ids, ids, w)
	}
	if kinds, ok := kindsOf(f); ok {
		return join(ws.kinds, kinds, w)
	}
	ws.all[w] = struct{}{}
	return func() { delete(ws.all, w) }
}

func join[K comparable](sets map[K]set, keys []K, w *watch) (leave func()) {
	for _, k := range keys {
		if sets[k] == nil {
			sets[k] = set{}
		}
		sets[k][w] = struct{}{}
	}
	return func() {
		for _, k := range keys {
			delete(sets[k], w)
			if len(sets[k]) == 0 {
				delete(sets, k)
			}
		}
	}
}

// idsOf gives the nouns of which every entry that the filter takes names one.
func idsOf(f *model.EntryFilter) ([]model.ID, bool) {
	for _, a := range []model.Among[model.ID]{f.SuggestionID, f.TaskID, f.EntityID, f.AgentID, f.WorkflowID, f.ActorID} {
		if a.In != nil {
			return a.In, true
		}
	}
	return nil, false
}

// kindsOf gives the kinds that the filter takes.
func kindsOf(f *model.EntryFilter) ([]model.Kind, bool) {
	if f.Kind.In != nil {
		return f.Kind.In, true
	}
	if f.Type.In == nil {
		return nil, false
	}
	var kinds []model.Kind
	for _, t := range f.Type.In {
		if k := t.Kind(); !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds, true
}

// wake wakes those whom the entry may concern.
func (ws *watchers) wake(e *model.Entry) {
	ws.all.wake(e.Position)
	ws.kinds[e.Kind].wake(e.Position)
	for _, id := range [...]model.ID{e.EntityID, e.WorkflowID, e.TaskID, e.AgentID, e.SuggestionID, e.ActorID} {
		ws.ids[id].wake(e.Position)
	}
}

// wakeAll wakes everybody: the log has turned into another.
func (ws *watchers) wakeAll() {
	ws.all.wake(0)
	for _, s := range ws.kinds {
		s.wake(0)
	}
	for _, s := range ws.ids {
		s.wake(0)
	}
}

func (s set) wake(position int64) {
	for w := range s {
		if w.armed.CompareAndSwap(true, false) {
			w.first = position
			w.woken <- struct{}{}
		}
	}
}
