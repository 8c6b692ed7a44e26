package transport_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"workflowfactory/transport"
)

// events is an event stream as it comes over the wire, after the HTTP header.
type events struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Reader
}

// listen starts an operation by POST as curl -N would.
func (w *world) listen(query, variables string, header ...string) *events {
	w.t.Helper()
	if variables == "" {
		variables = "null"
	}
	body := fmt.Sprintf(`{"query":%q,"variables":%s}`, query, variables)
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.URL, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", jsonType)
	r.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.listenTo(r)
}

func (w *world) listenTo(r *http.Request) *events {
	w.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = response.Body.Close() })
	return &events{t: w.t, response: response, lines: bufio.NewReader(response.Body)}
}

// expect wants the stream to go on with these bytes exactly.
func (e *events) expect(want string) {
	e.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(e.lines, got); err != nil || string(got) != want {
		e.t.Fatalf("received %q, %v\nwant %q", got[:n], err, want)
	}
}

func (e *events) expectEnd() {
	e.t.Helper()
	if rest, err := io.ReadAll(e.lines); err != nil || len(rest) > 0 {
		e.t.Fatalf("the stream goes on with %q, %v", rest, err)
	}
}

// expectHint wants the stream to say next when to connect again.
func (e *events) expectHint() {
	e.t.Helper()
	if line, err := e.lines.ReadString('\n'); !regexp.MustCompile(`^retry: \d{1,4}\n$`).MatchString(line) {
		e.t.Fatalf("received %q, %v", line, err)
	}
	e.expect("\n")
}

func tickEvent(n int) string {
	return fmt.Sprintf("event: next\nid: %d\ndata: {\"data\":{\"ticks\":{\"number\":%d}},\"extensions\":{\"cursor\":\"%d\"}}\n\n", n, n, n)
}

const numbers = "subscription($after:String){ticks(after:$after){number}}"

func TestEventStream(t *testing.T) {
	t.Parallel()
	w := serve(t)
	e := w.listen("subscription{count(to:2)}", "")
	if got := e.response.Header.Get("Content-Type"); got != "text/event-stream; charset=utf-8" || e.response.StatusCode != 200 {
		t.Errorf("%d %s", e.response.StatusCode, got)
	}
	e.expect(":\n\n")
	e.expect("event: next\ndata: {\"data\":{\"count\":1}}\n\n")
	e.expect("event: next\ndata: {\"data\":{\"count\":2}}\n\n")
	e.expect("event: complete\ndata: \n\n")
	e.expectEnd()

	e = w.listen("{hello}", "")
	e.expect(":\n\nevent: next\ndata: {\"data\":{\"hello\":\"hello\"}}\n\nevent: complete\ndata: \n\n")
	e.expectEnd()

	e = w.listen("{", "")
	if e.response.StatusCode != 200 {
		t.Errorf("a parse error answers %d", e.response.StatusCode)
	}
	e.expect(":\n\nevent: next\ndata: {\"errors\":[{\"message\":\"Expected Name, found \\u003cEOF\\u003e\"")
	if rest, _ := io.ReadAll(e.lines); !strings.HasSuffix(string(rest), "]}\n\nevent: complete\ndata: \n\n") {
		t.Errorf("the stream ends with %q", rest)
	}
}

func TestEventStreamResumesByLastEventID(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.Feed.Publish("a", 3, 0)
	e := w.listen(numbers, `{"after":"1"}`)
	e.expect(":\n\n" + tickEvent(2) + tickEvent(3))
	w.Feed.Publish("a", 1, 0)
	e.expect(tickEvent(4))
	_ = e.response.Body.Close()
	w.awaitReaders(0)

	w.Feed.Publish("a", 1, 0)
	e = w.listen(numbers, `{"after":"1"}`, "Last-Event-ID", "4")
	e.expect(":\n\n" + tickEvent(5))

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/?query="+url.QueryEscape(numbers), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream") // as EventSource sends it
	r.Header.Set("Last-Event-ID", "3")
	w.listenTo(r).expect(":\n\n" + tickEvent(4) + tickEvent(5))
}

func TestEventStreamIsKeptAliveWhateverTheServersTimeouts(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.KeepAlive = 10 * time.Millisecond })
	hasty := httptest.NewUnstartedServer(w.server.Config.Handler)
	hasty.Config.ReadTimeout, hasty.Config.WriteTimeout = 500*time.Millisecond, 500*time.Millisecond
	hasty.Start()
	defer hasty.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, hasty.URL+"/?query={wait}", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	e := w.listenTo(r)
	awaitSignal(t, w.Waiting)
	e.expect(strings.Repeat(":\n\n", 100)) // a second at least
	w.Gate <- struct{}{}
	for {
		line, err := e.lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "data: {\"data\":{\"wait\":\"waited\"}}\n" {
			return
		}
	}
}

