package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
)

const subprotocol = "graphql-transport-ws"

// audience is many sockets at one contender, each with the same subscription.
type audience struct {
	*process
	*ears
	beside  *process // follows the log, too, without pings that could come late; nil when there is none
	teller  string   // the address that events are made at
	lanes   []*client
	publish func(lane, times int) []byte // the request that makes so many events

	received atomic.Int64
	timed    atomic.Bool           // whether arrivals are kept
	lost     atomic.Pointer[error] // why the first socket is lost that is

	mu       sync.Mutex // protects arrivals
	arrivals []time.Time
}

// gather opens the sockets, as many for each key as one caller may have.
func gather(ctx context.Context, p *process, sockets int, keys []string, subscribe []byte) (*audience, error) {
	a := &audience{process: p}
	var err error
	if a.ears, err = newEars(a.note); err != nil {
		return a, err
	}
	dialer := websocket.Dialer{Subprotocols: []string{subprotocol}, ReadBufferSize: 4 << 10, WriteBufferSize: 512}
	for i := range sockets {
		header := http.Header{"Authorization": {"Bearer " + keys[i/socketsPerKey]}}
		conn, _, err := dialer.DialContext(ctx, "ws://"+p.address+"/graphql", header)
		if err != nil {
			return a, fmt.Errorf("open socket %d: %w", i, err)
		}
		for _, message := range [][]byte{[]byte(`{"type":"connection_init"}`), subscribe} {
			if err := conn.WriteMessage(websocket.TextMessage, message); err != nil {
				return a, err
			}
		}
		if err := a.add(conn); err != nil {
			return a, err
		}
	}
	a.listen(func(err error) { a.lost.CompareAndSwap(nil, &err) })
	return a, nil
}

// open makes the lanes anew: the server closes connections that have been quiet for long.
func (a *audience) open() error {
	a.shut()
	for range lanes {
		c, err := dial(a.teller)
		if err != nil {
			return err
		}
		a.lanes = append(a.lanes, c)
	}
	return nil
}

func (a *audience) shut() {
	for _, lane := range a.lanes {
		lane.conn.Close()
	}
	a.lanes = nil
}

const (
	socketsPerKey = 20 // as many as one caller may have
	lanes         = 4  // requests that make events at the same time
)

func (a *audience) close() {
	a.ears.close()
	a.shut()
}

// note counts events that came on a socket.
func (a *audience) note(events int, arrived time.Time) {
	if a.timed.Load() {
		a.time(events, arrived)
	}
	a.received.Add(int64(events))
}

func (a *audience) time(events int, arrived time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for range events {
		a.arrivals = append(a.arrivals, arrived)
	}
}

// tell makes events in one of the lanes.
func (a *audience) tell(lane, times int) error {
	return a.lanes[lane].must(a.publish(lane, times))
}

