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
// together go through the same events at about the same time, and each event is read and executed for the first of them.
type replays struct {
	mu      sync.Mutex // protects what follows
	members int        // that are behind
	after   map[replayKey]replayPlace
	order   list.List // of *stretch, the oldest first
	bytes   int
}

// replayKey is a place in the stream, by its cursor, as a group sees it. A position would not do: who has seen what was
// lost in a failover must not go on with what has taken its place.
type replayKey struct {
	group  [sha256.Size]byte
	cursor string
}

// stretch is the answers to events that follow each other, after a place. It never changes.
type stretch struct {
	from   replayKey
	events []shared
	at     time.Time
}

// replayPlace is where in a stretch it goes on.
type replayPlace struct {
	*stretch
	index int
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
			r.after, r.bytes = nil, 0
			r.order.Init()
		}
	}
}

// find gives some of what follows a place; none when that has to be executed.
func (r *replays) find(key replayKey) []shared {
	r.mu.Lock()
	defer r.mu.Unlock()
	place, ok := r.after[key]
	if !ok || time.Since(place.at) > replayFor {
		return nil
	}
	return place.events[place.index:]
}

func (r *replays) keep(s *stretch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.after == nil {
		r.after = map[replayKey]replayPlace{}
	}
	for key, index := range s.places() {
		r.after[key] = replayPlace{s, index}
	}
	r.order.PushBack(s)
	r.bytes += s.weight()
	for r.bytes > replayBytes {
		r.drop(r.order.Front())
	}
}

func (r *replays) drop(element *list.Element) {
	old := r.order.Remove(element).(*stretch)
	for key := range old.places() {
		if r.after[key].stretch == old {
			delete(r.after, key)
		}
	}
	r.bytes -= old.weight()
}

// places are those after which a stretch has something.
func (s *stretch) places() map[replayKey]int {
	places := make(map[replayKey]int, len(s.events))
	key := s.from
	for i, event := range s.events {
		places[key] = i
		key.cursor = event.cursor
	}
	return places
}

// weight is about what a stretch takes in memory.
func (s *stretch) weight() (bytes int) {
	const fixed = 384 // an answer, its key and its place
	for _, event := range s.events {
		bytes += fixed + len(event.payload)
	}
	return bytes
}

// replay answers events of the past for all who are at the place before them: at least one, and no more than there is
// time for in a turn. What was answered before an error is good.
func (g *group) replay(ctx context.Context, from string, events []Event) (answers []shared, err error) {
	began := time.Now()
	for _, event := range events {
		if len(answers) > 0 && time.Since(began) > longestTurn {
			break
		}
		var answered shared
		if answered, err = g.execute(ctx, event); err != nil {
			break
		}
		answers = append(answers, answered)
	}
	if len(answers) > 0 {
		g.hub.replays.keep(&stretch{replayKey{g.key, from}, answers, began})
	}
	return answers, err
}
