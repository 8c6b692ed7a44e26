package auth

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"workflowfactory/model"
)

// watchers are the open connections by the credential that opened them.
type watchers struct {
	mu   sync.Mutex // protects open
	open map[model.ID]map[*watcher]struct{}
}

type watcher struct {
	end context.CancelCauseFunc
}

// Watch gives a context that ends when ctx does, and within 5 s of the caller's credential being revoked or expiring; then
// its cause says why, as UNAUTHENTICATED. ctx must end with the connection, or the watch never does. Nobody's credential,
// that of the zero Caller, never ends.
func (a *Authenticator) Watch(ctx context.Context, caller model.Caller) context.Context {
	if caller.ID.IsZero() {
		return ctx
	}
	watched, end := context.WithCancelCause(ctx)
	w := &watcher{end: end}
	a.watched.add(caller.ID, w)
	context.AfterFunc(watched, func() { a.watched.remove(caller.ID, w) })
	return watched
}

// checkWatched asks one question for all connections and ends those whose credential is no longer good.
func (a *Authenticator) checkWatched(ctx context.Context, now time.Time) error {
	ids := a.watched.ids()
	if len(ids) == 0 {
		return nil
	}
	keys, err := a.keys.APIKeys(ctx, ids)
	if err != nil {
		return fmt.Errorf("look up the keys of %d callers: %w", len(ids), err)
	}
	good := map[model.ID]bool{}
	for _, k := range keys {
		err := usable(k, now)
		if good[k.ID] = err == nil; err != nil {
			a.watched.end(k.ID, err)
		}
	}
	for _, id := range ids {
		if _, found := good[id]; !found {
			a.watched.end(id, errNoSuchKey)
		}
	}
	return nil
}

func (a *Authenticator) writeUsage(ctx context.Context) error {
	ids := a.used.take()
	if len(ids) == 0 {
		return nil
	}
	if err := a.keys.MarkUsed(ctx, ids); err != nil {
		return fmt.Errorf("note the use of %d keys: %w", len(ids), err)
	}
	return nil
}

func (w *watchers) add(id model.ID, one *watcher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[model.ID]map[*watcher]struct{}{}
	}
	if w.open[id] == nil {
		w.open[id] = map[*watcher]struct{}{}
	}
	w.open[id][one] = struct{}{}
}

func (w *watchers) remove(id model.ID, one *watcher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open[id], one)
	if len(w.open[id]) == 0 {
		delete(w.open, id)
	}
}

func (w *watchers) ids() []model.ID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.open))
}

func (w *watchers) end(id model.ID, why error) {
	w.mu.Lock()
	ending := slices.Collect(maps.Keys(w.open[id]))
	w.mu.Unlock() // ending one removes it
	for _, one := range ending {
		one.end(why)
	}
}
