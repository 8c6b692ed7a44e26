package server_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"syscall"
	"testing"
	"time"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/db/dbtest"
	"workflowfactory/event"
	"workflowfactory/model"
	"workflowfactory/server"
)

// BenchmarkOneWorkflow measures what a request costs that reads one workflow, all that stands between the connection and
// the database together. Most of its time goes into waiting for PostgreSQL, so what counts is the process's CPU time.
func BenchmarkOneWorkflow(b *testing.B) {
	s, data := quiet(b)
	key, secret := key(b, data, model.RoleAdmin)
	created, err := (db.Workflows{DB: data}).Create(model.WithCaller(b.Context(), model.Caller{ID: key, Role: model.RoleAdmin}),
		model.CreateWorkflowInput{Name: "Process ticket"})
	if err != nil {
		b.Fatal(err)
	}
	body := fmt.Appendf(nil, `{"query":"query ($id: ID!) { workflow(id: $id) { id name status progress createdAt } }","variables":{"id":%q}}`, created.Workflow.ID)
	ask := func() *answer {
		r, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://bench/graphql", io.NopCloser(bytes.NewReader(body)))
		r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + secret}}
		r.RemoteAddr = "127.0.0.1:4711"
		w := &answer{header: http.Header{}}
		s.ServeHTTP(w, r)
		return w
	}
	if w := ask(); !bytes.Contains(w.body.Bytes(), []byte(`"name":"Process ticket"`)) {
		b.Fatal(w.body.String())
	}
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		ask()
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
}

func quiet(b *testing.B) (*server.Server, *db.DB) {
	data, err := db.Open(b.Context(), dbtest.URL(b), db.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(data.Close)
	log := slog.New(server.WithRequestID(slog.NewJSONHandler(io.Discard, nil)))
	return server.New(server.Config{
		DB: data, Feed: event.New(data.Events(), event.Options{Logger: log}), Auth: auth.New(db.Access{DB: data}, log), Log: log,
		Pages: http.NotFoundHandler(),
	}), data
}

func key(b *testing.B, data *db.DB, role model.Role) (model.ID, string) {
	k, secret, err := auth.Mint(model.CreateAPIKeyInput{Name: role.String(), Role: role}, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	if _, err := (db.Access{DB: data}).CreateKey(b.Context(), k); err != nil {
		b.Fatal(err)
	}
	return k.ID, secret
}

// answer is the least that takes an answer.
type answer struct {
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(int)             {}
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
