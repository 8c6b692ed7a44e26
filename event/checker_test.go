package event_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"workflowfactory/model"
)

// ledger is what writers know of their transactions. Its clock is that of one process.
type ledger struct {
	mu       sync.Mutex // protects what follows
	commits  map[string]commit
	vanished map[string]bool // tags of events that were rolled back
	doubtful int             // transactions whose commit was not answered: they may or may not have happened
}

// commit is one acknowledged transaction.
type commit struct {
	events       int
	began, acked time.Time
}

func newLedger() *ledger {
	return &ledger{commits: map[string]commit{}, vanished: map[string]bool{}}
}

func (l *ledger) commit(tx string, c commit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commits[tx] = c
}

func (l *ledger) vanish(tags ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, tag := range tags {
		l.vanished[tag] = true
	}
}

func (l *ledger) doubt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doubtful++
}

// delivery is an event as a subscriber received it.
type delivery struct {
	Position int64
	ID       model.ID
	Entity   model.ID
	Version  int64
	Tag      string // transaction/number
}

func (d delivery) tx() string {
	tx, _, _ := strings.Cut(d.Tag, "/")
	return tx
}

func deliveryOf(e *model.Entry) delivery {
	var snapshot struct{ Tag string }
	if err := json.Unmarshal(e.Snapshot, &snapshot); err != nil {
		snapshot.Tag = err.Error()
	}
	return delivery{Position: e.Position, ID: e.ID, Entity: e.EntityID, Version: e.Version, Tag: snapshot.Tag}
}

// violations checks streams, each of the whole log as one replica gave it, against what the writers know. It names each
// broken property once, with an example.
func violations(l *ledger, streams ...[]delivery) map[string]string {
	found := map[string]string{}
	for _, s := range streams {
		report := func(property, format string, args ...any) {
			if _, ok := found[property]; !ok {
				found[property] = fmt.Sprintf(format, args...)
			}
		}
		checkMissing(l, s, report)
		checkRepeated(s, report)
		checkGaps(s, report)
		checkVersions(s, report)
		checkTogether(s, report)
		checkRealTime(l, s, report)
		checkVanished(l, s, report)
		if !slices.Equal(s, streams[0]) {
			report("E4 one order", "streams of %d and %d events differ", len(streams[0]), len(s))
		}
	}
	return found
}

type reporter func(property, format string, args ...any)

func checkMissing(l *ledger, s []delivery, report reporter) {
	seen := map[string]int{}
	for _, d := range s {
		seen[d.tx()]++
	}
	for tx, c := range l.commits {
		if seen[tx] < c.events {
			report("E1 none missing", "%d of %d events of acknowledged transaction %s", seen[tx], c.events, tx)
		}
	}
}

func checkRepeated(s []delivery, report reporter) {
	seen := map[model.ID]int64{}
	for _, d := range s {
		if at, ok := seen[d.ID]; ok {
			report("E2 none twice", "%s at %d and %d", d.Tag, at, d.Position)
		}
		seen[d.ID] = d.Position
	}
}

func checkGaps(s []delivery, report reporter) {
	for i, d := range s {
		if d.Position != int64(i+1) {
			report("E3 gapless", "position %d is the %dth", d.Position, i+1)
		}
	}
}

func checkVersions(s []delivery, report reporter) {
	last := map[model.ID]int64{}
	for _, d := range s {
		if d.Version != last[d.Entity]+1 {
			report("E5 versions by 1", "%s has version %d after %d", d.Tag, d.Version, last[d.Entity])
		}
		last[d.Entity] = d.Version
	}
}

func checkTogether(s []delivery, report reporter) {
	over := map[string]bool{}
	for i, d := range s {
		if over[d.tx()] {
			report("E6 together", "%s stands apart from its transaction", d.Tag)
		}
		if i+1 < len(s) && s[i+1].tx() != d.tx() {
			over[d.tx()] = true
		}
	}
}

// checkRealTime goes backwards with the earliest acknowledgement of all that stands later: whoever began after that
// must stand later too.
func checkRealTime(l *ledger, s []delivery, report reporter) {
	var earliest time.Time
	var whose string
	for _, d := range slices.Backward(s) {
		c, ok := l.commits[d.tx()]
		if !ok {
			continue
		}
		if !earliest.IsZero() && earliest.Before(c.began) {
			report("E7 real time", "%s began after %s was acknowledged and stands before it", d.Tag, whose)
		}
		if earliest.IsZero() || c.acked.Before(earliest) {
			earliest, whose = c.acked, d.Tag
		}
	}
}

func checkVanished(l *ledger, s []delivery, report reporter) {
	for _, d := range s {
		if l.vanished[d.Tag] {
			report("E8 none rolled back", "%s at %d", d.Tag, d.Position)
		}
	}
}

// The checker's own check: each way of breaking a good stream is found, and named.
func TestTheCheckerFindsEachViolation(t *testing.T) {
	t.Parallel()
	start := time.Now()
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	a, b := model.NewID(model.KindTask), model.NewID(model.KindTask)
	one := func(position int64, entity model.ID, version int64, tag string) delivery {
		return delivery{Position: position, ID: model.NewID(model.KindEvent), Entity: entity, Version: version, Tag: tag}
	}
	good := []delivery{one(1, a, 1, "x/1"), one(2, b, 1, "x/2"), one(3, a, 2, "y/1"), one(4, b, 2, "z/1"), one(5, b, 3, "z/2")}
	l := newLedger()
	l.commit("x", commit{2, at(0), at(1)})
	l.commit("y", commit{1, at(2), at(5)})
	l.commit("z", commit{2, at(6), at(8)})
	l.vanish("w/1")
	if found := violations(l, good, slices.Clone(good)); len(found) > 0 {
		t.Fatalf("a good stream: %v", found)
	}
	renumber := func(s []delivery) []delivery {
		for i := range s {
			s[i].Position = int64(i + 1)
		}
		return s
	}
	for property, bad := range map[string][]delivery{
		"E1 none missing":     good[:4],
		"E2 none twice":       renumber(append(slices.Clone(good), good[4])),
		"E3 gapless":          append(slices.Clone(good[:2]), good[3:]...),
		"E4 one order":        renumber([]delivery{good[1], good[0], good[2], good[3], good[4]}),
		"E5 versions by 1":    renumber([]delivery{good[2], good[0], good[1], good[3], good[4]}),
		"E6 together":         renumber([]delivery{good[0], good[2], good[1], good[3], good[4]}),
		"E7 real time":        renumber([]delivery{good[0], good[1], good[3], good[4], good[2]}),
		"E8 none rolled back": append(slices.Clone(good), one(6, a, 3, "w/1")),
	} {
		if found := violations(l, good, bad); found[property] == "" {
			t.Errorf("%s is not found, but %v", property, slices.Collect(maps.Keys(found)))
		}
	}
}
