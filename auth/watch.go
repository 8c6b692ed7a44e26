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
	role model.Role
	end  context.CancelCauseFunc
}

// Watch gives a context that ends when ctx does, and within 5 s of the caller's credential being revoked or expiring, the
// caller's account being deactivated, or the caller's role becoming another; then its cause says why, as UNAUTHENTICATED. ctx must end with the connection, or the watch never does. Nobody's credential,
// that of the zero Caller, never ends.
func (a *Authenticator) Watch(ctx context.Context, caller model.Caller) context.Context {
	if caller.ID.IsZero() {
		return ctx
	}
	if !caller.Until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, caller.Until, errWordExpired)
		context.AfterFunc(ctx, cancel)
	}
	watched, end := context.WithCancelCause(ctx)
	w := &watcher{role: caller.Role, end: end}
	a.watched.add(caller.ID, w)
	context.AfterFunc(watched, func() { a.watched.remove(caller.ID, w) })
	return watched
}

var errWordExpired = model.Errorf(model.Unauthenticated, "the token has expired: sign in again")

// checkWatched asks one question for all connections and ends those whose credential is no longer good.
func (a *Authenticator) checkWatched(ctx context.Context, now time.Time) error {
	ids := a.watched.ids()
	if len(ids) == 0 {
		return nil
	}
	found, err := a.kept.Credentials(ctx, ids)
	if err != nil {
		return fmt.Errorf("look up the credentials of %d callers: %w", len(ids), err)
	}
	gone := map[model.ID]bool{}
	for _, id := range ids {
		gone[id] = true
	}
	for _, known := range found {
		delete(gone, known.ID)
		if err := known.Usable(now); err != nil {
			a.watched.end(known.ID, err)
			continue
		}
		a.watched.endOthers(known.ID, known.Role)
		a.used.note(known) // by being open
	}
	for id := range gone {
		a.watched.end(id, errUnknown)
	}
	return nil
}

func (a *Authenticator) writeUsage(ctx context.Context) error {
	ids := a.used.take()
	if len(ids) == 0 {
		return nil
	}
	if err := a.kept.MarkUsed(ctx, ids); err != nil {
		return fmt.Errorf("note the use of %d credentials: %w", len(ids), err)
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

// end ends all connections of a credential.
func (w *watchers) end(id model.ID, why error) {
	w.endIf(id, why, func(*watcher) bool { return true })
}

// endOthers ends those that were opened in another role.
func (w *watchers) endOthers(id model.ID, role model.Role) {
	w.endIf(id, errOtherRole, func(one *watcher) bool { return one.role != role })
}

var errOtherRole = model.Errorf(model.Unauthenticated, "your role was changed: connect again")

func (w *watchers) endIf(id model.ID, why error, concerned func(*watcher) bool) {
	w.mu.Lock()
	ending := slices.Collect(maps.Keys(w.open[id]))
	w.mu.Unlock() // ending one removes it
	for _, one := range ending {
		if concerned(one) {
			one.end(why)
		}
	}
}
