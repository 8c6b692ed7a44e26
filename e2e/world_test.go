// Package e2e tests the program as its users meet it: the built binary over a real database, spoken to over HTTP and
// WebSocket.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"workflowfactory/db/dbtest"
)

const adminKey = "wfd_admin_0123456789abcdef0123456789abcdef"

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wfd-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "wfd")
	out, err := exec.Command("go", "build", "-o", path, "workflowfactory/cmd/wfd").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build wfd: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// server is a running wfd.
type server struct {
	t       *testing.T
	url     string // http://127.0.0.1:…
	env     []string
	process *exec.Cmd
	log     *bytes.Buffer // complete once the process has ended
	done    chan struct{}
}

// patience is far beyond what anything here takes; only what is broken waits so long.
const patience = 2 * time.Minute

// serve starts the program on a database of its own and waits until it is ready.
func serve(t *testing.T, settings ...string) *server {
	t.Helper()
	s := &server{t: t}
	port := freePort(t)
	s.url = "http://127.0.0.1:" + port
	s.env = append(os.Environ(), "PORT="+port, "HOST=127.0.0.1", "DATABASE_URL="+dbtest.URL(t), "ADMIN_API_KEY="+adminKey,
		"ENV=development", "LOG_FORMAT=json", "WFD_DATA_DIR="+t.TempDir())
	s.env = append(s.env, settings...)
	s.start()
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Log(s.log.String())
		}
	})
	return s
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// start starts the process, again after a kill.
func (s *server) start() {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	s.log, s.done = &bytes.Buffer{}, make(chan struct{})
	s.process = exec.Command(path, "serve")
	s.process.Env = s.env
	s.process.Stdout, s.process.Stderr = s.log, s.log
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	done := s.done
	go func(p *exec.Cmd) { p.Wait(); close(done) }(s.process)
	s.awaitReady()
}

// awaitReady asks until the server is ready.
func (s *server) awaitReady() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for {
		if r, err := http.Get(s.url + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ctx.Done():
			s.t.Fatal("the server does not become ready")
		case <-s.done:
			s.t.Fatalf("the server ended:\n%s", s.log)
		case <-time.After(10 * time.Millisecond): // between two requests
		}
	}
}

// kill ends the process as a crash does.
func (s *server) kill() {
	s.process.Process.Signal(syscall.SIGKILL)
	<-s.done
}

// client speaks GraphQL with one key.
type client struct {
	s      *server
	name   string
	key    string
	userID string // of the person who signed in, "" for a key
}

func (s *server) admin() *client { return &client{s: s, name: "admin", key: adminKey} }

// newKey makes a key and gives a client that uses it.
func (s *server) newKey(name, role string) *client {
	s.t.Helper()
	var made struct{ CreateApiKey struct{ Secret string } }
	s.admin().must(&made, `mutation ($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret } }`,
		vars{"i": vars{"name": name, "role": role}})
	return &client{s: s, name: name, key: made.CreateApiKey.Secret}
}

// newPerson makes an account, signs in with its password and gives a client that uses the session.
func (s *server) newPerson(name, role string) *client {
	s.t.Helper()
	email := strings.ToLower(name) + "@example.com"
	var made struct{ CreateUser struct{ Password string } }
	s.admin().must(&made, `mutation ($i: CreateUserInput!) { createUser(input: $i) { password } }`,
		vars{"i": vars{"name": name, "email": email, "role": role}})
	var in struct {
		Login struct {
			Token string
			User  struct{ ID string }
		}
	}
	s.admin().must(&in, `mutation ($i: LoginInput!) { login(input: $i) { token user { id } } }`,
		vars{"i": vars{"email": email, "password": made.CreateUser.Password}})
	return &client{s: s, name: name, key: in.Login.Token, userID: in.Login.User.ID}
}

type vars = map[string]any

type gqlError struct {
	Message    string
	Path       []any
	Extensions map[string]any
}

func (e gqlError) code() string { return fmt.Sprint(e.Extensions["code"]) }

// do sends one operation and gives the errors of the answer; transport failures are errors too.
func (c *client) do(out any, query string, v vars) ([]gqlError, error) {
	body, err := json.Marshal(vars{"query": query, "variables": v})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest("POST", c.s.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+c.key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data   json.RawMessage
		Errors []gqlError
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("%s answers %q: %w", response.Status, text, err)
	}
	if out != nil && len(answer.Data) > 0 {
		if err := json.Unmarshal(answer.Data, out); err != nil {
			return nil, fmt.Errorf("read %s: %w", answer.Data, err)
		}
	}
	return answer.Errors, nil
}

