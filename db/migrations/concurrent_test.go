package migrations_test

import (
	"context"
	"testing"
	"time"

	"github.com/uptrace/bun"
)

// gate is a lock that the step waits at, so that a test sees who has arrived there.
const gate = 42

var gated = steps(
	"0001_gate", "SELECT pg_advisory_xact_lock_shared(42); CREATE TABLE a ()",
	"0002_after", "CREATE TABLE b ()")

// caller is one of several processes that migrate at once.
type caller struct {
	applied []string
	err     error
}

func TestOfManyUpsAtOnceEachStepRunsOnce(t *testing.T) {
	t.Parallel()
	url := emptyURL(t)
	s := newSet(t, gated)
	open := func() *bun.DB { return open(t, url) }
	openGate := closeGate(t, open())
	results := make(chan caller)
	const callers = 6
	for range callers {
		go func(db *bun.DB) {
			applied, err := s.Up(t.Context(), db)
			results <- caller{applied, err}
		}(open())
	}
	waiting(t, open(), 1, callers-1)
	openGate()
	total := 0
	for range callers {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
		}
		total += len(r.applied)
	}
	if total != 2 || tables(t, open()) != "a b" {
		t.Errorf("%d steps were applied, tables %s", total, tables(t, open()))
	}
}

// Without the lock two come to the same step, and one of them fails.
func TestWithoutTheLockTwoRunTheSameStep(t *testing.T) {
	t.Parallel()
	url := emptyURL(t)
	db := open(t, url)
	if _, err := newSet(t, steps("0000_nothing", "")).Up(t.Context(), db); err != nil {
		t.Fatal(err) // which makes the tables that the callers need
	}
	s := newSet(t, gated)
	openGate := closeGate(t, db)
	errs := make(chan error)
	for range 2 {
		go func(db *bun.DB) { errs <- s.UpUnlocked(t.Context(), db) }(open(t, url))
	}
	waiting(t, db, 2, 0)
	openGate()
	if first, second := <-errs, <-errs; (first == nil) == (second == nil) {
		t.Errorf("got %v and %v", first, second)
	}
}

func TestAKilledUpLeavesNoLockBehind(t *testing.T) {
	t.Parallel()
	url := emptyURL(t)
	db := open(t, url)
	s := newSet(t, gated)
	openGate := closeGate(t, db)
	victim := open(t, url+"&application_name=victim")
	result := make(chan error)
	go func() {
		_, err := s.Up(t.Context(), victim)
		result <- err
	}()
	waiting(t, db, 1, 0)
	_, err := db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name = 'victim' AND datname = current_database()`)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-result; err == nil {
		t.Fatal("it did not notice")
	}
	openGate()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	applied, err := s.Up(ctx, db)
	if err != nil || len(applied) != 2 {
		t.Errorf("the next Up: %v, %v", applied, err)
	}
}

// The library notes a step after its commit, in a statement of its own; a trigger that refuses it stands for a crash
// just before.
func TestACrashAfterTheCommitDoesNotForgetTheStep(t *testing.T) {
	t.Parallel()
	db := empty(t)
	s := newSet(t, steps("0001_crash", `
		CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'crash'; END $$;
		CREATE TRIGGER crash BEFORE UPDATE ON bun_migrations EXECUTE FUNCTION crash();`))
	if _, err := s.Up(t.Context(), db); err == nil {
		t.Fatal("nothing crashed")
	}
	states, err := s.Status(t.Context(), db)
	if err != nil || states[0].AppliedAt.IsZero() {
		t.Errorf("got %v, %v", states, err)
	}
	if again, err := s.Up(t.Context(), db); err != nil || len(again) > 0 {
		t.Errorf("the next Up: %v, %v", again, err)
	}
}

// closeGate makes callers wait at the gate until open is called.
func closeGate(t *testing.T, db *bun.DB) (open func()) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "SELECT pg_advisory_xact_lock(?)", gate); err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback() }
}

// waiting returns when that many callers wait at the gate and before the lock of all migrations.
func waiting(t *testing.T, db *bun.DB, atGate, atLock int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		var gated, locked int
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FILTER (WHERE objid = ?), count(*) FILTER (WHERE objid <> ?)
			FROM pg_locks JOIN pg_database d ON d.oid = database
			WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()`, gate, gate).Scan(&gated, &locked)
		if err != nil {
			t.Fatal(err)
		}
		if gated == atGate && locked == atLock {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d at the gate and %d before the lock", gated, locked)
		}
	}
}
