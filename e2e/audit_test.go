package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
)

// wfd runs a command of the program beside the server, and gives what it printed and its exit code.
func (s *server) wfd(args ...string) (out string, code int) {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	command := exec.CommandContext(s.t.Context(), path, args...)
	command.Env = s.env
	text, err := command.CombinedOutput()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		s.t.Fatal(err)
	}
	return string(text), command.ProcessState.ExitCode()
}

// Somebody with every right in the database changes one letter of what happened, and puts it back.
func TestTheAuditFindsOneChangedLetter(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	s := serve(t, "DATABASE_URL="+url)
	s.admin().create(nil, "one", "two")
	var stream struct{ Cursor string }
	s.admin().must(&stream, `{ cursor }`, nil)

	head, code := s.wfd("audit", "head")
	if code != 0 {
		t.Fatal(head)
	}
	kept := filepath.Join(t.TempDir(), "head.json")
	if err := os.WriteFile(kept, []byte(head), 0o600); err != nil {
		t.Fatal(err)
	}
	s.admin().create(nil, "later")
	verify := func() (string, int) { return s.wfd("audit", "verify", "--head", kept) }
	if out, code := verify(); code != 0 || !strings.Contains(out, "as it was written") {
		t.Fatalf("an untouched log: %d %s", code, out)
	}

	db, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	forge := func(sql string) {
		t.Helper()
		if _, err := db.Exec(t.Context(), "SET session_replication_role = replica; "+sql); err != nil {
			t.Fatal(err)
		}
	}
	const third = `WHERE seq = (SELECT seq FROM event_log WHERE position = 3)`
	forge(`UPDATE events SET snapshot = replace(snapshot::text, 'Task', 'Tusk')::jsonb ` + third)
	if out, code := verify(); code != 1 || !strings.Contains(out, "3") || !strings.Contains(out, "not what it was") {
		t.Errorf("a changed log: %d %s", code, out)
	}
	forge(`UPDATE events SET snapshot = replace(snapshot::text, 'Tusk', 'Task')::jsonb ` + third)
	if out, code := verify(); code != 0 {
		t.Errorf("a log that was put back: %d %s", code, out)
	}
	if out, code := s.wfd("audit", "verify", "--head", strings.Repeat("f", len(hashOf(t, head)))); code != 1 {
		t.Errorf("a head that this log never had: %d %s", code, out)
	}
}

func hashOf(t *testing.T, head string) string {
	t.Helper()
	var h struct{ Hash string }
	if err := json.Unmarshal([]byte(head), &h); err != nil || h.Hash == "" {
		t.Fatalf("%s: %v", head, err)
	}
	return h.Hash
}

// A dump of a database that is in use, restored into a new one: the log there is the same, sealed by the same hashes, and goes
// on in a new epoch.
func TestARestoredDumpGoesOn(t *testing.T) {
	t.Parallel()
	url, copied := dbtest.URL(t), dbtest.URL(t)
	s := serve(t, "DATABASE_URL="+url)
	s.admin().create(nil, "one", "two")
	created := func(by *client) (cursor string) {
		t.Helper()
		var done struct{ CreateWorkflow struct{ Cursor string } }
		by.must(&done, `mutation { createWorkflow(input: {name: "empty"}) { cursor } }`, nil)
		return done.CreateWorkflow.Cursor
	}
	last := created(s.admin())
	head, code := s.wfd("audit", "head")
	kept := filepath.Join(t.TempDir(), "head.json")
	if err := os.WriteFile(kept, []byte(head), 0o600); err != nil || code != 0 {
		t.Fatal(code, head, err)
	}
	restore(t, url, copied)
	lost := created(s.admin())

	r := serve(t, "DATABASE_URL="+copied)
	created(r.admin())
	if out, code := r.wfd("audit", "verify", "--head", kept); code != 0 || !strings.Contains(out, "as it was written") {
		t.Errorf("%d %s", code, out)
	}
	var was, is struct{ Epoch, Position int }
	later, _ := r.wfd("audit", "head")
	if err := errors.Join(json.Unmarshal([]byte(head), &was), json.Unmarshal([]byte(later), &is)); err != nil || is.Epoch <= was.Epoch || is.Position <= was.Position {
		t.Errorf("the head was %s, and after the restore %s (%v)", head, later, err)
	}
	var page struct {
		Events struct {
			Edges []struct{ Node struct{ Type string } }
		}
	}
	const since = `query ($after: EventCursor) { events(after: $after) { edges { node { type } } } }`
	r.admin().must(&page, since, vars{"after": last})
	if events := page.Events.Edges; len(events) != 1 || events[0].Node.Type != "WORKFLOW_CREATED" {
		t.Errorf("what came after the dump: %+v", events)
	}
	r.admin().refused("CURSOR_EXPIRED", since, vars{"after": lost})
}

// restore dumps one database and restores it into another, in place of what is there.
func restore(t *testing.T, from, to string) {
	t.Helper()
	db, err := pgx.Connect(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	var programs string
	if err := db.QueryRow(t.Context(), "SELECT setting FROM pg_config WHERE name = 'BINDIR'").Scan(&programs); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public"); err != nil {
		t.Fatal(err)
	}
	dump := filepath.Join(t.TempDir(), "dump")
	for _, command := range []*exec.Cmd{
		exec.CommandContext(t.Context(), filepath.Join(programs, "pg_dump"), "--format=custom", "--file="+dump, from),
		exec.CommandContext(t.Context(), filepath.Join(programs, "pg_restore"), "--exit-on-error", "--dbname="+to, dump),
	} {
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command.Path, err, out)
		}
	}
}
