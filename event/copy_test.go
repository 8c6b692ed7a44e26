package event_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"workflowfactory/event"
	"workflowfactory/model"
)

// E18: a log that was dumped and restored goes on. Its transaction ids are another database's, which this one will give
// out again; nothing may come of that.
func TestARestoredLogGoesOn(t *testing.T) {
	t.Parallel()
	from, to := newWorld(t), newWorld(t)
	old := from.node(event.Options{})
	from.position(old, from.write(10))
	old.stop()
	from.write(3) // committed, and without positions when the dump is made

	const present = "SELECT pg_current_xact_id()::text::bigint"
	first := to.count(present) + 50_000 // of the transaction ids in the dump: they will be given again
	to.restore(from, first-from.count("SELECT min(xid::text::bigint) FROM events"))
	if _, err := to.pool.Exec(t.Context(), "SELECT setval('event_seq', 13)"); err != nil {
		t.Fatal(err)
	}
	to.write(1) // somebody writes before the log is sequenced again
	n := to.node(event.Options{})
	c := model.Cursor{Epoch: 1, Position: 10}
	if got := to.collect(n, event.Subscription{After: &c}, 4); !slices.Equal(positionsOf(got), upFrom(11, 4)) || got[3].Seq != 14 {
		t.Errorf("after the last position of the dump: %v", positionsOf(got))
	}
	c.Position = 11 // the old database may have given this one to another event, after the dump
	wantExpired(t, failure(n.Subscribe(t.Context(), event.Subscription{After: &c})), "FAILOVER")

	if to.count(present) > first {
		t.Fatal("other tests use up transaction ids too fast for this one")
	}
	last := to.count("SELECT max(xid::text::bigint) FROM events WHERE seq <= 13")
	for to.count(present) < last {
		to.write(1)
		to.exec(to.url, "DO $$ BEGIN FOR i IN 1..10000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$")
	}
	head, err := n.db.Events().Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if events := to.count("SELECT count(*) FROM events"); head != events {
		t.Errorf("%d positions for %d events", head, events)
	}
	found := map[string]string{}
	report := func(property, format string, args ...any) { found[property] = fmt.Sprintf(format, args...) }
	history := to.history(n, head)
	checkRepeated(history, report)
	checkGaps(history, report)
	if len(found) > 0 {
		t.Error(found)
	}
}

// A copy that was made without its sequences gives no number twice.
func TestARestoredLogWithoutItsSequence(t *testing.T) {
	t.Parallel()
	from, to := newWorld(t), newWorld(t)
	from.write(10)
	to.restore(from, 0)
	n := to.node(event.Options{})
	if seq := to.write(1); seq != 11 {
		t.Errorf("seq %d", seq)
	}
	to.collect(n, event.Subscription{After: &model.Cursor{Epoch: 1, Position: 0}}, 11)
	n.untouched(t, nil)
}

// restore copies the log from another database as a dump of its data does, and shifts the transaction ids in it by so
// many, as if that database had counted from elsewhere.
func (w *world) restore(from *world, shift int64) {
	w.t.Helper()
	snap := fmt.Sprintf("concat(pg_snapshot_xmin(snap)::text::bigint + %d, ':', pg_snapshot_xmax(snap)::text::bigint + %[1]d, ':')", shift)
	w.copyTable(from, "event_epoch", "*")
	w.copyTable(from, "event_batch", "batch, epoch, last_position, n, "+snap+", at")
	w.copyTable(from, "event_log", "*")
	w.copyTable(from, "events", fmt.Sprintf(`seq, xid::text::bigint + %d, id, at, type, schema_version, kind, entity_id, version,
		workflow_id, task_id, agent_id, suggestion_id, actor_id, request_id, changes, snapshot, address`, shift))
}

func (w *world) copyTable(from *world, table, columns string) {
	w.t.Helper()
	ctx := context.Background()
	source, err := pgx.Connect(ctx, from.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer source.Close(ctx)
	target, err := pgx.Connect(ctx, w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer target.Close(ctx)
	var dump bytes.Buffer
	if _, err := source.PgConn().CopyTo(ctx, &dump, fmt.Sprintf("COPY (SELECT %s FROM %s) TO STDOUT", columns, table)); err != nil {
		w.t.Fatal(err)
	}
	if _, err := target.PgConn().CopyFrom(ctx, &dump, fmt.Sprintf("COPY %s FROM STDIN", table)); err != nil {
		w.t.Fatal(err)
	}
}
