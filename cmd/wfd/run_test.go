package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"workflowfactory/db"
	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// wfd runs one command line.
func wfd(t *testing.T, ctx context.Context, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(ctx, args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestCommandLines(t *testing.T) {
	clean(t)
	tests := []struct {
		args []string
		code int
		says string // on either output
	}{
		{[]string{"--help"}, 0, "migrate status"},
		{[]string{"serve", "--help"}, 0, "DATABASE_STATEMENT_TIMEOUT"},
		{[]string{"key", "create", "--help"}, 0, "ADMIN, MANAGER, VIEWER or AGENT"},
		{[]string{"version"}, 0, "wfd "},
		{[]string{"schema"}, 0, "type Mutation {"},
		{[]string{"config"}, 0, "DATABASE_POOL_SIZE"},
		{[]string{"config", "--json"}, 0, `"name": "PORT"`},
		{[]string{"config", "--check"}, 0, ""},
		{[]string{"config", "--check", "--env=production"}, 1, "DATABASE_URL is needed"},
		{[]string{"serve", "--env=production"}, 1, "DATABASE_URL is needed"},
		{[]string{"serve", "--admin-api-key=short"}, 1, "ADMIN_API_KEY has 5 characters"},
		{[]string{"agent", "--help"}, 0, "--capabilities"},
		{[]string{"agent"}, 1, "wfd key create 'Demo Worker'"},
		{[]string{"agent", "--failures=2"}, 80, "--failures: 2 is not from 0 to 1"},
		{[]string{"demo", "--help"}, 0, "--workflows-per-minute"},
		{[]string{"demo", "--workflows-per-minute=0"}, 80, "not above 0"},
		{[]string{"demo", "--suggestions=-1"}, 80, "--suggestions: -1 is not from 0 to 1"},
		{[]string{"demo", "--data-dir=none"}, 1, "none was started here"},
		{[]string{"demo", "--key=k", "--url=http://127.0.0.1:1"}, 1, "start one with: wfd serve"},
		{[]string{"nonsense"}, 80, "unexpected argument nonsense"},
		{[]string{"serve", "--port=70000"}, 80, "port"},
		{[]string{"key", "revoke", "wf_1"}, 1, "is not the id of an API key"},
		{[]string{"key", "create", "x", "--role=ROOT"}, 80, "must be one of"},
		{[]string{"health", "--port=1"}, 1, "refused"},
	}
	for _, test := range tests {
		code, out, errOut := wfd(t, t.Context(), test.args...)
		if code != test.code || !strings.Contains(out+errOut, test.says) {
			t.Errorf("wfd %v: %d, %q, %q; want %d and %q", test.args, code, out, errOut, test.code, test.says)
		}
	}
}

func TestKeysOnTheCommandLine(t *testing.T) {
	clean(t)
	t.Setenv("DATABASE_URL", dbtest.URL(t))
	code, secret, errOut := wfd(t, t.Context(), "key", "create", "CI", "--role=MANAGER", "--expires=24h")
	if code != 0 || !strings.HasPrefix(secret, "wfk_") || strings.Count(secret, "\n") != 1 || !strings.Contains(errOut, "not shown again") {
		t.Fatalf("%d, %q, %q", code, secret, errOut)
	}
	code, listed, _ := wfd(t, t.Context(), "key", "list")
	if code != 0 || !strings.Contains(listed, "MANAGER  active") || strings.Contains(listed, strings.TrimSpace(secret)) {
		t.Errorf("%d, %q", code, listed)
	}
	id, _, _ := strings.Cut(listed, " ")
	if code, out, _ := wfd(t, t.Context(), "key", "revoke", id); code != 0 || !strings.Contains(out, "revoked "+id) {
		t.Errorf("%d, %q", code, out)
	}
	if _, listed, _ = wfd(t, t.Context(), "key", "list", "--json"); !strings.Contains(listed, `"revokedAt":"2`) {
		t.Errorf("%q", listed)
	}
	if code, _, errOut := wfd(t, t.Context(), "key", "create", " "); code != 1 || !strings.Contains(errOut, "name") {
		t.Errorf("%d, %q", code, errOut)
	}
}

func TestPeopleOnTheCommandLine(t *testing.T) {
	clean(t)
	t.Setenv("DATABASE_URL", dbtest.URL(t))
	code, password, errOut := wfd(t, t.Context(), "user", "create", "ada@example.com", "--role=ADMIN", "--name=Ada")
	if code != 0 || len(strings.TrimSpace(password)) < 20 || strings.Count(password, "\n") != 1 || !strings.Contains(errOut, "not shown again") {
		t.Fatalf("%d, %q, %q", code, password, errOut)
	}
	typed, err := os.Create("typed")
	if err != nil {
		t.Fatal(err)
	}
	defer typed.Close()
	if _, err := typed.WriteAt([]byte("correct horse battery\nmore\n"), 0); err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	t.Cleanup(func() { os.Stdin = stdin })
	os.Stdin = typed
	if code, out, errOut := wfd(t, t.Context(), "user", "create", "eve@example.com", "--password=ask"); code != 0 || out != "" || !strings.Contains(errOut, "eve@example.com, VIEWER") {
		t.Errorf("%d, %q, %q", code, out, errOut)
	}
	for _, line := range [][]string{{"user", "create", "ADA@example.com"}, {"user", "create", "nobody"}, {"user", "deactivate", "bob@example.com"}, {"user", "deactivate", "ada@example.com"}} {
		if code, _, errOut := wfd(t, t.Context(), line...); code != 1 || errOut == "" {
			t.Errorf("%v: %d, %q", line, code, errOut)
		}
	}
	if code, out, errOut := wfd(t, t.Context(), "user", "deactivate", "EVE@example.com"); code != 0 || !strings.Contains(out, "deactivated user_") {
		t.Errorf("%d, %q, %q", code, out, errOut)
	}
	_, listed, _ := wfd(t, t.Context(), "user", "list")
	if !strings.Contains(listed, "ADMIN   active       ada@example.com  Ada") || !strings.Contains(listed, "VIEWER  deactivated  eve@example.com  eve") {
		t.Errorf("%q", listed)
	}
	if _, listed, _ = wfd(t, t.Context(), "user", "list", "--json"); strings.Count(listed, "\n") != 2 || strings.Contains(listed, "argon2id") {
		t.Errorf("%q", listed)
	}
}

func TestMigrationsOnTheCommandLine(t *testing.T) {
	clean(t)
	t.Setenv("DATABASE_URL", dbtest.URL(t))
	for _, step := range []struct{ command, says string }{
		{"up", "nothing to apply"}, {"status", "0002_nouns"}, {"down", "reverted 0002_nouns"},
		{"status", "not applied"}, {"down", "nothing to revert"}, {"up", "applied 0001_events"}, {"up", "nothing to apply"},
	} {
		if code, out, errOut := wfd(t, t.Context(), "migrate", step.command); code != 0 || !strings.Contains(out, step.says) {
			t.Fatalf("migrate %s: %d, %q, %q", step.command, code, out, errOut)
		}
	}
	if code, _, errOut := wfd(t, t.Context(), "migrate", "create", "Bad Name", "--dir=."); code != 1 || !strings.Contains(errOut, "lower-case") {
		t.Errorf("%d, %q", code, errOut)
	}
}

func TestHealthAsksTheServer(t *testing.T) {
	clean(t)
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL)
		}
		w.WriteHeader(status)
		io.WriteString(w, `{"failing":["database"]}`)
	}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	t.Setenv("PORT", port)
	if code, _, errOut := wfd(t, t.Context(), "health"); code != 0 {
		t.Errorf("%d, %q", code, errOut)
	}
	status = http.StatusServiceUnavailable
	if code, _, errOut := wfd(t, t.Context(), "health"); code != 1 || !strings.Contains(errOut, "database") {
		t.Errorf("%d, %q", code, errOut)
	}
}

