package transport_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"

	"workflowfactory/transport"
	"workflowfactory/transport/transporttest"
)

// sharing makes a server whose subscriptions are shared by everybody of one role: a caller is "name:role".
func sharing(t *testing.T, source *transporttest.Source, configure ...func(*transport.Config)) *world {
	t.Helper()
	w := serve(t, append(configure, func(c *transport.Config) {
		c.Sharing = transport.Sharing{Source: source, Scope: func(ctx context.Context, _ *graphql.OperationContext) (string, func(context.Context) context.Context) {
			_, role, _ := strings.Cut(callerOf(ctx), ":")
			return role, func(ctx context.Context) context.Context { return transporttest.WithViewer(ctx, role) }
		}}
		c.Init = func(ctx context.Context, _ map[string]any) (context.Context, error) {
			return transporttest.WithViewer(ctx, callerOf(ctx)), nil
		}
	})...)
	source.Resolver = w.Resolver
	return w
}

const viewed = `subscription($after:String,$topic:String){ticks(after:$after,topic:$topic){number viewer}}`

// expectSeen wants the events of these numbers, executed for the viewer.
func (c *client) expectSeen(id, viewer string, numbers ...int) {
	c.t.Helper()
	for _, n := range numbers {
		c.expect(fmt.Sprintf(`{"id":%q,"type":"next","payload":{"data":{"ticks":{"number":%d,"viewer":%q}},"extensions":{"cursor":"%d"}}}`, id, n, viewer, n))
	}
}

// join subscribes and waits until the subscription is in its group.
func (w *world) join(c *client, id, query, variables string) {
	w.t.Helper()
	c.subscribe(id, query, variables)
	awaitSignal(w.t, w.joined)
}

func TestEventsAreExecutedOnceForAllWhoAskedTheSame(t *testing.T) {
	t.Parallel()
	const subscribers = 20
	w := sharing(t, &transporttest.Source{})
	clients := make([]*client, subscribers)
	for i := range clients {
		clients[i] = w.open("Caller", fmt.Sprintf("person%d:admin", i))
		w.join(clients[i], strconv.Itoa(i), viewed, "")
	}
	w.Feed.Publish("a", 3, 0)
	for i, c := range clients {
		c.expectSeen(strconv.Itoa(i), "admin", 1, 2, 3)
	}
	if got := w.Executed.Load(); got != 3 {
		t.Errorf("3 events were executed %d times", got)
	}
	w.awaitReaders(1)
}

func TestNothingIsSharedThatMayDiffer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		callers [2]string
		queries [2]string
		vars    [2]string
		shared  bool
		viewers [2]string
	}{
		"all the same":                {[2]string{"a:admin", "b:admin"}, [2]string{viewed, viewed}, [2]string{"", ""}, true, [2]string{"admin", "admin"}},
		"the viewer":                  {[2]string{"a:admin", "a:guest"}, [2]string{viewed, viewed}, [2]string{"", ""}, false, [2]string{"admin", "guest"}},
		"no scope":                    {[2]string{"a", "b"}, [2]string{viewed, viewed}, [2]string{"", ""}, false, [2]string{"a", "b"}},
		"the document":                {[2]string{"a:admin", "b:admin"}, [2]string{viewed, viewed + " "}, [2]string{"", ""}, false, [2]string{"admin", "admin"}},
		"a variable":                  {[2]string{"a:admin", "b:admin"}, [2]string{viewed, viewed}, [2]string{`{"topic":"x"}`, `{"topic":null}`}, false, [2]string{"admin", "admin"}},
		"the same, spelled otherwise": {[2]string{"a:admin", "b:admin"}, [2]string{viewed, viewed}, [2]string{`{"topic":"x","after":null}`, `{"after":null,"topic":"\u0078"}`}, true, [2]string{"admin", "admin"}},
		"where to begin":              {[2]string{"a:admin", "b:admin"}, [2]string{viewed, viewed}, [2]string{"", `{"after":"0"}`}, true, [2]string{"admin", "admin"}},
		"a cursor that means something else too": {
			[2]string{"a:admin", "b:admin"},
			[2]string{`subscription($after:String){ticks(after:$after,like:$after){number viewer}}`, `subscription($after:String){ticks(after:$after,like:$after){number viewer}}`},
			[2]string{`{"after":"0"}`, `{"after":"00"}`}, false, [2]string{"admin", "admin"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sharing(t, &transporttest.Source{})
			var clients [2]*client
			for i := range clients {
				clients[i] = w.open("Caller", c.callers[i])
				clients[i].subscribe("1", c.queries[i], c.vars[i])
				if strings.Contains(c.callers[i], ":") {
					awaitSignal(t, w.joined)
				}
			}
			if !strings.Contains(c.callers[0], ":") {
				w.awaitReaders(2)
			}
			w.Feed.Publish("x", 1, 0)
			for i := range clients {
				clients[i].expectSeen("1", c.viewers[i], 1)
			}
			if got := w.Executed.Load() == 1; got != c.shared {
				t.Errorf("executed %d times", w.Executed.Load())
			}
		})
	}
}

