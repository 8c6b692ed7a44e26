package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

func TestEventsAreExported(t *testing.T) {
	clean(t)
	const events = 2*exportPage + 500
	url := dbtest.URL(t)
	t.Setenv("DATABASE_URL", url)
	if code, out, errOut := wfd(t, t.Context(), "events", "export"); code != 0 || out != "" || !strings.Contains(errOut, "exported 0 events") {
		t.Errorf("an empty log: %d, %q, %q", code, out, errOut)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `
		INSERT INTO events (id, type, kind, entity_id, version, actor_id, changes, snapshot)
		SELECT gen_random_uuid(), CASE WHEN i % 2 = 0 THEN 'TASK_UPDATED' ELSE 'TASK_DELETED' END, 2, gen_random_uuid(), i, gen_random_uuid(),
			'[{"field": "name", "before": "<a>", "after": null}]', CASE WHEN i % 2 = 0 THEN jsonb_build_object('name', i) END
		FROM generate_series(1, $1::int) i`, events)
	if err != nil {
		t.Fatal(err)
	}
	export := func(args ...string) []exportedLine {
		t.Helper()
		code, out, errOut := wfd(t, t.Context(), append([]string{"events", "export"}, args...)...)
		if code != 0 || !strings.Contains(errOut, "exported ") {
			t.Fatalf("%v: %d, %q", args, code, errOut)
		}
		return linesOf(t, out)
	}
	all := export()
	if len(all) != events {
		t.Fatalf("%d of %d events", len(all), events)
	}
	for i, line := range all {
		if line.place(t) != int64(i+1) || line.Version != int64(i+1) || line.ID == "" || line.Changes[0].Before != "<a>" {
			t.Fatalf("line %d: %+v", i, line)
		}
		if even := line.Version%2 == 0; even != (line.Entity != nil) || even != (line.Type == "TASK_UPDATED") {
			t.Fatalf("line %d: %+v", i, line)
		}
	}
	middle := all[1234].At.Format(time.RFC3339Nano)
	early := 0
	for _, line := range all {
		if line.At.Before(all[1234].At) {
			early++
		}
	}
	for _, c := range []struct {
		args        []string
		first, last int64
	}{
		{[]string{"--after", all[9].Cursor}, 11, events},
		{[]string{"--after", all[9].Cursor, "--up-to", all[1500].Cursor}, 11, 1501},
		{[]string{"--up-to", all[0].Cursor}, 1, 1},
		{[]string{"--before", middle}, 1, int64(early)},
		{[]string{"--since", middle}, int64(early) + 1, events},
	} {
		got := export(c.args...)
		if int64(len(got)) != c.last-c.first+1 || got[0].place(t) != c.first || got[len(got)-1].place(t) != c.last {
			t.Errorf("%v: %d events from %d to %d, want %d to %d", c.args, len(got), got[0].place(t), got[len(got)-1].place(t), c.first, c.last)
		}
	}
	file := filepath.Join(t.TempDir(), "events.jsonl")
	if code, out, _ := wfd(t, t.Context(), "events", "export", "--output", file); code != 0 || out != "" {
		t.Errorf("%d, %q", code, out)
	}
	if content, err := os.ReadFile(file); err != nil || len(linesOf(t, string(content))) != events {
		t.Errorf("the file has %d bytes: %v", len(content), err)
	}
	ahead := model.Cursor{Epoch: 1, Position: events + 1}.String()
	for says, args := range map[string][]string{
		"exists":           {"--output", file},
		"ahead of every":   {"--after", ahead},
		"not an event cur": {"--after", "nonsense"},
	} {
		if code, out, errOut := wfd(t, t.Context(), append([]string{"events", "export"}, args...)...); code != 1 || out != "" || !strings.Contains(errOut, says) {
			t.Errorf("%v: %d, %q", args, code, errOut)
		}
	}
}

type exportedLine struct {
	Cursor, ID, Type string
	At               time.Time
	Version          int64
	Changes          []struct{ Before any }
	Entity           any
}

func (l exportedLine) place(t *testing.T) int64 {
	t.Helper()
	c, err := model.ParseCursor(l.Cursor)
	if err != nil {
		t.Fatal(err)
	}
	return c.Position
}

func linesOf(t *testing.T, text string) (lines []exportedLine) {
	t.Helper()
	for line := range strings.Lines(text) {
		var l exportedLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		lines = append(lines, l)
	}
	return lines
}