// serving runs `wfd serve` until stop is called, which gives its exit code and what it printed.
func serving(t *testing.T, args ...string) (url string, stop func() (int, string)) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var code int
	var out, errOut string
	var running sync.WaitGroup
	running.Go(func() { code, out, errOut = wfd(t, ctx, append([]string{"serve", "--port=" + port}, args...)...) })
	stop = func() (int, string) {
		cancel()
		running.Wait()
		return code, out + errOut
	}
	ended := make(chan struct{})
	go func() { running.Wait(); close(ended) }()
	for {
		if response, err := http.Get("http://127.0.0.1:" + port + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return "http://127.0.0.1:" + port, stop
			}
		}
		select {
		case <-ended:
			t.Fatalf("wfd serve ended with %d: %s%s", code, out, errOut)
		case <-time.After(10 * time.Millisecond): // between two questions
		}
	}
}

func TestServeOnAnEmptyMachine(t *testing.T) {
	clean(t)
	t.Setenv("WFD_DATA_DIR", shared(t))
	t.Setenv("ADMIN_API_KEY", exampleKey)
	url, stop := serving(t, "--seed")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql",
		strings.NewReader(`{"query": "{ workflows { totalCount } suggestions(filter: {status: {eq: PENDING}}) { edges { node { action confidence } } } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + exampleKey}}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if want := `{"data":{"workflows":{"totalCount":3},"suggestions":{"edges":[{"node":{"action":"send_response_email","confidence":0.95}}]}}}`; string(body) != want {
		t.Errorf("%s\nwant %s", body, want)
	}
	code, printed := stop()
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"Loaded demonstration data: 3 workflows", url + "/#key=" + exampleKey, url + "/graphiql", "psql '", "curl -s "} {
		if !strings.Contains(printed, want) {
			t.Errorf("it does not print %q: %s", want, printed)
		}
	}
	_, stop = serving(t, "--seed")
	if code, printed := stop(); code != 0 || !strings.Contains(printed, "is there already") {
		t.Errorf("again: %d, %s", code, printed)
	}
}

// shared is a folder that other users may enter, as the private PostgreSQL of root has to.
func shared(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wfd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTakenPortIsSaid(t *testing.T) {
	clean(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	if code, _, errOut := wfd(t, t.Context(), "serve", "--port="+port, "--database-url=postgres://127.0.0.1:1/none"); code != 1 || !strings.Contains(errOut, "choose another port with PORT") {
		t.Errorf("%d, %q", code, errOut)
	}
}

func TestDemonstrationTellsItsStories(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), dbtest.URL(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	outs := make([]bytes.Buffer, 3)
	var processes sync.WaitGroup
	for i := range outs { // two that start together wait for one another
		processes.Go(func() {
			if err := seed(t.Context(), d, &outs[i]); err != nil {
				t.Error(err)
			}
		})
	}
	processes.Wait()
	loaded := 0
	for i := range outs {
		if strings.Contains(outs[i].String(), "Loaded demonstration data: 3 workflows") {
			loaded++
		}
	}
	if loaded != 1 {
		t.Errorf("it was loaded %d times", loaded)
	}
	wantStatus := map[string]model.WorkflowStatus{
		dataMigration: model.WorkflowStatusCompleted, qualityControl: model.WorkflowStatusRunning, customerSupport: model.WorkflowStatusRunning,
	}
	page, err := db.Workflows{DB: d}.Page(t.Context(), nil, nil, model.Page{})
	if err != nil || len(page.Edges) != len(wantStatus) {
		t.Fatalf("%d workflows, %v", len(page.Edges), err)
	}
	for _, edge := range page.Edges {
		if edge.Node.Status != wantStatus[edge.Node.Name] || edge.Node.TotalTasks != 3 {
			t.Errorf("%s is %s with %d tasks", edge.Node.Name, edge.Node.Status, edge.Node.TotalTasks)
		}
	}
	agents, err := db.Agents{DB: d}.Page(t.Context(), nil, nil, model.Page{})
	if err != nil || len(agents.Edges) != 5 {
		t.Fatalf("%d agents, %v", len(agents.Edges), err)
	}
	for _, edge := range agents.Edges {
		if edge.Node.Name == "QualityChecker" && edge.Node.Status != model.AgentStatusBusy {
			t.Errorf("QualityChecker is %s", edge.Node.Status)
		}
	}
}

func TestSeedSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), dbtest.URL(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := seed(ctx, d, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestLogFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"json": `"msg":"hello"`, "auto": `"msg":"hello"`, "text": "INF hello"} {
		var out bytes.Buffer
		log, flush := newLog(General{LogLevel: "info", LogFormat: format}, &out)
		log.Debug("quiet")
		log.Log(t.Context(), slog.LevelInfo, "hello")
		flush()
		if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "quiet") {
			t.Errorf("%s: %q", format, out.String())
		}
	}
}
