package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// The server is killed in the middle of writes, several times. Every acknowledged write is there afterwards, and
// watchers who come back with their last cursor have seen exactly what the log holds.
func TestKilledInTheMiddleOfWrites(t *testing.T) {
	t.Parallel()
	const writers, watchers, crashes = 4, 3, 3
	s := serve(t)
	admin := s.admin()
	var head struct{ Cursor string }
	admin.must(&head, `{ cursor }`, nil)
	before := len(admin.log())

	stop := make(chan struct{})
	var work sync.WaitGroup
	acknowledged := make([][]string, writers)
	progress := make(chan struct{}, 100_000)
	for i := range writers {
		work.Go(func() { acknowledged[i] = admin.writeUntil(stop, fmt.Sprint("writer ", i), progress) })
	}
	streams := make([]*watcher, watchers)
	for i := range streams {
		streams[i] = &watcher{client: admin, cursor: head.Cursor, done: stop, connected: make(chan struct{}, crashes+1)}
		work.Go(streams[i].watch)
	}
	for range crashes {
		for _, w := range streams {
			<-w.connected // the crash reaches it
		}
		for range 25 {
			<-progress // the crash comes in the middle of writes
		}
		s.kill()
		s.start()
	}
	for _, w := range streams {
		<-w.connected
	}
	for range 25 {
		<-progress
	}
	close(stop)
	work.Wait()

	admin.must(nil, `mutation { createWorkflow(input: {name: "the last"}) { cursor } }`, nil) // waits until all before it are placed
	log := admin.log()[before:]
	different := map[string]bool{}
	for _, e := range log {
		different[e.ID] = true
	}
	if len(different) != len(log) {
		t.Errorf("the log holds %d events, of which %d are different", len(log), len(different))
	}
	total := 0
	for i, ids := range acknowledged {
		total += len(ids)
		if missing := admin.missing(ids); len(missing) > 0 {
			t.Errorf("%d of %d acknowledged writes of writer %d are lost, such as %s", len(missing), len(ids), i, missing[0])
		}
	}
	for i, w := range streams {
		w.finish(log[len(log)-1].Cursor)
		if !slices.EqualFunc(w.seen, log, func(a, b event) bool { return a.ID == b.ID }) {
			t.Errorf("watcher %d saw %d events in %d connections, the log holds %d, or others", i, len(w.seen), w.connections, len(log))
		}
		if w.connections <= crashes {
			t.Errorf("watcher %d connected %d times during %d crashes: the crashes did not reach it", i, w.connections, crashes)
		}
	}
	t.Logf("%d writes were acknowledged, %d events delivered to each of %d watchers over %d crashes", total, len(log), watchers, crashes)
}

// writeUntil creates workflows until stop and gives the ids of those that the server acknowledged.
func (c *client) writeUntil(stop <-chan struct{}, name string, progress chan<- struct{}) (ids []string) {
	for {
		select {
		case <-stop:
			return ids
		default:
		}
		var created struct {
			CreateWorkflow *struct{ Workflow struct{ ID string } }
		}
		errs, err := c.do(&created, `mutation ($n: String!) { createWorkflow(input: {name: $n, start: true, tasks: [{key: "a", name: "A"}]}) { workflow { id } } }`, vars{"n": name})
		if err != nil || len(errs) > 0 || created.CreateWorkflow == nil {
			time.Sleep(20 * time.Millisecond) // the server is down: not more often than that
			continue
		}
		ids = append(ids, created.CreateWorkflow.Workflow.ID)
		progress <- struct{}{}
	}
}

// missing gives those ids that the server does not know.
func (c *client) missing(ids []string) (missing []string) {
	for chunk := range slices.Chunk(ids, 100) {
		var found struct{ Nodes []*struct{ ID string } }
		c.must(&found, `query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": chunk})
		for i, node := range found.Nodes {
			if node == nil {
				missing = append(missing, chunk[i])
			}
		}
	}
	return missing
}

// watcher follows the stream over as many connections as it takes.
type watcher struct {
	*client
	cursor      string
	seen        []event
	connections int
	connected   chan struct{} // told of each connection as long as somebody asks
	done        <-chan struct{}
}

// watch follows until done, and comes back after each disconnect with the last cursor.
func (w *watcher) watch() {
	for {
		s, err := w.subscribe(everything, vars{"after": w.cursor})
		if err == nil {
			w.connections++
			select {
			case w.connected <- struct{}{}:
			default:
			}
			w.take(s)
		}
		select {
		case <-w.done:
			return
		case <-time.After(20 * time.Millisecond): // between two attempts to connect
		}
	}
}

// take takes what comes until the stream ends or the watcher is done.
func (w *watcher) take(s *stream) {
	defer s.conn.Close()
	for {
		select {
		case data, open := <-s.next:
			if !open {
				return
			}
			w.note(data)
		case <-w.done:
			return
		}
	}
}

func (w *watcher) note(data json.RawMessage) {
	var next struct{ Events event }
	if err := json.Unmarshal(data, &next); err != nil {
		w.s.t.Error(err)
		return
	}
	w.seen = append(w.seen, next.Events)
	w.cursor = next.Events.Cursor
}

// finish takes the rest, up to that cursor.
func (w *watcher) finish(last string) {
	if w.cursor == last {
		return
	}
	rest := w.mustSubscribe(everything, vars{"after": w.cursor}).until("the last event", func(e event) bool { return e.Cursor == last })
	w.seen = append(w.seen, rest...)
}