// must wants an answer without errors.
func (c *client) must(out any, query string, v vars) {
	c.s.t.Helper()
	errs, err := c.do(out, query, v)
	if err != nil || len(errs) > 0 {
		c.s.t.Fatalf("%s: %v %+v\n%s %v", c.name, err, errs, query, v)
	}
}

// refused wants one error with that code.
func (c *client) refused(code, query string, v vars) {
	c.s.t.Helper()
	errs, err := c.do(nil, query, v)
	if err != nil || len(errs) != 1 || errs[0].code() != code {
		c.s.t.Errorf("%s: %v %+v, want %s\n%s %v", c.name, err, errs, code, query, v)
	}
}

// stream is a subscription over a WebSocket of its own.
type stream struct {
	t    *testing.T
	conn *websocket.Conn
	next chan json.RawMessage // the data of each event; closed at the end
	end  error                // why, once next is closed
}

type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// subscribe opens a stream; it is live when subscribe returns if the subscription has a cursor to begin at.
func (c *client) subscribe(query string, v vars) (*stream, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(c.s.url, "http")+"/graphql", nil)
	if err != nil {
		return nil, err
	}
	send := func(kind, id string, payload any) error {
		text, _ := json.Marshal(payload)
		return conn.WriteJSON(message{ID: id, Type: kind, Payload: text})
	}
	if err := send("connection_init", "", vars{"authorization": "Bearer " + c.key}); err != nil {
		return nil, err
	}
	var ack message
	if err := conn.ReadJSON(&ack); err != nil || ack.Type != "connection_ack" {
		return nil, fmt.Errorf("no connection_ack but %+v: %w", ack, err)
	}
	if err := send("subscribe", "1", vars{"query": query, "variables": v}); err != nil {
		return nil, err
	}
	s := &stream{t: c.s.t, conn: conn, next: make(chan json.RawMessage, 10_000)}
	go s.read()
	c.s.t.Cleanup(func() { conn.Close() })
	return s, nil
}

func (s *stream) read() {
	defer close(s.next)
	for {
		var m message
		if s.end = s.conn.ReadJSON(&m); s.end != nil {
			return
		}
		switch m.Type {
		case "ping":
			s.conn.WriteJSON(message{Type: "pong"})
		case "next":
			var payload struct{ Data json.RawMessage }
			if s.end = json.Unmarshal(m.Payload, &payload); s.end != nil {
				return
			}
			s.next <- payload.Data
		case "error", "complete":
			s.end = fmt.Errorf("%s %s", m.Type, m.Payload)
			return
		}
	}
}

// mustSubscribe wants the stream to open.
func (c *client) mustSubscribe(query string, v vars) *stream {
	c.s.t.Helper()
	s, err := c.subscribe(query, v)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return s
}

// event is what the tests select of an event.
type event struct {
	ID, Cursor, Type string
	At               time.Time
	Actor            struct{ Name string }
	Task             *struct {
		Key, Status string
		Progress    int
	}
	TaskID  string
	Changes []struct {
		Field         string
		Before, After json.RawMessage
	}
}

const eventFields = `{ id cursor type at actor { name } changes { field before after } ... on TaskEvent { taskId task { key status progress } } }`

const everything = `subscription ($after: EventCursor) { events(after: $after) ` + eventFields + ` }`

// until takes events until one is as wanted, and gives them all.
func (s *stream) until(what string, wanted func(event) bool) []event {
	s.t.Helper()
	var events []event
	timeout := time.After(patience)
	for {
		select {
		case data, open := <-s.next:
			if !open {
				s.t.Fatalf("the stream ended before %s: %v, after %d events", what, s.end, len(events))
			}
			var next struct{ Events event }
			if err := json.Unmarshal(data, &next); err != nil {
				s.t.Fatal(err)
			}
			events = append(events, next.Events)
			if wanted(next.Events) {
				return events
			}
		case <-timeout:
			s.t.Fatalf("%s does not come; %d events did", what, len(events))
		}
	}
}

// log reads the audit log from the beginning, page by page.
func (c *client) log() []event {
	c.s.t.Helper()
	var events []event
	var after *string
	for {
		var page struct {
			Events struct {
				Edges    []struct{ Node event }
				PageInfo struct {
					HasNextPage bool
					EndCursor   *string
				}
			}
		}
		c.must(&page, `query ($after: EventCursor) { events(first: 100, after: $after) { edges { node `+eventFields+` } pageInfo { hasNextPage endCursor } } }`, vars{"after": after})
		for _, e := range page.Events.Edges {
			events = append(events, e.Node)
		}
		if !page.Events.PageInfo.HasNextPage {
			return events
		}
		after = page.Events.PageInfo.EndCursor
	}
}
