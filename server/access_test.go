package server_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"workflowfactory/model"
	"workflowfactory/server"
)

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, admin := w.key(model.RoleAdmin)
	_, viewer := w.key(model.RoleViewer)
	_, agent := w.key(model.RoleAgent)
	const (
		list   = `{ workflows { totalCount } }`
		create = `mutation { createWorkflow(input: {name: "x"}) { cursor } }`
		keys   = `{ apiKeys { totalCount } }`
		badArg = `mutation ($i: CreateWorkflowInput!) { createWorkflow(input: $i) { cursor } }`
	)
	for _, test := range []struct{ who, key, query, code string }{
		{"nobody", "", `{ viewer { name } health { status database } __typename }`, ""},
		{"nobody", "", list, "UNAUTHENTICATED"},
		{"nobody", "", badArg, "UNAUTHENTICATED"},
		{"an administrator", admin, badArg, "BAD_USER_INPUT"},
		{"an administrator", admin, keys, ""},
		{"an administrator", admin, create, ""},
		{"a viewer", viewer, list, ""},
		{"a viewer", viewer, create, "FORBIDDEN"},
		{"a viewer", viewer, keys, "FORBIDDEN"},
		{"an agent", agent, create, "FORBIDDEN"},
		{"an agent", agent, `mutation { registerAgent(input: {name: "A"}) { agent { name } } }`, ""},
	} {
		if r := w.query(test.key, test.query, nil); r.code() != test.code {
			t.Errorf("%s: %s: %v, want %q", test.who, test.query, r, test.code)
		}
	}
}

func TestBadCredentialIsRefusedWhateverIsAsked(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	if r := w.query("wfk_made_up", `{ __typename }`, nil); r.Status != http.StatusUnauthorized || r.code() != "UNAUTHENTICATED" || r.Data != nil {
		t.Errorf("%+v", r)
	}
}

func TestViewerIsWhoAsks(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, manager := w.key(model.RoleManager)
	if r := w.query(manager, `{ viewer { __typename name } }`, nil); !strings.Contains(mustJSON(t, r.Data), `"MANAGER"`) {
		t.Errorf("%+v", r)
	}
	_, agent := w.key(model.RoleAgent)
	w.query(agent, `mutation { registerAgent(input: {name: "TicketAnalyzer"}) { agent { id } } }`, nil)
	if r := w.query(agent, `{ viewer { __typename name } }`, nil); !strings.Contains(mustJSON(t, r.Data), `"TicketAnalyzer"`) {
		t.Errorf("%+v", r)
	}
	if r := w.query("", `{ viewer { name } }`, nil); mustJSON(t, r.Data) != `{"viewer":null}` {
		t.Errorf("%+v", r)
	}
}

func TestKeysOverTheAPI(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, admin := w.key(model.RoleAdmin)
	made := w.query(admin, `mutation { createApiKey(input: {name: "CI", role: VIEWER}) { secret cursor apiKey { id name prefix role agent { id } } } }`, nil)
	payload, _ := made.Data["createApiKey"].(map[string]any)
	secret, _ := payload["secret"].(string)
	key, _ := payload["apiKey"].(map[string]any)
	if secret == "" || !strings.HasPrefix(secret, key["prefix"].(string)) || payload["cursor"] == "" {
		t.Fatalf("%+v", made)
	}
	if r := w.query(secret, `{ workflows { totalCount } }`, nil); r.code() != "" {
		t.Errorf("the new key: %+v", r)
	}
	if r := w.query(admin, `{ apiKeys(first: 1) { totalCount edges { node { id name revokedAt } } pageInfo { hasNextPage } } }`, nil); !strings.Contains(mustJSON(t, r), `"CI"`) {
		t.Errorf("listed: %+v", r)
	}
	revoked := w.query(admin, `mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { cursor apiKey { revokedAt } } }`, map[string]any{"id": key["id"]})
	if revoked.code() != "" {
		t.Fatalf("%+v", revoked)
	}
	stops(t, func() bool { return w.query(secret, `{ __typename }`, nil).Status == http.StatusUnauthorized })
	if r := w.query(admin, `mutation { revokeApiKey(input: {id: "key_nothing"}) { cursor } }`, nil); r.code() != "NOT_FOUND" {
		t.Errorf("revoking nothing: %+v", r)
	}
	if r := w.query(admin, `mutation { createApiKey(input: {name: " ", role: VIEWER}) { cursor } }`, nil); r.code() != "BAD_USER_INPUT" || r.Errors[0].Extensions["field"] != "name" {
		t.Errorf("without a name: %+v", r)
	}
}

