package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"workflowfactory/model"
	"workflowfactory/server"
)

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	for given, kept := range map[string]bool{
		"": false, "abc-123:x_y.z": true, "with space": false, "quote\"d": false, strings.Repeat("x", 129): false,
	} {
		response, _ := w.ask(http.MethodGet, "/healthz?key=hunter2", "", "X-Request-Id: "+given)
		id := response.Header.Get("X-Request-Id")
		if id == "" || (id == given) != kept {
			t.Errorf("%q became %q", given, id)
		}
		if line := `"requestId":"` + id + `"`; !strings.Contains(w.log.String(), line) {
			t.Errorf("the log lacks %s", line)
		}
	}
	if strings.Contains(w.log.String(), "hunter2") {
		t.Error("the log holds a query string")
	}
}

func TestWhatNobodyMeantIsInternal(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, admin := w.key(model.RoleAdmin)
	if r := w.query(admin, `{ workflows { totalCount } }`, nil); r.code() != "" { // now the key is known
		t.Fatalf("%+v", r)
	}
	if _, err := w.data.Bun().Exec("ALTER TABLE workflows RENAME TO hidden"); err != nil {
		t.Fatal(err)
	}
	r := w.query(admin, `{ workflows { totalCount } }`, nil)
	id, _ := r.Errors[0].Extensions["requestId"].(string)
	if r.code() != "INTERNAL" || id == "" || len(r.Errors[0].Extensions) != 2 || r.Errors[0].Message != "internal error" {
		t.Errorf("%+v", r)
	}
	found := 0
	for line := range strings.Lines(w.log.String()) {
		if strings.Contains(line, id) && strings.Contains(line, `relation \"workflows\" does not exist`) {
			found++
		}
	}
	if found != 1 {
		t.Errorf("the reason is %d times in the log", found)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *server.Config) { c.Origins = []string{"https://app.example.com"} })
	const query = `{"query": "{ __typename }"}`
	response, _ := w.ask(http.MethodPost, "/graphql", query, "Content-Type: application/json", "Origin: https://app.example.com")
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		"Access-Control-Allow-Origin": "https://app.example.com",
	} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if vary := strings.Join(response.Header.Values("Vary"), ","); !strings.Contains(vary, "Origin") || !strings.Contains(vary, "Accept") {
		t.Errorf("Vary: %s", vary)
	}
	response, _ = w.ask(http.MethodPost, "/graphql", query, "Content-Type: application/json", "Origin: https://evil.example.com")
	if got := response.Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("a strange origin is allowed: %q", got)
	}
	response, _ = w.ask(http.MethodOptions, "/graphql", "", "Origin: https://app.example.com",
		"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type")
	if response.StatusCode/100 != 2 || !strings.Contains(strings.ToLower(response.Header.Get("Access-Control-Allow-Headers")), "authorization") {
		t.Errorf("preflight: %d %v", response.StatusCode, response.Header)
	}
}

func TestNoOriginsMeansNoOrigins(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	response, _ := w.ask(http.MethodPost, "/graphql", `{"query": "{ __typename }"}`, "Content-Type: application/json", "Origin: https://app.example.com")
	if got := response.Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("allowed: %q", got)
	}
}

func TestSchemaIsServedAsItIsWritten(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	written, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	response, served := w.ask(http.MethodGet, "/schema.graphqls", "")
	if served != string(written) || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%d %v: %d bytes, want %d", response.StatusCode, response.Header, len(served), len(written))
	}
	again, body := w.ask(http.MethodGet, "/schema.graphqls", "", "If-None-Match: "+response.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("%d with %d bytes", again.StatusCode, len(body))
	}
}

func TestBrowsersAreShownThePlayground(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *server.Config) { c.Playground = true })
	response, _ := w.ask(http.MethodGet, "/graphql", "", "Accept: text/html,application/xhtml+xml,*/*;q=0.8")
	if response.StatusCode != http.StatusFound || response.Header.Get("Location") != "/graphiql" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	broken := errors.New("password of the database is hunter2")
	w := start(t, func(c *server.Config) {
		c.Checks = []server.Check{
			{Name: "database", Ask: c.DB.Ping},
			{Name: "stream", Ask: func(context.Context) error { mu.Lock(); defer mu.Unlock(); return broken }},
		}
	})
	response, body := w.ask(http.MethodGet, "/readyz", "")
	if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `["stream"]`) || strings.Contains(body, "hunter2") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	mu.Lock()
	broken = nil
	mu.Unlock()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) { // an answer is good for half a second
		if response, _ = w.ask(http.MethodGet, "/readyz", ""); response.StatusCode == http.StatusOK {
			break
		}
		if time.Since(begin) > patience {
			t.Fatal("it never becomes ready")
		}
	}
	for path, want := range map[string]string{"/healthz": `"ok"`, "/version": `"version"`} {
		if response, body := w.ask(http.MethodGet, path, ""); response.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		}
	}
}

