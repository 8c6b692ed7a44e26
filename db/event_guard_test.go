package db

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// as gives the address with a role that every session takes on.
func as(t *testing.T, role, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("role", role)
	u.RawQuery = q.Encode()
	return u.String()
}

// E20: neither the role that the server should connect as nor the owner can change what happened.
func TestNobodyRewritesTheLog(t *testing.T) {
	t.Parallel()
	owner := dbtest.URL(t)
	app, err := Open(t.Context(), as(t, "wfd_app", owner), Options{PoolSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	c := newCrowd(5)
	commitEvents(t, app, c.entries...)
	if head := sequenceEvents(t, app); head != 5 {
		t.Fatalf("head %d", head)
	}
	if _, err := app.Events().Keep(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, _, err := app.Events().Read(t.Context(), model.LogRange{Limit: 10}, model.EntryFilter{}); err != nil || len(got) != 5 {
		t.Fatalf("read %d entries, %v", len(got), err)
	}
	root, err := pgxpool.New(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	const refused = "42501"
	for _, sql := range []string{
		"UPDATE %s SET seq = seq", "DELETE FROM %s", "TRUNCATE %s",
	} {
		for _, table := range []string{"events", "event_log"} {
			for who, pool := range map[string]*pgxpool.Pool{"the app": app.pool, "the owner": root} {
				_, err := pool.Exec(t.Context(), fmt.Sprintf(sql, table))
				if code, _ := pgCode(err); code != refused {
					t.Errorf("%s may %s: %v", who, fmt.Sprintf(sql, table), err)
				}
			}
		}
	}
	for _, sql := range []string{
		"UPDATE events_1 SET seq = seq", "DELETE FROM events_1", "DELETE FROM event_log_1", "TRUNCATE events_1", "DROP TABLE events_1",
		"INSERT INTO events_1 SELECT * FROM events", "INSERT INTO event_log SELECT * FROM event_log", "DELETE FROM event_batch",
		"UPDATE event_epoch SET fork_position = 0", "ALTER TABLE events DISABLE TRIGGER ALL", "SELECT setval('event_seq', 1)",
		"SELECT event_extend('events', 1, 1, 1)",
	} {
		if _, err := app.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("the app may %s", sql)
		} else if code, _ := pgCode(err); code != refused {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for _, sql := range []string{"UPDATE events_1 SET seq = seq", "DELETE FROM event_log_1"} {
		if _, err := root.Exec(t.Context(), sql); err == nil {
			t.Errorf("the owner may %s", sql)
		}
	}
	// The control: on an ordinary table the role may do all that.
	for _, sql := range []string{"UPDATE users SET name = name", "DELETE FROM users"} {
		if _, err := app.pool.Exec(t.Context(), sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// E24: on tables that have no statistics, whatever they hold by then, nothing of the stream reads a whole partition.
func TestFreshTablesKeepIndexPlans(t *testing.T) {
	t.Parallel()
	if n := scannedByStream(t, openTest(t)); n > 0 {
		t.Errorf("%d rows were read by scanning partitions from end to end", n)
	}
	// The control: without its index the sequencer scans.
	d := openTest(t)
	if _, err := d.pool.Exec(t.Context(), "DROP INDEX events_xid_idx"); err != nil {
		t.Fatal(err)
	}
	if scannedByStream(t, d) == 0 {
		t.Error("the sequencer does not scan without its index either, so this proves nothing")
	}
}

// scannedByStream fills a fresh log, reads it in every way, and gives how many rows came from scans of partitions.
func scannedByStream(t *testing.T, d *DB) (rows int64) {
	t.Helper()
	c := newCrowd(3000)
	last := int64(0)
	for batch := range slices.Chunk(c.entries, 100) {
		commitEvents(t, d, batch...)
		sequenceEvents(t, d)
		entries, _, err := d.Events().Read(t.Context(), model.LogRange{After: last, UpTo: last + 1000, Limit: 1000}, model.EntryFilter{})
		if err != nil {
			t.Fatal(err)
		}
		last = entries[len(entries)-1].Position
		if _, err := d.Events().Find(t.Context(), batch[7].Seq); err != nil {
			t.Fatal(err)
		}
	}
	for name, f := range c.filters(func(float64) time.Time { return time.Now() }) {
		for _, r := range []model.LogRange{{Limit: 20}, {Limit: 20, Newest: true}, {After: 500, UpTo: 2500, Limit: 20}} {
			if _, _, err := d.Events().Read(t.Context(), r, f); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	d.feed.Reset() // a session's statistics arrive when it ends
	for busy := 1; busy > 0; {
		const sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '% feed'"
		if err := d.pool.QueryRow(t.Context(), sessions).Scan(&busy); err != nil {
			t.Fatal(err)
		}
	}
	const scanned = "SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname SIMILAR TO '(events|event_log)_[0-9]+'"
	if err := d.pool.QueryRow(t.Context(), scanned).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}