// What executes for a group must not see whoever happened to begin it.
func TestGroupsKnowTheirScopeAlone(t *testing.T) {
	t.Parallel()
	type seen struct{ viewer, caller string }
	opened := make(chan seen, 10)
	w := sharing(t, &transporttest.Source{OnOpen: func(ctx context.Context) {
		opened <- seen{transporttest.ViewerFrom(ctx), callerOf(ctx)}
	}})
	first, second := w.open("Caller", "ada:admin"), w.open("Caller", "grace:admin")
	w.Feed.Publish("a", 1, 0)
	w.join(first, "1", viewed, "")
	second.subscribe("1", viewed, `{"after":"0"}`)
	second.expectSeen("1", "admin", 1)
	for range 2 {
		if got := awaitSignal(t, opened); got != (seen{viewer: "admin"}) {
			t.Errorf("a stream was opened for %+v", got)
		}
	}
	_ = first.conn.Close() // the group goes on without the one who began it
	awaitSignal(t, w.over)
	w.Feed.Publish("a", 1, 0)
	second.expectSeen("1", "admin", 2)
}

func TestWhoResumesCatchesUpAndJoins(t *testing.T) {
	t.Parallel()
	const missed = 200 // more than a group remembers
	w := sharing(t, &transporttest.Source{})
	w.Feed.Publish("a", missed, 0)
	live := w.open("Caller", "a:admin")
	w.join(live, "1", viewed, "")

	late := w.dial("Caller", "b:admin")
	late.send(`{"type":"connection_init","payload":{"resume":{"1":"50"}}}`)
	late.expect(`{"type":"connection_ack"}`)
	late.subscribe("1", viewed, `{"after":"7"}`)
	for n := 51; n <= missed; n++ {
		late.expectSeen("1", "admin", n)
	}
	awaitSignal(t, w.joined)
	executed := w.Executed.Load()
	w.Feed.Publish("a", 2, 0)
	for _, c := range []*client{live, late} {
		c.expectSeen("1", "admin", missed+1, missed+2)
	}
	if got := w.Executed.Load() - executed; got != 2 {
		t.Errorf("2 events were executed %d times", got)
	}

	again := w.open("Caller", "c:admin") // what the group remembers is not executed again
	w.join(again, "1", viewed, fmt.Sprintf(`{"after":"%d"}`, missed))
	again.expectSeen("1", "admin", missed+1, missed+2)
	if got := w.Executed.Load() - executed; got != 2 {
		t.Errorf("2 events were executed %d times", got)
	}
}

func TestGroupsEndWithTheirLastMember(t *testing.T) {
	t.Parallel()
	w := sharing(t, &transporttest.Source{})
	c := w.open("Caller", "a:admin")
	w.join(c, "1", viewed, "")
	w.join(c, "2", viewed, "")
	w.awaitReaders(1)
	c.send(`{"id":"1","type":"complete"}`)
	c.expectAlive()
	w.Feed.Publish("a", 1, 0)
	c.expectSeen("2", "admin", 1)
	c.send(`{"id":"2","type":"complete"}`)
	w.awaitReaders(0)
	w.join(c, "1", viewed, "")
	w.Feed.Publish("a", 1, 0)
	c.expectSeen("1", "admin", 2)
}

