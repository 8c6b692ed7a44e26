package transport_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"workflowfactory/transport"
	"workflowfactory/transport/transporttest"
)

// Whoever subscribes, drops out, comes back and lags: each sees every event once and in order.
func TestNobodyMissesAnything(t *testing.T) {
	t.Parallel()
	for _, err := range wander(t, &transporttest.Source{}) {
		t.Error(err)
	}
}

// The same with a source that lies about where its streams begin, to show that the test above would notice.
func TestALyingSourceIsNoticed(t *testing.T) {
	t.Parallel()
	if errs := wander(t, &transporttest.Source{Skew: 3}); len(errs) == 0 {
		t.Error("nobody missed the events that were left out")
	}
}

const wanderedEvents = 500

// wander lets clients come and go while events are published, and returns what they had to complain about.
func wander(t *testing.T, source *transporttest.Source) []error {
	w := sharing(t, source, func(c *transport.Config) {
		c.Limits.QueueEvents, c.Limits.Slow, c.Limits.Write, c.Limits.SocketsPerCaller = 8, patience, patience, 1000
		c.Limits.MessagesPerSecond = 10_000
	})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w.Feed.Publish("a", 10, 100)
	caughtUp := make(chan struct{}, 1)
	var mu sync.Mutex
	var errs []error
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			err := (&wanderer{world: w, random: rand.New(rand.NewPCG(seed, uint64(i))), caughtUp: caughtUp}).run()
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("client %d: %w", i, err))
			}
		})
	}
	gone := make(chan struct{})
	go func() { clients.Wait(); close(gone) }()
	random := rand.New(rand.NewPCG(seed, 1000))
	for w.Feed.Head() < wanderedEvents {
		w.Feed.Publish("a", min(1+random.IntN(40), wanderedEvents-w.Feed.Head()), random.IntN(2000))
		select { // so that it goes on while they come and go
		case <-caughtUp:
		case <-gone:
			return errs
		}
	}
	<-gone
	return errs
}

// wanderer is a client that reads a while, leaves in one way or another, and resumes where it was.
type wanderer struct {
	*world
	random   *rand.Rand
	caughtUp chan struct{} // told when there is nothing left to see
	last     int           // the last event seen
}

func (c *wanderer) run() error {
	c.last = c.random.IntN(10)
	for c.last < wanderedEvents {
		if err := c.visit(1 + c.random.IntN(100)); err != nil {
			return err
		}
	}
	return nil
}

func (c *wanderer) visit(events int) error {
	conn, _, err := c.tryDial("Caller", "x:admin")
	if err != nil {
		return err
	}
	defer conn.Close()
	subscribe := fmt.Sprintf(`{"id":"1","type":"subscribe","payload":{"query":%q,"variables":{"after":"%d"}}}`, ticks, c.last)
	hello := `{"type":"connection_init"}`
	if c.random.IntN(2) == 0 { // the cursor comes with the connection, as clients do it that repeat themselves
		hello = fmt.Sprintf(`{"type":"connection_init","payload":{"resume":{"1":"%d"}}}`, c.last)
		subscribe = fmt.Sprintf(`{"id":"1","type":"subscribe","payload":{"query":%q,"variables":{"after":"0"}}}`, ticks)
	}
	for _, message := range []string{hello, subscribe} {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
			return err
		}
	}
	if _, _, err := conn.ReadMessage(); err != nil { // connection_ack
		return err
	}
	return c.read(conn, events)
}

func (c *wanderer) read(conn *websocket.Conn, events int) error {
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	for range events {
		if c.last == wanderedEvents {
			return nil
		}
		_, message, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		var m struct {
			Type    string
			Payload tick
		}
		if err := json.Unmarshal(message, &m); err != nil {
			return err
		}
		if m.Type != "next" {
			return errors.New(string(message))
		}
		if got := m.Payload.Data.Ticks.Number; got != c.last+1 {
			return fmt.Errorf("event %d came after %d", got, c.last)
		}
		if c.last++; c.last == c.Feed.Head() {
			select {
			case c.caughtUp <- struct{}{}:
			default:
			}
		}
	}
	return nil
}