// stops waits for a credential to be refused. That this takes no longer than 5 s is shown without a real clock, by
// TestRevokedKeyStopsWithinFiveSeconds and TestWatchEndsWithTheCredential of package auth.
func stops(t *testing.T, refused func() bool) {
	t.Helper()
	for begin := time.Now(); !refused(); time.Sleep(50 * time.Millisecond) { // between two questions
		if time.Since(begin) > patience {
			t.Fatal("it works for ever")
		}
	}
}

func TestSocketsAuthenticate(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, manager := w.key(model.RoleManager)
	const who = `{ viewer { name } }`
	for name, open := range map[string]func() *socket{
		"by the payload": func() *socket {
			s := w.dial(nil)
			s.open(`{"authorization": "Bearer ` + manager + `"}`)
			return s
		},
		"by the payload, spelt as the header": func() *socket {
			s := w.dial(nil)
			s.open(`{"Authorization": "bearer ` + manager + `"}`)
			return s
		},
		"by the header": func() *socket {
			s := w.dial(http.Header{"Authorization": {"Bearer " + manager}})
			s.open(`{}`)
			return s
		},
	} {
		if answer := open().run("1", who); !strings.Contains(answer, "MANAGER") {
			t.Errorf("%s: %s", name, answer)
		}
	}
	anonymous := w.dial(nil)
	anonymous.open(`{}`)
	if answer := anonymous.run("1", `subscription { events { id } }`); !strings.Contains(answer, "UNAUTHENTICATED") {
		t.Errorf("nobody: %s", answer)
	}
	for _, payload := range []string{`{"authorization": "Bearer made-up-0123456789abcdef0123456789"}`, `{"authorization": 7}`, `{"authorization": "Basic x"}`} {
		s := w.dial(nil)
		s.send(message{Type: "connection_init", Payload: []byte(payload)})
		if code := s.closed(); code != 4403 {
			t.Errorf("%s: closed with %d", payload, code)
		}
	}
}

// E22: what a key may no longer see is soon not delivered any more; see stops.
func TestRevokedKeyEndsOpenSocketsAndStreams(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	id, secret := w.key(model.RoleViewer)
	s := w.dial(nil)
	s.open(`{"authorization": "Bearer ` + secret + `"}`)
	s.subscribe("1", `subscription { events { id } }`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/graphql", strings.NewReader(`{"query": "subscription { events { id } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Accept": {"text/event-stream"}, "Content-Type": {"application/json"}, "Authorization": {"Bearer " + secret}}
	stream, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	if !lines.Scan() {
		t.Fatal("the stream does not begin")
	}
	w.revoke(id)
	if code := s.closed(); code != 4403 {
		t.Errorf("the socket was closed with %d", code)
	}
	for lines.Scan() { // until the stream ends too
	}
}

func TestAgentThatRegistersOnASocketIsItselfAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, secret := w.key(model.RoleAgent)
	s := w.dial(nil)
	s.open(`{"authorization": "Bearer ` + secret + `"}`)
	s.run("1", `mutation { registerAgent(input: {name: "A"}) { agent { id } } }`)
	if answer := s.run("2", `{ viewer { __typename name } agents { totalCount } }`); !strings.Contains(answer, `"__typename":"Agent","name":"A"`) || !strings.Contains(answer, `"totalCount":1`) {
		t.Errorf("%s", answer)
	}
}

func TestClosedServerTellsStrangersNothing(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *server.Config) { c.Closed = true })
	_, viewer := w.key(model.RoleViewer)
	const reads = `{ __schema { queryType { name } } }`
	if r := w.query("", reads, nil); r.code() != "UNAUTHENTICATED" {
		t.Errorf("introspection by nobody: %+v", r)
	}
	if r := w.query(viewer, reads, nil); r.code() != "" {
		t.Errorf("introspection by a viewer: %+v", r)
	}
	if r := w.query("", `{ workflow_s { id } }`, nil); r.code() != "GRAPHQL_VALIDATION_FAILED" || strings.Contains(r.Errors[0].Message, "Did you mean") {
		t.Errorf("a mistyped field: %+v", r)
	}
	if response, _ := w.ask(http.MethodGet, "/schema.graphqls", ""); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("the schema for nobody: %d", response.StatusCode)
	}
	if response, _ := w.ask(http.MethodGet, "/schema.graphqls", "", "Authorization: Bearer "+viewer); response.StatusCode != http.StatusOK {
		t.Errorf("the schema for a viewer: %d", response.StatusCode)
	}
}
