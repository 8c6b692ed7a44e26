package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"workflowfactory/transport"
)

const ticks = "subscription($after:String){ticks(after:$after){number padding}}"

// tick is the payload of an event.
type tick struct {
	Data       struct{ Ticks struct{ Number int } }
	Extensions struct{ Cursor string }
}

func (c *client) tick(id string) int {
	c.t.Helper()
	r := c.reply()
	if r.ID != id || r.Type != "next" {
		c.t.Fatalf("received %s %s %.200s, want an event for %s", r.ID, r.Type, r.Payload, id)
	}
	var event tick
	decode(c.t, string(r.Payload), &event)
	if event.Extensions.Cursor != strconv.Itoa(event.Data.Ticks.Number) {
		c.t.Fatalf("event %d has the cursor %q", event.Data.Ticks.Number, event.Extensions.Cursor)
	}
	return event.Data.Ticks.Number
}

func (c *client) expectTicks(id string, from, to int) {
	c.t.Helper()
	for want := from; want <= to; want++ {
		if got := c.tick(id); got != want {
			c.t.Fatalf("event %d, want %d", got, want)
		}
	}
}

func TestResumeWinsOverTheArgument(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"variable":          `subscription($after:String){ticks(after:$after){number}}`,
		"literal":           `subscription{ticks(after:"0"){number}}`,
		"no argument":       `subscription{ticks{number}}`,
		"other arguments":   `subscription{ticks(topic:"a",after:"0"){number}}`,
		"inline fragment":   `subscription{...{ticks(after:"0"){number}}}`,
		"typed fragment":    `subscription{... on Subscription{ticks{number}}}`,
		"fragment":          `subscription{...F} fragment F on Subscription{ticks{number}}`,
		"fragment, skipped": `subscription{...F @include(if:true)} fragment F on Subscription{ticks{...G}} fragment G on Tick{number}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t)
			w.Feed.Publish("a", 5, 0)
			c := w.dial()
			c.send(`{"type":"connection_init","payload":{"resume":{"1":"3"}}}`)
			c.expect(`{"type":"connection_ack"}`)
			c.subscribe("1", query, `{"after":"0"}`)
			c.expectTicks("1", 4, 5)
			c.send(`{"id":"1","type":"complete"}`)
			w.awaitReaders(0)
			c.subscribe("1", `subscription{ticks(after:"1"){number}}`, "") // the id's next operation is another one
			c.expectTicks("1", 2, 5)
		})
	}
}

func TestResumeDoesNotTouchTheSharedDocument(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.Feed.Publish("a", 3, 0)
	resuming, other := w.dial(), w.open()
	resuming.send(`{"type":"connection_init","payload":{"resume":{"1":"2"}}}`)
	resuming.expect(`{"type":"connection_ack"}`)
	const query = `subscription{ticks(after:"0"){number}}`
	resuming.subscribe("1", query, "")
	resuming.expectTicks("1", 3, 3)
	other.subscribe("1", query, "")
	other.expectTicks("1", 1, 3)
}

func TestSlowConsumerLearnsWhereToResumeAndNobodyElseWaits(t *testing.T) {
	t.Parallel()
	const events, size = 200, 16 << 10 // more than the kernel's buffers take
	w := serve(t, func(c *transport.Config) {
		c.Limits.QueueEvents, c.Limits.Slow, c.Limits.Write = 4, time.Second, patience
	})
	slow, quick := w.openNarrow(), w.open()
	slow.subscribe("s", ticks, `{"after":"0"}`)
	quick.subscribe("q", ticks, `{"after":"0"}`)
	w.awaitReaders(2)
	w.Feed.Publish("a", events, size)
	quick.expectTicks("q", 1, events)
	w.awaitReaders(1) // the slow one has been given up by now, and has read nothing yet

	last := 0
	for {
		r := slow.reply()
		if r.Type == "error" {
			var problems []problem
			decode(t, string(r.Payload), &problems)
			if problems[0].Extensions["code"] != transport.CodeSlowConsumer || problems[0].Extensions["resumeAfter"] != strconv.Itoa(last) {
				t.Fatalf("after event %d: %s", last, r.Payload)
			}
			break
		}
		var event tick
		decode(t, string(r.Payload), &event)
		if last++; event.Data.Ticks.Number != last {
			t.Fatalf("event %d, want %d", event.Data.Ticks.Number, last)
		}
	}
	if last == 0 || last >= events {
		t.Fatalf("cut off after %d of %d events", last, events)
	}
	slow.expectAlive()
	slow.subscribe("s", ticks, fmt.Sprintf(`{"after":"%d"}`, last))
	slow.expectTicks("s", last+1, events)
}

func TestBurstsAreNotTakenForSlowness(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.QueueEvents = 2 })
	w.Feed.Publish("a", 5000, 100)
	c := w.open()
	c.subscribe("1", ticks, `{"after":"0"}`)
	c.expectTicks("1", 1, 5000)
}

func TestStreamThatSaysSlowItselfIsGivenTheCursor(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Cursor = func(r *graphql.Response) string { return "at " + string(r.Data) }
	})
	w.FailAt, w.Failure = 3, fmt.Errorf("read the log: %w", coded(transport.CodeSlowConsumer))
	c := w.open()
	c.subscribe("1", "subscription{count(to:9)}", "")
	c.next()
	c.next()
	if got := c.expectError("1", transport.CodeSlowConsumer).Extensions["resumeAfter"]; got != `at {"count":2}` {
		t.Errorf("resumeAfter %v", got)
	}
}

func TestClientThatTakesNothingIsCutOff(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.Write = 200 * time.Millisecond })
	c := w.openNarrow()
	c.subscribe("1", ticks, `{"after":"0"}`)
	w.awaitReaders(1)
	w.Feed.Publish("a", 200, 16<<10)
	w.awaitReaders(0)
	for {
		if _, err := c.receive(); err != nil {
			break
		}
	}
	awaitSignal(t, w.over)
	if got := w.sockets.Sockets(); got != 0 {
		t.Errorf("%d sockets are counted", got)
	}
}

func TestCompleteDropsWhatIsQueued(t *testing.T) {
	t.Parallel()
	const events = 400
	w := serve(t, func(c *transport.Config) {
		c.Limits.QueueEvents, c.Limits.QueueBytes, c.Limits.Write = events, 1<<30, patience
	})
	c := w.openNarrow()
	c.subscribe("1", ticks, `{"after":"0"}`)
	w.awaitReaders(1)
	w.Feed.Publish("a", events, 8<<10)
	c.send(`{"id":"1","type":"complete"}`)
	w.awaitReaders(0)
	c.send(`{"type":"ping"}`)
	received := 0
	for c.next() != `{"type":"pong"}` {
		received++
	}
	if received >= events {
		t.Errorf("%d events came although the client had completed", received)
	}
	c.expectAlive()
}

func TestSocketsAreBoundedBeforeTheUpgrade(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.Sockets = 2 })
	first := w.open()
	w.open()
	if got := w.sockets.Sockets(); got != 2 {
		t.Errorf("%d sockets are counted", got)
	}
	_, response, err := w.tryDial()
	if err == nil || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Fatalf("a socket too many: %v, %v", response, err)
	}
	_ = first.conn.Close()
	awaitSignal(t, w.over)
	w.open()
}

func TestSocketsPerCaller(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Limits.SocketsPerCaller = 2
		c.Caller = callerOf
		c.Init = func(ctx context.Context, payload map[string]any) (context.Context, error) {
			if name, ok := payload["caller"]; ok {
				ctx = context.WithValue(ctx, callerKey{}, name)
			}
			return ctx, nil
		}
	})
	w.open("Caller", "ada")
	second := w.dial()
	second.send(`{"type":"connection_init","payload":{"caller":"ada"}}`)
	second.expect(`{"type":"connection_ack"}`)
	if _, response, err := w.tryDial("Caller", "ada"); err == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a third socket: %v, %v", response, err)
	}
	third := w.dial()
	third.send(`{"type":"connection_init","payload":{"caller":"ada"}}`)
	third.expectClose(websocket.CloseTryAgainLater)
	_ = third.conn.Close()
	w.open("Caller", "grace")
	awaitSignal(t, w.over) // the third
	_ = second.conn.Close()
	awaitSignal(t, w.over)
	w.open("Caller", "ada")
}

func TestOperationsPerSocket(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.SocketOperations = 2 })
	c := w.open()
	c.subscribe("1", ticks, "")
	c.subscribe("2", ticks, "")
	w.awaitReaders(2)
	c.subscribe("3", "{hello}", "")
	if got := c.expectError("3", transport.CodeRateLimited).Message; !strings.Contains(got, "2") {
		t.Errorf("the message %q does not say the limit", got)
	}
	c.send(`{"id":"1","type":"complete"}`)
	c.subscribe("3", "{hello}", "")
	c.expect(`{"id":"3","type":"next","payload":{"data":{"hello":"hello"}}}`)
}

func TestMessagesComeNoFasterThanTheRate(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.MessagesPerSecond, c.Limits.MessageBurst = 50, 2 })
	c := w.open()
	start := time.Now()
	for range 21 { // connection_init took one of the burst, so 20 have to wait for 20 ms each
		c.send(`{"type":"ping"}`)
	}
	for range 21 {
		c.expect(`{"type":"pong"}`)
	}
	if took := time.Since(start); took < 350*time.Millisecond {
		t.Errorf("21 messages were read in %v", took)
	}
}

func TestVariablesAreChecked(t *testing.T) {
	t.Parallel()
	c := serve(t).open()
	c.subscribe("1", "{hello}", `{"a":"\u0000"}`)
	c.expectError("1", transport.CodeBadInput)
	c.send(`{"id":"1","type":"subscribe","payload":{"query":"{hello}","variables":{"a":"\ud800"}}}`)
	c.expectError("1", transport.CodeBadInput)
	c.expectAlive()
}

// They do not read either, so nobody answers the close frame.
func TestSocketsThatNeverSayWhoTheyAreAreGone(t *testing.T) {
	t.Parallel()
	const sockets = 1000
	w := serve(t, func(c *transport.Config) { c.Limits.Init = time.Second })
	known := w.open()
	for range sockets {
		w.dial()
	}
	for range sockets {
		awaitSignal(t, w.over)
	}
	if n := w.sockets.Sockets(); n != 1 {
		t.Errorf("%d sockets are open, want the one that said who it is", n)
	}
	known.expectAlive()
}

func TestShutdownLetsQueriesAnswer(t *testing.T) {
	t.Parallel()
	w := serve(t)
	busy, streaming, silent := w.open(), w.open(), w.dial()
	busy.subscribe("q", "{wait}", "")
	busy.subscribe("s", ticks, "")
	streaming.subscribe("s", ticks, "")
	w.awaitReaders(2)
	awaitSignal(t, w.Waiting)
	w.Feed.Publish("a", 1, 0)
	busy.expectTicks("s", 1, 1)
	streaming.expectTicks("s", 1, 1)

	down := make(chan error, 1)
	go func() { down <- w.sockets.Shutdown(context.Background()) }()
	hint := regexp.MustCompile(`connect again in \d{1,4} ms$`)
	for _, c := range []*client{streaming, silent} {
		if reason := c.expectClose(websocket.CloseServiceRestart); !hint.MatchString(reason) {
			t.Errorf("the reason %q does not say when to come back", reason)
		}
	}
	if _, response, err := w.tryDial(); err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a new socket: %v, %v", response, err)
	}
	busy.subscribe("late", "{hello}", "") // the client learns in a moment that it has to ask elsewhere
	busy.expectAlive()
	w.Gate <- struct{}{}
	busy.expect(`{"id":"q","type":"next","payload":{"data":{"wait":"waited"}}}`)
	busy.expect(`{"id":"q","type":"complete"}`)
	busy.expectClose(websocket.CloseServiceRestart)
	if err := awaitSignal(t, down); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestShutdownThatMayNotWaitCutsOff(t *testing.T) {
	t.Parallel()
	w := serve(t)
	c := w.open()
	c.subscribe("q", "{wait}", "")
	awaitSignal(t, w.Waiting)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	down := make(chan error, 1)
	go func() { down <- w.sockets.Shutdown(ctx) }()
	c.expectClose(websocket.CloseServiceRestart)
	if err := awaitSignal(t, down); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
}

func coded(code string) error {
	return &gqlerror.Error{Message: "as the stream says", Extensions: map[string]any{"code": code}}
}
