package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"workflowfactory/db"
	"workflowfactory/model"
	"workflowfactory/server"
)

const rename = `mutation { updateWorkflow(input: {id: "%", name: "b"}) { workflow { id } } }`

// locked makes a workflow whose row another transaction holds until the test ends, and gives the change that waits for it.
func (w *world) locked() (query string) {
	w.t.Helper()
	created, err := (db.Workflows{DB: w.data}).Create(w.t.Context(), model.CreateWorkflowInput{Name: "a"})
	if err != nil {
		w.t.Fatal(err)
	}
	holder, err := w.data.Bun().BeginTx(context.Background(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { holder.Rollback() })
	if _, err := holder.Exec("SELECT 1 FROM workflows FOR UPDATE"); err != nil {
		w.t.Fatal(err)
	}
	return strings.Replace(rename, "%", created.Workflow.ID.String(), 1)
}

// awaitWaiting waits until so many statements of this database wait for a lock.
func (w *world) awaitWaiting(n int) {
	w.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var waiting int
		err := w.data.Bun().QueryRow("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		if err != nil {
			w.t.Fatal(err)
		}
		if waiting == n {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("%d statements wait, want %d", waiting, n)
		}
	}
}

func TestWhoLeavesTakesTheStatementAlong(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, manager := w.key(model.RoleManager)
	query := w.locked()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/graphql", strings.NewReader(`{"query": "`+strings.ReplaceAll(query, `"`, `\"`)+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+manager)
	gone := make(chan error, 1)
	go func() {
		response, err := http.DefaultTransport.RoundTrip(request)
		if err == nil {
			response.Body.Close()
		}
		gone <- err
	}()
	w.awaitWaiting(1)
	leave()
	if err := <-gone; err == nil {
		t.Error("the request was answered")
	}
	w.awaitWaiting(0)
}

func TestDeadlinesReachTheDatabase(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *server.Config) { c.Limits.Operation = 200 * time.Millisecond })
	_, manager := w.key(model.RoleManager)
	if r := w.query(manager, w.locked(), nil); r.code() != "QUERY_TOO_COMPLEX" {
		t.Errorf("%+v", r)
	}
	w.awaitWaiting(0)
}
