package transport

import (
	"container/list"
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	replayBytes = 16 * 1024 * kibi
	replayFor   = 2 * time.Second // how old an answer may be: what it says beside the event is of when it was executed
)

// replays are the answers to events of the past, kept while members of some group are behind: those who come back
// together go through the same events at about the same time, and each event is executed for the first of them.
type replays struct {
	mu      sync.Mutex // protects what follows
	members int        // that are behind
	answers map[replayKey]*list.Element
	order   list.List // of *replay, the oldest first
	bytes   int
}

// replayKey is an event, by its cursor, as a group sees it.
type replayKey struct {
	group  [sha256.Size]byte
	cursor string
}

type replay struct {
	key      replayKey
	answered shared
	at       time.Time
}

// wanted keeps answers until the function given is called, and all others that were.
func (r *replays) wanted() (over func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members++
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.members--; r.members == 0 {
			r.answers, r.bytes = nil, 0
			r.order.Init()
		}
	}
}

func (r *replays) find(key replayKey) (shared, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	place, ok := r.answers[key]
	if !ok || time.Since(place.Value.(*replay).at) > replayFor {
		return shared{}, false
	}
	return place.Value.(*replay).answered, true
}

func (r *replays) keep(key replayKey, answered shared) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, ok := r.answers[key]; ok {
		r.drop(old)
	}
	if r.answers == nil {
		r.answers = map[replayKey]*list.Element{}
	}
	r.answers[key] = r.order.PushBack(&replay{key, answered, time.Now()})
	r.bytes += weight(answered)
	for r.bytes > replayBytes {
		r.drop(r.order.Front())
	}
}

func (r *replays) drop(place *list.Element) {
	old := r.order.Remove(place).(*replay)
	delete(r.answers, old.key)
	r.bytes -= weight(old.answered)
}

// weight is about what an answer takes in memory.
func weight(answered shared) int {
	const fixed = 384 // the answer, its key and its place
	return fixed + len(answered.payload)
}

// replay answers an event of the past, as it was executed a moment ago for another member, or now.
func (g *group) replay(ctx context.Context, event Event) (shared, error) {
	if event.Value == nil {
		return g.execute(ctx, event)
	}
	key := replayKey{g.key, event.Cursor}
	if answered, ok := g.hub.replays.find(key); ok {
		return answered, nil
	}
	answered, err := g.execute(ctx, event)
	if err == nil {
		g.hub.replays.keep(key, answered)
	}
	return answered, err
}