func TestEventStreamOfOneWhoLeavesEnds(t *testing.T) {
	t.Parallel()
	w := serve(t)
	e := w.listen(numbers, "")
	w.awaitReaders(1)
	_ = e.response.Body.Close()
	w.awaitReaders(0)
}

func TestEventStreamThatEndsBadly(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.FailAt, w.Failure = 2, coded(transport.CodeBadInput)
	e := w.listen("subscription{count(to:3)}", "")
	e.expect(":\n\nevent: next\ndata: {\"data\":{\"count\":1}}\n\n")
	e.expect("event: next\ndata: {\"errors\":[{\"message\":\"as the stream says\",\"extensions\":{\"code\":\"BAD_USER_INPUT\"}}]}\n\n")
	e.expect("event: complete\ndata: \n\n")
	e.expectEnd()
}

// dialEvents opens an event stream on a connection that takes little at a time, and reads its HTTP header alone.
func (w *world) dialEvents(query string) *events {
	w.t.Helper()
	w.narrow.Store(true)
	defer w.narrow.Store(false)
	conn, err := net.Dial("tcp", w.server.Listener.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(aLittle)
	r, err := http.NewRequest(http.MethodGet, w.server.URL+"/?query="+url.QueryEscape(query), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	if err := r.Write(conn); err != nil {
		w.t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return &events{t: w.t, response: response, lines: bufio.NewReader(response.Body)}
}

func TestSlowEventStreamLearnsWhereToResume(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Limits.QueueEvents, c.Limits.Slow, c.Limits.Write = 4, time.Second, patience
	})
	e := w.dialEvents(`subscription{ticks(after:"0"){number padding}}`)
	w.awaitReaders(1)
	w.Feed.Publish("a", 200, 16<<10)
	w.awaitReaders(0)
	body, err := io.ReadAll(e.lines)
	if err != nil {
		t.Fatal(err)
	}
	stream := string(body)
	last := strings.Count(stream, "\nid: ")
	for n := 1; n <= last; n++ {
		if !strings.Contains(stream, "\nid: "+strconv.Itoa(n)+"\n") {
			t.Fatalf("event %d of %d is missing", n, last)
		}
	}
	want := fmt.Sprintf(`"extensions":{"code":"SLOW_CONSUMER","resumeAfter":"%d"}}]}`, last) + "\n\nevent: complete\ndata: \n\n"
	if !strings.HasSuffix(stream, want) || last == 0 || last == 200 {
		t.Errorf("after %d events: %.400q", last, stream[max(0, len(stream)-400):])
	}
}

func TestEventStreamThatIsNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.Write = 200 * time.Millisecond })
	e := w.dialEvents(`subscription{ticks(after:"0"){number padding}}`)
	w.awaitReaders(1)
	w.Feed.Publish("a", 200, 16<<10)
	w.awaitReaders(0)
	if body, err := io.ReadAll(e.lines); err == nil {
		t.Errorf("the stream of %d bytes ended in order", len(body))
	}
}

func TestEventStreamsAreBounded(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Limits.Sockets, c.Limits.SocketsPerCaller, c.Caller = 2, 1, callerOf
	})
	w.listen(numbers, "", "Caller", "ada")
	w.awaitReaders(1)
	if e := w.listen(numbers, "", "Caller", "ada"); e.response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the caller's second answers %d", e.response.StatusCode)
	}
	w.listen(numbers, "", "Caller", "grace")
	w.awaitReaders(2)
	e := w.listen(numbers, "")
	if e.response.StatusCode != http.StatusServiceUnavailable || e.response.Header.Get("Retry-After") == "" {
		t.Errorf("the third answers %d", e.response.StatusCode)
	}
	if got := w.http.Streams(); got != 2 {
		t.Errorf("%d streams are counted", got)
	}
}

func TestShutdownEndsEventStreamsSoThatClientsReconnect(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.Feed.Publish("a", 1, 0)
	e := w.listen(numbers, `{"after":"0"}`)
	e.expect(":\n\n" + tickEvent(1))
	w.http.Shutdown()
	e.expectHint()
	e.expectEnd()
	if e := w.listen(numbers, ""); e.response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a new stream answers %d", e.response.StatusCode)
	}
}