func TestHowAStreamEndsIsHowAllOfItsGroupEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		onEvent func(transport.Event) error
		want    string // of each member, after its id
	}{
		"an error": {func(transport.Event) error { return coded("CURSOR_EXPIRED") },
			`"type":"error","payload":[{"message":"as the stream says","extensions":{"code":"CURSOR_EXPIRED"}}]}`},
		"too slow": {func(transport.Event) error { return coded(transport.CodeSlowConsumer) },
			`"type":"error","payload":[{"message":"as the stream says","extensions":{"code":"SLOW_CONSUMER","resumeAfter":"0"}}]}`},
		"a panic": {func(transport.Event) error { panic("in the source") },
			`"type":"error","payload":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &transporttest.Source{}
			w := sharing(t, source)
			c1, c2 := w.open("Caller", "a:admin"), w.open("Caller", "b:admin")
			var armed atomic.Bool
			source.OnEvent = func(e transport.Event) error {
				if armed.Load() {
					return c.onEvent(e)
				}
				return nil
			}
			w.join(c1, "1", viewed, "")
			w.join(c2, "2", viewed, "")
			armed.Store(true)
			w.Feed.Publish("a", 1, 0)
			c1.expect(`{"id":"1",` + c.want)
			c2.expect(`{"id":"2",` + c.want)
			w.awaitReaders(0)
			armed.Store(false)
			w.join(c1, "1", viewed, "") // another group
			w.Feed.Publish("a", 1, 0)
			c1.expectSeen("1", "admin", 2)
		})
	}
}

func TestStreamThatIsRefused(t *testing.T) {
	t.Parallel()
	source := &transporttest.Source{Refuse: coded("FORBIDDEN")}
	w := sharing(t, source)
	c := w.open("Caller", "a:admin")
	for range 3 {
		c.subscribe("1", viewed, "")
		c.expectError("1", "FORBIDDEN")
	}
	c.subscribe("1", viewed, `{"after":"0"}`)
	c.expectError("1", "FORBIDDEN")
	source.Refuse = nil
	c.subscribe("1", viewed, `{"after":"nonsense"}`)
	if got := c.expectError("1", "").Message; got != `the cursor "nonsense" is malformed` {
		t.Errorf("message %q", got)
	}
	w.join(c, "1", viewed, "")
	w.awaitReaders(1)
}

func TestMemberThatFallsBehindHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	const events, size = 200, 16 << 10
	w := sharing(t, &transporttest.Source{}, func(c *transport.Config) {
		c.Limits.QueueEvents, c.Limits.Slow, c.Limits.Write = 4, time.Second, patience
	})
	slow, quick := w.openNarrow("Caller", "a:admin"), w.open("Caller", "b:admin")
	w.join(slow, "s", ticks, "")
	w.join(quick, "q", ticks, "")
	w.Feed.Publish("a", events, size)
	quick.expectTicks("q", 1, events)
	awaitSignal(t, w.slow) // it has got on by itself for a while, and has been given up
	last := 0
	for {
		r := slow.reply()
		if r.Type == "error" {
			if want := fmt.Sprintf(`"resumeAfter":"%d"`, last); !strings.Contains(string(r.Payload), want) || !strings.Contains(string(r.Payload), transport.CodeSlowConsumer) {
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
	if last == 0 || last == events {
		t.Fatalf("cut off after %d of %d events", last, events)
	}
}

func TestMemberThatWasBehindForAMomentGoesOn(t *testing.T) {
	t.Parallel()
	const events, size = 200, 16 << 10
	w := sharing(t, &transporttest.Source{}, func(c *transport.Config) {
		c.Limits.QueueEvents, c.Limits.Slow, c.Limits.Write = 4, patience, patience
	})
	c := w.openNarrow("Caller", "a:admin")
	w.join(c, "1", ticks, "")
	w.Feed.Publish("a", events, size)
	w.awaitReaders(2) // it has fallen out and reads by itself
	c.expectTicks("1", 1, events)
	awaitSignal(t, w.joined)
	w.awaitReaders(1)
	w.Feed.Publish("a", 1, 0)
	c.expectTicks("1", events+1, events+1)
}

func TestEventStreamsShareToo(t *testing.T) {
	t.Parallel()
	w := sharing(t, &transporttest.Source{})
	one, two := w.listen(numbers, "", "Caller", "a:admin"), w.listen(numbers, `{"after":"0"}`, "Caller", "b:admin")
	awaitSignal(t, w.joined)
	awaitSignal(t, w.joined)
	w.Feed.Publish("a", 2, 0)
	for _, e := range []*events{one, two} {
		e.expect(":\n\n" + tickEvent(1) + tickEvent(2))
	}
	if got := w.Executed.Load(); got != 2 {
		t.Errorf("2 events were executed %d times", got)
	}
	_ = one.response.Body.Close()
	_ = two.response.Body.Close()
	w.awaitReaders(0)
}

func TestSharedSubscriptionsShutDown(t *testing.T) {
	t.Parallel()
	w := sharing(t, &transporttest.Source{})
	c := w.open("Caller", "a:admin")
	w.join(c, "1", viewed, "")
	e := w.listen(numbers, "", "Caller", "a:admin")
	awaitSignal(t, w.joined)
	go w.http.Shutdown()
	if err := w.sockets.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	c.expectClose(websocket.CloseServiceRestart)
	e.expect(":\n\n")
	e.expectHint()
	e.expectEnd()
	w.awaitReaders(0)
}

func TestQueriesAreNotShared(t *testing.T) {
	t.Parallel()
	w := sharing(t, &transporttest.Source{})
	response, body := w.post(`{"query":"{hello}"}`, "Caller", "a:admin")
	if response.StatusCode != http.StatusOK || body != `{"data":{"hello":"hello"}}` {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}