// await waits until so many messages have come.
func (a *audience) await(ctx context.Context, total int64) error {
	for a.received.Load() < total {
		if lost := a.lost.Load(); lost != nil {
			return fmt.Errorf("a socket is lost: %w", *lost)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d messages came: %w", a.received.Load(), total, ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// flood makes events as fast as they are taken, with some under way, until the time is over. It gives how many messages
// came.
func (a *audience) flood(ctx context.Context, d time.Duration) (int, error) {
	const batch, ahead = 25, 50 * lanes
	before, all := a.received.Load(), int64(len(a.sockets))
	var made atomic.Int64
	var making errgroup.Group
	start := time.Now()
	for lane := range lanes {
		making.Go(func() error {
			for time.Since(start) < d {
				if err := a.tell(lane, batch); err != nil {
					return err
				}
				if err := a.await(ctx, before+(made.Add(batch)-ahead)*all); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := making.Wait(); err != nil {
		return 0, err
	}
	messages := made.Load() * all
	return int(messages), a.await(ctx, before+messages)
}

const steadyEvery = 100 * time.Millisecond

// ways are how long messages were on their way.
type ways struct {
	placed []time.Duration // since their event had its place in the log
	taken  []time.Duration // since the database took it down, before it committed it
}

// lastWay is when the newest event that steady makes was taken down, and when it was given its place. Both are before
// anybody could read of it, and by the clock that the kernel reads, too.
const lastWay = `SELECT e.at, b.at FROM events e JOIN event_log l ON l.seq = e.seq JOIN event_batch b ON b.last_position >= l.position
	WHERE e.type = 'TASK_UPDATED' ORDER BY e.seq DESC, b.batch LIMIT 1`

// steady makes one event at a time, at that pace. A broadcast begins when it is handed the bytes. What corresponds to
// that is that an event has its place in the log: this replica did not make it, and another placed it. What it takes from
// there is that the replica hears of it, reads it from the database, answers it and writes to all. What it takes from
// the change on is told beside it.
func (a *audience) steady(ctx context.Context, w *world, events int) (all ways, err error) {
	a.timed.Store(true)
	defer a.timed.Store(false)
	pace := time.NewTicker(steadyEvery)
	defer pace.Stop()
	for range events {
		<-pace.C
		before, taken := a.received.Load(), time.Now()
		placed := taken
		a.forget()
		if err := a.tell(0, 1); err != nil {
			return all, err
		}
		if err := a.await(ctx, before+int64(len(a.sockets))); err != nil {
			return all, err
		}
		if a.teller != a.address {
			if err := w.pool.QueryRow(ctx, lastWay).Scan(&taken, &placed); err != nil {
				return all, fmt.Errorf("find when an event was made: %w", err)
			}
		}
		a.since(placed, &all.placed)
		a.since(taken, &all.taken)
	}
	return all, nil
}

func (a *audience) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.arrivals = a.arrivals[:0]
}

// since adds how long after a time each message has come.
func (a *audience) since(begun time.Time, took *[]time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, arrived := range a.arrivals {
		*took = append(*took, arrived.Sub(begun))
	}
}

func p99(took []time.Duration) (ms float64) {
	slices.Sort(took)
	return float64(took[len(took)*99/100].Microseconds()) / 1000
}

// graphqlPublisher changes what the audience watches: one event is another name for a task of the lane's own, several are
// that many new tasks in one transaction, since what the database does for each is not what is measured.
func graphqlPublisher(about watched) func(lane, times int) []byte {
	var number atomic.Int64
	return func(lane, times int) []byte {
		name := fmt.Sprintf("Sort what came in %07d", number.Add(1))
		if times == 1 {
			return request("mutation ($task: ID!, $name: String!) { updateTask(input: {id: $task, name: $name}) { task { id } } }",
				map[string]any{"task": about.tasks[lane], "name": name})
		}
		return request("mutation ($tasks: [NewTaskInput!]) { createWorkflow(input: {name: \"Flood\", tasks: $tasks}) { workflow { id } } }",
			map[string]any{"tasks": newTasks(times, name, about.agent)})
	}
}

// relayPublisher sends a message as it is.
func relayPublisher(message []byte) func(lane, times int) []byte {
	return func(_, times int) []byte {
		return fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: bench\r\nTimes: %d\r\nContent-Length: %d\r\n\r\n%s", times, len(message), message)
	}
}

// first gives the first event that comes on a socket of its own, as it is written.
func first(ctx context.Context, p *process, key string, subscribe []byte, tell func() error) ([]byte, error) {
	dialer := websocket.Dialer{Subprotocols: []string{subprotocol}}
	conn, _, err := dialer.DialContext(ctx, "ws://"+p.address+"/graphql", http.Header{"Authorization": {"Bearer " + key}})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for _, message := range [][]byte{[]byte(`{"type":"connection_init"}`), subscribe} {
		if err := conn.WriteMessage(websocket.TextMessage, message); err != nil {
			return nil, err
		}
	}
	if _, _, err := conn.ReadMessage(); err != nil { // connection_ack
		return nil, err
	}
	if err := tell(); err != nil {
		return nil, err
	}
	_, message, err := conn.ReadMessage()
	var kind struct{ Type string }
	if err == nil && (json.Unmarshal(message, &kind) != nil || kind.Type != "next") {
		err = fmt.Errorf("instead of an event came %s", message)
	}
	return message, err
}
