package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"

	"workflowfactory/transport"
)

const init_ = `{"type":"connection_init"}`

func TestInvalidMessagesCloseTheSocket(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 129)
	for name, messages := range map[string][]string{
		"bad JSON":                   {init_, `{`},
		"no object":                  {init_, `[]`},
		"null":                       {init_, `null`},
		"two values":                 {init_, `{"type":"ping"} {}`},
		"unknown type":               {init_, `{"type":"start"}`},
		"no type":                    {init_, `{}`},
		"a type that is no string":   {init_, `{"type":1}`},
		"subscribe without id":       {init_, `{"type":"subscribe","payload":{"query":"{hello}"}}`},
		"subscribe with empty id":    {init_, `{"id":"","type":"subscribe","payload":{"query":"{hello}"}}`},
		"subscribe with long id":     {init_, `{"id":"` + long + `","type":"subscribe","payload":{"query":"{hello}"}}`},
		"an id that is no string":    {init_, `{"id":1,"type":"subscribe","payload":{"query":"{hello}"}}`},
		"complete without id":        {init_, `{"type":"complete"}`},
		"complete with empty id":     {init_, `{"id":"","type":"complete"}`},
		"no payload":                 {init_, `{"id":"1","type":"subscribe"}`},
		"null payload":               {init_, `{"id":"1","type":"subscribe","payload":null}`},
		"no query":                   {init_, `{"id":"1","type":"subscribe","payload":{}}`},
		"a query that is no string":  {init_, `{"id":"1","type":"subscribe","payload":{"query":{}}}`},
		"variables that are a list":  {init_, `{"id":"1","type":"subscribe","payload":{"query":"{hello}","variables":[]}}`},
		"extensions that are a text": {init_, `{"id":"1","type":"subscribe","payload":{"query":"{hello}","extensions":""}}`},
		"operationName of a number":  {init_, `{"id":"1","type":"subscribe","payload":{"query":"{hello}","operationName":1}}`},
		"init with a list":           {`{"type":"connection_init","payload":[]}`},
		"init with a bad resume":     {`{"type":"connection_init","payload":{"resume":{"1":2}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t).dial()
			for _, m := range messages {
				c.send(m)
			}
			if len(messages) > 1 {
				c.expect(`{"type":"connection_ack"}`)
			}
			c.expectClose(4400)
		})
	}
}

func TestBinaryMessageClosesTheSocket(t *testing.T) {
	t.Parallel()
	c := serve(t).open()
	if err := c.conn.WriteMessage(websocket.BinaryMessage, []byte(init_)); err != nil {
		t.Fatal(err)
	}
	c.expectClose(4400)
}

func TestOperationBeforeAcknowledgementIsUnauthorized(t *testing.T) {
	t.Parallel()
	w := serve(t)
	c := w.dial()
	c.subscribe("1", "{hello}", "")
	c.expectClose(4401)
}

func TestSecondInitClosesTheSocket(t *testing.T) {
	t.Parallel()
	c := serve(t).open()
	c.send(init_)
	c.expectClose(4429)
}

func TestRefusedCredentialIsForbidden(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Init = func(_ context.Context, payload map[string]any) (context.Context, error) {
			return nil, fmt.Errorf("%v is not known", payload["authorization"])
		}
	})
	c := w.dial()
	c.send(`{"type":"connection_init","payload":{"authorization":"secret"}}`)
	if reason := c.expectClose(4403); strings.Contains(reason, "secret") {
		t.Errorf("the reason %q repeats the credential", reason)
	}
}

func TestAuthenticationThatIsDownMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Init = func(context.Context, map[string]any) (context.Context, error) {
			return nil, fmt.Errorf("look the key up: %w", transport.ErrTryLater)
		}
	})
	c := w.dial()
	c.send(init_)
	c.expectClose(websocket.CloseTryAgainLater)
}

func TestExpiredCredentialIsForbidden(t *testing.T) {
	t.Parallel()
	var expire context.CancelFunc
	w := serve(t, func(c *transport.Config) {
		c.Init = func(ctx context.Context, _ map[string]any) (context.Context, error) {
			ctx, expire = context.WithCancel(ctx)
			return ctx, nil
		}
	})
	c := w.open()
	c.subscribe("1", "subscription{ticks{number}}", "")
	w.awaitReaders(1)
	expire()
	c.expectClose(4403)
	w.awaitReaders(0)
}

func TestInitHasTheRequestsValuesAndOutlivesTheRequest(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	w := serve(t, func(c *transport.Config) {
		c.Init = func(ctx context.Context, _ map[string]any) (context.Context, error) {
			seen <- callerOf(ctx)
			return ctx, nil
		}
	})
	c := w.open("Caller", "ada")
	if got := awaitSignal(t, seen); got != "ada" {
		t.Errorf("Init saw the caller %q", got)
	}
	c.subscribe("1", "{hello}", "")
	c.expect(`{"id":"1","type":"next","payload":{"data":{"hello":"hello"}}}`)
}

func TestInitHasToComeInTime(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.Init = 50 * time.Millisecond })
	w.dial().expectClose(4408)
}

func TestPingsDoNotProlongTheWaitForInit(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.Init = 300 * time.Millisecond })
	c := w.dial()
	for {
		if c.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)) != nil {
			return // closed under our hands, which is as good
		}
		message, err := c.receive()
		if websocket.IsCloseError(err, 4408) {
			return
		}
		if message != `{"type":"pong"}` {
			t.Fatalf("received %q, %v", message, err)
		}
	}
}

func TestPingIsAnsweredAtAnyTimeWithItsPayload(t *testing.T) {
	t.Parallel()
	c := serve(t).dial()
	c.send(`{"type":"ping"}`)
	c.expect(`{"type":"pong"}`)
	c.send(`{"type":"ping","payload":{"a":[1,2.50,"ü"]}}`)
	c.expect(`{"type":"pong","payload":{"a":[1,2.50,"ü"]}}`)
	c.send(`{"type":"pong"}`)
	c.send(init_)
	c.expect(`{"type":"connection_ack"}`)
	c.expectAlive()
}

func TestWebSocketPingIsAnswered(t *testing.T) {
	t.Parallel()
	c := serve(t).open()
	pong := make(chan string, 1)
	c.conn.SetPongHandler(func(data string) error { pong <- data; return nil })
	if err := c.conn.WriteControl(websocket.PingMessage, []byte("data"), time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	c.expectAlive()
	if got := awaitSignal(t, pong); got != "data" {
		t.Errorf("pong %q", got)
	}
}

func TestServerPingsAndClosesSilentSockets(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Limits.KeepAlive, c.Limits.Silence = 50*time.Millisecond, time.Second
	})
	answering, silent := w.open(), w.open()
	silent.conn.SetPingHandler(func(string) error { return nil })
	pings := 0
	answering.conn.SetPingHandler(func(data string) error {
		if pings++; pings == 5 {
			answering.send(`{"type":"ping"}`)
		}
		return answering.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(patience))
	})
	answering.expect(`{"type":"pong"}`)
	silent.expectClose(websocket.CloseGoingAway)
}

func TestValidationErrorIsOneErrorAndTheSocketGoesOn(t *testing.T) {
	t.Parallel()
	c := serve(t).open()
	c.subscribe("1", "{unknown}", "")
	c.expectError("1", "GRAPHQL_VALIDATION_FAILED")
	c.subscribe("1", "{", "")
	c.expectError("1", "GRAPHQL_PARSE_FAILED")
	c.subscribe("1", "query($n:Int!){__typename}", `{"n":"x"}`)
	c.expectError("1", "GRAPHQL_VALIDATION_FAILED")
	c.expectAlive()
}

func TestOperationsOverTheSocket(t *testing.T) {
	t.Parallel()
	w := serve(t)
	c := w.open()
	c.subscribe("q", "{hello}", "")
	c.expect(`{"id":"q","type":"next","payload":{"data":{"hello":"hello"}}}`)
	c.expect(`{"id":"q","type":"complete"}`)
	c.subscribe("m", "mutation($v:Int!){set(value:$v)}", `{"v":7}`)
	c.expect(`{"id":"m","type":"next","payload":{"data":{"set":0}}}`)
	c.expect(`{"id":"m","type":"complete"}`)
	if got := w.Value.Load(); got != 7 {
		t.Errorf("the mutation left %d", got)
	}
	c.subscribe("s", "subscription{count(to:2)}", "")
	c.expect(`{"id":"s","type":"next","payload":{"data":{"count":1}}}`)
	c.expect(`{"id":"s","type":"next","payload":{"data":{"count":2}}}`)
	c.expect(`{"id":"s","type":"complete"}`)
	c.subscribe("s", `subscription($x:Int!){count(to:$x)}`, `{"x":0}`)
	c.expect(`{"id":"s","type":"complete"}`)
	c.subscribe("ü\n", "{fails}", "")
	c.expect(`{"id":"ü\n","type":"next","payload":{"errors":[{"message":"it failed","path":["fails"],"locations":[{"line":1,"column":2}]}],"data":{"fails":null}}}`)
	c.expect(`{"id":"ü\n","type":"complete"}`)
}

func TestStreamsThatEndBadly(t *testing.T) {
	t.Parallel()
	w := serve(t)
	c := w.open()
	c.subscribe("1", "subscription{refused}", "")
	if got := c.expectError("1", "").Message; got != "this stream is refused" {
		t.Errorf("message %q", got)
	}
	w.FailAt, w.Failure = 2, errors.New("the log was cut off")
	c.subscribe("1", "subscription{count(to:3)}", "")
	c.expect(`{"id":"1","type":"next","payload":{"data":{"count":1}}}`)
	if got := c.expectError("1", "").Message; got != "the log was cut off" {
		t.Errorf("message %q", got)
	}
	c.expectAlive()
}

func TestDuplicateIDClosesTheSocket(t *testing.T) {
	t.Parallel()
	w := serve(t)
	c := w.open()
	c.subscribe("1", "subscription{ticks{number}}", "")
	w.awaitReaders(1)
	c.subscribe("1", "{hello}", "")
	c.expectClose(4409)
	w.awaitReaders(0)
}

func TestIDsMayBeUsedAgainAtOnce(t *testing.T) {
	t.Parallel()
	c := serve(t).open()
	for range 100 {
		c.subscribe("1", "{hello}", "")
		c.expect(`{"id":"1","type":"next","payload":{"data":{"hello":"hello"}}}`)
		c.expect(`{"id":"1","type":"complete"}`)
	}
}

func TestSubprotocol(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.dial("Sec-Websocket-Protocol", "").expectClose(4406)
	_, response, err := w.tryDial("Sec-Websocket-Protocol", "graphql-ws")
	if err == nil || response.StatusCode != http.StatusBadRequest {
		t.Errorf("another subprotocol: %v, %v", response, err)
	}
	c := w.dial("Sec-Websocket-Protocol", "graphql-ws, graphql-transport-ws")
	if got := c.conn.Subprotocol(); got != transport.Subprotocol {
		t.Errorf("agreed on %q", got)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Origins = []string{"https://app.example.com"} })
	host := strings.TrimPrefix(w.server.URL, "http://")
	for origin, welcome := range map[string]bool{
		"https://app.example.com":          true,
		"http://" + host:                   true,
		"null":                             false,
		"https://evil.example.com":         false,
		"http://app.example.com":           false,
		"https://app.example.com.evil.com": false,
		"https://app.example.com:8443":     false,
		"":                                 false,
	} {
		_, response, err := w.tryDial("Origin", origin)
		if welcome && err != nil || !welcome && (err == nil || response.StatusCode != http.StatusForbidden) {
			t.Errorf("origin %q: %v, %v", origin, response, err)
		}
	}
	open := serve(t, func(c *transport.Config) { c.Origins = []string{"*"} })
	if _, _, err := open.tryDial("Origin", "https://anything.example.com"); err != nil {
		t.Error(err)
	}
}

func TestMessageOverTheLimit(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.MessageBytes = 1000 })
	c := w.open()
	c.send(`{"type":"ping","payload":{"a":"` + strings.Repeat("x", 966) + `"}}`)
	if got := len(c.next()); got != 1000 {
		t.Errorf("a pong of %d bytes", got)
	}
	c.send(`{"type":"ping","payload":{"a":"` + strings.Repeat("x", 967) + `"}}`)
	c.expectClose(websocket.CloseMessageTooBig)
}

func TestClientsCompleteStopsTheOperation(t *testing.T) {
	t.Parallel()
	w := serve(t)
	ended := make(chan error, 1)
	w.OnEnd = func(err error) { ended <- err }
	c := w.open()
	c.subscribe("s", "subscription{ticks{number}}", "")
	c.subscribe("q", "{wait}", "")
	w.awaitReaders(1)
	awaitSignal(t, w.Waiting)
	c.send(`{"id":"s","type":"complete"}`)
	c.send(`{"id":"q","type":"complete"}`)
	w.awaitReaders(0)
	if err := awaitSignal(t, ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the query ended with %v", err)
	}
	w.Feed.Publish("a", 1, 0)
	c.send(`{"id":"never","type":"complete"}`)
	c.expectAlive()
	c.subscribe("s", "{hello}", "")
	c.expect(`{"id":"s","type":"next","payload":{"data":{"hello":"hello"}}}`)
}

func TestPanicCostsTheOperationAlone(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Timeout = func(*graphql.OperationContext) time.Duration { panic("outside of every resolver") }
	})
	c := w.open()
	c.subscribe("1", "{hello}", "")
	if got := c.expectError("1", transport.CodeInternal).Message; got != "internal error" {
		t.Errorf("message %q", got)
	}
	c.expectAlive()
}

func TestPanicInInitIsOurFault(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Init = func(context.Context, map[string]any) (context.Context, error) { panic("in init") }
	})
	c := w.dial()
	c.send(init_)
	c.expectClose(4500)
}

func TestOperationsHaveADeadline(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.Operation = 50 * time.Millisecond })
	c := w.open()
	c.subscribe("1", "{wait}", "")
	r := c.reply()
	if !strings.Contains(string(r.Payload), context.DeadlineExceeded.Error()) {
		t.Errorf("%s %s", r.Type, r.Payload)
	}
}
