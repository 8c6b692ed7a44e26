package event_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"workflowfactory/event"
	"workflowfactory/model"
)

// narrow gives the log partitions of a few events each.
func (w *world) narrow(width int) {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), `DO $$
		DECLARE part regclass;
		BEGIN
			FOR part IN SELECT name FROM event_partition LOOP EXECUTE format('DROP TABLE %s', part); END LOOP;
		END $$`)
	if err != nil {
		w.t.Fatal(err)
	}
	w.ahead(width)
}

func (w *world) ahead(width int) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), "SELECT event_ahead($1)", width); err != nil {
		w.t.Fatal(err)
	}
}

// dropAll drops every whole partition.
func (w *world) dropAll() int { w.t.Helper(); return w.drop("SELECT event_drop('0')") }

// dropBefore drops partitions that end before a position, by its time.
func (w *world) dropBefore(position int64) int {
	w.t.Helper()
	return w.drop("SELECT event_drop(now() - (SELECT at FROM event_log WHERE position = $1))", position)
}

// drop gives how many partitions a statement drops, which it tries again as long as others hold the tables.
func (w *world) drop(sql string, args ...any) (dropped int) {
	w.t.Helper()
	for {
		err := w.pool.QueryRow(w.t.Context(), sql, args...).Scan(&dropped)
		if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "55P03" {
			continue
		}
		if err != nil {
			w.t.Fatal(err)
		}
		return dropped
	}
}

func (w *world) count(sql string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.pool.QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// E15, E19: what is dropped is told, by every way in which a subscriber may come upon it.
func TestDroppedEventsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.narrow(10)
	n := w.node(event.Options{RingEntries: 8, PageEntries: 4})
	for range 5 {
		w.position(n, w.write(7))
		w.ahead(10)
	}
	late := n.Subscribe(t.Context(), event.Subscription{After: &model.Cursor{Epoch: 1, Position: 3}})
	first := 0
	for e, err := range late {
		if first++; first == 1 {
			if err != nil || e.Position != 4 {
				t.Fatalf("%v, %v", e, err)
			}
			if dropped := w.dropAll(); dropped != 6 {
				t.Errorf("dropped %d partitions", dropped)
			}
			continue
		}
		if err != nil { // the page read before may still be given
			wantExpired(t, err, "RETENTION")
			break
		}
		if e.Position > 7 {
			t.Fatalf("position %d was dropped and is given, or something before it was skipped", e.Position)
		}
	}
	other := w.node(event.Options{})
	for position, kept := range map[int64]bool{0: false, 29: false, 30: true, 31: true, 35: true} {
		ctx, cancel := context.WithCancelCause(t.Context())
		ok := errors.New("the stream goes on")
		stream := other.Subscribe(ctx, event.Subscription{After: &model.Cursor{Epoch: 1, Position: position}, Check: func() error { return ok }})
		err := failure(stream)
		cancel(nil)
		if kept && !errors.Is(err, ok) {
			t.Errorf("after %d: %v", position, err)
		}
		if !kept {
			wantExpired(t, err, "RETENTION")
		}
	}
	if floor := other.Stats().Floor; floor != 30 {
		t.Errorf("floor %d", floor)
	}
	if events := w.count("SELECT count(*) FROM events"); events < 5 || events > 14 {
		t.Errorf("%d events are kept for 5 positions", events)
	}
}

// wantExpired checks that an error is CURSOR_EXPIRED for that reason, with a cursor to go on from.
func wantExpired(t *testing.T, err error, reason string) model.Cursor {
	t.Helper()
	e, ok := errors.AsType[*model.Error](err)
	if !ok || e.Code != model.CursorExpired || e.Details["reason"] != reason {
		t.Fatalf("want CURSOR_EXPIRED for %s, got %v", reason, err)
	}
	c, err := model.ParseCursor(e.Details["cursor"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// E19: partitions are made and dropped while everybody works, and nobody who keeps up notices. How far one is behind who
// keeps up is the machine's business, so what goes is what the stream has just had.
func TestPartitionsComeAndGoUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.narrow(100)
	n := w.node(event.Options{RingEntries: 50, PageEntries: 20})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream := make(chan []delivery, 1)
	var seen atomic.Int64 // the stream's last position
	whole := n.Subscribe(ctx, event.Subscription{})
	go func() {
		var s []delivery
		for e, err := range whole {
			if err != nil {
				if ctx.Err() == nil {
					t.Error(err)
				}
				break
			}
			s = append(s, deliveryOf(e))
			seen.Store(e.Position)
		}
		stream <- s
	}()
	c := w.startCrew(8, n.Kick)
	dropped := 0
	for until := time.Now().Add(*soak); time.Now().Before(until) || dropped == 0; {
		w.ahead(100)
		dropped += w.dropBefore(seen.Load())
		time.Sleep(20 * time.Millisecond)
	}
	c.stop()
	head, err := n.db.Events().Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.until("the stream has all of it", func() bool { return seen.Load() >= head })
	cancel()
	for property, example := range violations(c.ledger, <-stream) {
		t.Errorf("%s: %s", property, example)
	}
	n.untouched(t, nil)
	t.Logf("%d events, dropped %d partitions", head, dropped)
}
