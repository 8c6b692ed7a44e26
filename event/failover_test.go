package event_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"workflowfactory/db"
	"workflowfactory/db/dbtest"
	"workflowfactory/db/pgdev"
	"workflowfactory/event"
	"workflowfactory/model"
)

// E16: a standby that has not received everything is promoted. Who saw what was lost is told; all others go on, and
// get what happened instead.
func TestFailoverToAStandby(t *testing.T) {
	t.Parallel()
	primary := dbtest.NewCluster(t)
	standby := startStandby(t, primary)
	w := worldAt(t, either(t, primary.URL(), standby))
	n := w.node(event.Options{RingEntries: 4, PageEntries: 2})
	w.position(n, w.write(10))
	w.await(standby, "SELECT coalesce(max(last_position), 0) >= 10 FROM event_batch")
	w.exec(standby, "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
	w.await(standby, "SELECT count(*) = 0 FROM pg_stat_wal_receiver")

	// One subscriber has seen 13, another 8, a third sleeps at the head over what it does not want.
	lost := w.position(n, w.write(5))
	if lost != (model.Cursor{Epoch: 1, Position: 15}) {
		t.Fatalf("cursor %v", lost)
	}
	saw13, end13 := w.pausedAt(n, model.Cursor{Epoch: 1, Position: 12})
	saw8, end8 := w.pausedAt(n, model.Cursor{Epoch: 1, Position: 7})
	defer end13()
	defer end8()
	if p := saw13().Position; p != 13 {
		t.Fatalf("position %d", p)
	}
	if p := saw8().Position; p != 8 {
		t.Fatalf("position %d", p)
	}

	kept, err := db.Audit{DB: n.db}.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n.untouched(t, &kept)
	primary.Kill9()
	w.exec(standby, "SELECT pg_promote()")
	mine := model.NewID(model.KindWorkflow)
	w.pool.Reset()
	w.writeFor(mine, 7)

	for want := int64(9); want <= 17; want++ {
		if e := saw8(); e.Position != want || e.Position > 10 && e.WorkflowID != mine {
			t.Fatalf("after the failover position %d of workflow %v, want %d of the new ones", e.Position, e.WorkflowID, want)
		}
	}
	for e := saw13(); e != nil; e = saw13() {
		if e.Position > 15 || e.WorkflowID == mine {
			t.Fatalf("who saw position 13 of the old primary goes on with %d of the new", e.Position)
		}
	}
	wantExpired(t, end13(), "FAILOVER")
	for _, m := range []*node{n, w.node(event.Options{})} {
		wantExpired(t, failure(m.Subscribe(t.Context(), event.Subscription{After: &lost})), "FAILOVER")
		wantExpired(t, failure(m.Subscribe(t.Context(), event.Subscription{After: &model.Cursor{Epoch: 1, Position: 11}})), "FAILOVER")
		got := w.collect(m, event.Subscription{After: &model.Cursor{Epoch: 1, Position: 10}}, 7)
		if !slices.Equal(positionsOf(got), upFrom(11, 7)) || got[0].Cursor().Epoch != 2 {
			t.Errorf("after the last common position: %v in epoch %d", positionsOf(got), got[0].Cursor().Epoch)
		}
		if got := w.collect(m, event.Subscription{After: &model.Cursor{Epoch: 2, Position: 13}}, 4); got[0].Position != 14 {
			t.Errorf("in the new epoch: %v", positionsOf(got))
		}
	}
	n.untouched(t, nil)
	if flaws := n.flaws(t, &kept); len(flaws) != 1 || flaws[0].Position != 15 || !strings.Contains(flaws[0].What, "replaced") {
		t.Errorf("the head that was lost: %v", flaws)
	}
}

// untouched wants the log to be what was written, and to hold the head that was kept.
func (n *node) untouched(t *testing.T, kept *model.LogHead) {
	t.Helper()
	if flaws := n.flaws(t, kept); len(flaws) > 0 {
		t.Errorf("the chain of the log does not hold: %v", flaws[0])
	}
}

func (n *node) flaws(t *testing.T, kept *model.LogHead) []*model.Flaw {
	t.Helper()
	chain, err := db.Audit{DB: n.db}.Verify(t.Context(), kept, func(int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	return chain.Flaws
}

// pausedAt subscribes; each call of next takes one more entry, nil at the end. end tells why the stream ended.
func (w *world) pausedAt(n *node, c model.Cursor) (next func() *model.Entry, end func() error) {
	ctx, cancel := context.WithCancel(w.t.Context())
	entries, asks, result := make(chan *model.Entry), make(chan bool), make(chan error, 1)
	go func() {
		defer close(entries)
		<-asks
		for e, err := range n.Subscribe(ctx, event.Subscription{After: &c}) {
			if err != nil {
				result <- err
				return
			}
			entries <- e
			if !<-asks {
				return
			}
		}
	}()
	next = func() *model.Entry {
		asks <- true
		return <-entries
	}
	end = func() error {
		cancel()
		select {
		case err := <-result:
			result <- err
			return err
		case asks <- false:
			return nil
		}
	}
	return next, end
}

func (w *world) exec(url string, statements ...string) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range statements {
		if _, err := conn.Exec(w.t.Context(), sql); err != nil {
			w.t.Fatalf("%s: %v", sql, err)
		}
	}
}

// await asks until the answer is true.
func (w *world) await(url, sql string) {
	w.t.Helper()
	pool, err := pgxpool.New(w.t.Context(), url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer pool.Close()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	for yes := false; !yes; {
		if err := pool.QueryRow(ctx, sql).Scan(&yes); err != nil {
			w.t.Fatalf("%s: %v", sql, err)
		}
	}
}

// startStandby copies a cluster, which is stopped for that, and lets the copy follow it. It gives the copy's URL.
func startStandby(t *testing.T, primary *dbtest.Cluster) string {
	t.Helper()
	data := ask(t, primary.URL(), "SHOW data_directory")
	config, err := pgx.ParseConfig(primary.URL())
	if err != nil {
		t.Fatal(err)
	}
	primary.Stop()
	dir := filepath.Dir(data) + "-standby"
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := copyAs(filepath.Join(dir, filepath.Base(data)), data); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(data), "standby.signal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := appendTo(filepath.Join(data, "pg_hba.conf"), "local replication all trust\n"); err != nil {
		t.Fatal(err)
	}
	follow := fmt.Sprintf("primary_conninfo = 'host=%s port=%d user=%s'\n", config.Host, config.Port, config.User)
	if err := appendTo(filepath.Join(dir, filepath.Base(data), "postgresql.auto.conf"), follow); err != nil {
		t.Fatal(err)
	}
	primary.Start()
	standby, err := pgdev.Start(t.Context(), pgdev.Config{
		Dir: dir, BinDir: os.Getenv("WFD_PG_BIN"), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { standby.Stop() })
	return strings.Replace(standby.URL(), "/"+pgdev.Database, "/"+config.Database, 1)
}

func appendTo(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}

// copyAs copies a folder with its owner and modes.
func copyAs(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		return copyOne(filepath.Join(to, rel), path, entry)
	})
}

func copyOne(to, from string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	switch {
	case entry.IsDir():
		err = os.MkdirAll(to, info.Mode().Perm())
	case entry.Type().IsRegular():
		var content []byte
		if content, err = os.ReadFile(from); err == nil {
			err = os.WriteFile(to, content, info.Mode().Perm())
		}
	default:
		return nil // a socket
	}
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	return os.Lchown(to, int(owner.Uid), int(owner.Gid))
}

func ask(t *testing.T, url, sql string) (answer string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// either gives the address of two servers of which the one that takes writes is wanted.
func either(t *testing.T, a, b string) string {
	t.Helper()
	first, errA := pgx.ParseConfig(a)
	second, errB := pgx.ParseConfig(b)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	u := url.URL{Scheme: "postgres", User: url.User(first.User), Path: "/" + first.Database, RawQuery: url.Values{
		"host":                 {first.Host + "," + second.Host},
		"port":                 {fmt.Sprintf("%d,%d", first.Port, second.Port)},
		"target_session_attrs": {"read-write"},
		"sslmode":              {"disable"},
		"connect_timeout":      {"2"},
	}.Encode()}
	return u.String()
}