func TestPanicCostsOneRequest(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *server.Config) {
		c.Pages = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("hunter2") })
	})
	response, body := w.ask(http.MethodGet, "/anything", "")
	if response.StatusCode != http.StatusInternalServerError || !strings.Contains(body, "INTERNAL") || strings.Contains(body, "hunter2") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if response, _ := w.ask(http.MethodGet, "/healthz", ""); response.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %d", response.StatusCode)
	}
}

// One request is under way, one socket and one stream are open; then the server is told to go.
func TestShutdownInOrder(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan struct{}), make(chan struct{})
	w := start(t, func(c *server.Config) {
		c.DrainDelay = 2 * time.Second // time to ask whether it is ready, also on a busy machine
		c.Pages = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(begun)
			<-finish
			w.Write([]byte("finished"))
		})
	})
	_, viewer := w.key(model.RoleViewer)
	s := w.dial(nil)
	s.open(`{"authorization": "Bearer ` + viewer + `"}`)
	s.subscribe("1", `subscription { events { id } }`)
	var clients sync.WaitGroup
	clients.Go(func() {
		if _, body := w.ask(http.MethodGet, "/slow", ""); body != "finished" {
			t.Errorf("the request under way got %q", body)
		}
	})
	stream := w.begin(http.MethodPost, "/graphql", `{"query": "subscription { events { id } }"}`,
		"Accept: text/event-stream", "Content-Type: application/json", "Authorization: Bearer "+viewer)
	clients.Go(func() {
		defer stream.Body.Close()
		if body, err := io.ReadAll(stream.Body); err != nil || strings.Contains(string(body), "errors") {
			t.Errorf("the stream got %q: %v", body, err)
		}
	})
	<-begun
	w.stop()
	draining := false
	for begin := time.Now(); !draining && time.Since(begin) < patience; {
		response, body := w.ask(http.MethodGet, "/readyz", "")
		draining = response.StatusCode == http.StatusServiceUnavailable && strings.Contains(body, "draining") && response.Close
	}
	if !draining {
		t.Error("readiness was not withdrawn")
	}
	if code := s.closed(); code != 1012 {
		t.Errorf("the socket was closed with %d", code)
	}
	close(finish)
	clients.Wait()
	if err := w.ended(); err != nil {
		t.Error(err)
	}
}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	w := start(t, func(c *server.Config) {
		c.Patience = 200 * time.Millisecond
		c.Pages = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(begun)
			<-r.Context().Done()
		})
	})
	go http.Get(w.url + "/stuck")
	<-begun
	w.stop()
	if err := w.ended(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestBrokenPartEndsTheServer(t *testing.T) {
	t.Parallel()
	broken := errors.New("PostgreSQL ended by itself")
	fail := make(chan struct{})
	w := start(t, func(c *server.Config) {
		c.DrainDelay = time.Hour
		c.Loops = append(c.Loops, func(context.Context) error { <-fail; return broken })
	})
	w.ask(http.MethodGet, "/healthz", "")
	close(fail)
	if err := w.ended(); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// Loops may be what a request under way waits for, so they end last.
func TestLoopsEndAfterTheRequests(t *testing.T) {
	t.Parallel()
	begun, feeding := make(chan struct{}), make(chan string)
	w := start(t, func(c *server.Config) {
		c.Loops = append(c.Loops, func(ctx context.Context) error {
			select {
			case feeding <- "fed":
			case <-ctx.Done():
			}
			return nil
		})
		c.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			for { // once the server is going down
				if response, err := http.Get("http://" + r.Host + "/readyz"); err != nil || response.StatusCode != http.StatusOK {
					break
				}
			}
			w.Write([]byte(<-feeding))
		})
		c.DrainDelay = 100 * time.Millisecond
	})
	var client sync.WaitGroup
	client.Go(func() {
		if _, body := w.ask(http.MethodGet, "/needs-a-loop", ""); body != "fed" {
			t.Errorf("got %q", body)
		}
	})
	<-begun
	w.stop()
	client.Wait()
	if err := w.ended(); err != nil {
		t.Error(err)
	}
}
