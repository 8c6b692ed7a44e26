package db

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
	"workflowfactory/model"
)

// forger may change the log: a superuser for whom triggers do not hold.
type forger struct {
	*testing.T
	db   *DB
	conn *pgx.Conn
}

func newForger(t *testing.T) *forger {
	t.Helper()
	url := dbtest.URL(t)
	d, err := Open(t.Context(), url, Options{PoolSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	f := &forger{t, d, conn}
	f.exec("SET session_replication_role = replica")
	return f
}

func (f *forger) exec(sql string, args ...any) {
	f.Helper()
	if _, err := f.conn.Exec(f.Context(), sql, args...); err != nil {
		f.Fatalf("%s: %v", sql, err)
	}
}

// write commits events in transactions of two, every column of which holds something, and places them.
func (f *forger) write(n int) {
	f.Helper()
	for i := range n {
		full := newCrowd(2).entries
		for _, e := range full {
			e.WorkflowID, e.TaskID = model.NewID(model.KindWorkflow), model.NewID(model.KindTask)
			e.AgentID, e.SuggestionID = model.NewID(model.KindAgent), model.NewID(model.KindSuggestion)
			e.RequestID, e.Address = fmt.Sprintf("request-%d", i), "2001:db8::17"
			e.Changes = json.RawMessage(`[{"field": "name", "before": null, "after": "naïve \"quotes\""}]`)
			e.Snapshot = json.RawMessage(`{"name": "naïve", "progress": 1e3}`)
		}
		commitEvents(f.T, f.db, full...)
		sequenceEvents(f.T, f.db)
	}
}

func (f *forger) verify(kept *model.LogHead) *model.Chain {
	f.Helper()
	chain, err := Audit{f.db}.Verify(f.Context(), kept, func(int64, int64) {})
	if err != nil {
		f.Fatal(err)
	}
	return chain
}

func (f *forger) head() *model.LogHead {
	f.Helper()
	head, err := Audit{f.db}.Head(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	return &head
}

// found wants the first flaw to be at that position, and to say so.
func (f *forger) found(kept *model.LogHead, at int64, says string) {
	f.Helper()
	chain := f.verify(kept)
	if chain.Found == 0 {
		f.Errorf("nothing is found at %d", at)
	} else if flaw := chain.Flaws[0]; flaw.Position != at || !strings.Contains(flaw.What, says) {
		f.Errorf("found %v, want %q at %d", flaw, says, at)
	}
}

func (f *forger) untouched(kept *model.LogHead) {
	f.Helper()
	if chain := f.verify(kept); chain.Found > 0 {
		f.Errorf("found %v in a log that nobody touched", chain.Flaws[0])
	}
}

// flip gives SQL that changes one byte, or one bit, of a value of that type.
var flip = map[string]string{
	"bigint":                   "%s # 65536",
	"smallint":                 "(%s # 1)::smallint",
	"text":                     "chr(ascii(%[1]s) # 1) || substr(%[1]s, 2)",
	"uuid":                     "(left(%[1]s::text, 35) || to_hex(('x' || right(%[1]s::text, 1))::bit(4)::int # 1))::uuid",
	"timestamp with time zone": "%s + interval '1 microsecond'",
	"xid8":                     "(%s::text::bigint # 65536)::text::xid8",
	"jsonb":                    "replace(%s::text, 'na', 'nb')::jsonb",
	"inet":                     "%s + 1",
	"bytea":                    "set_byte(%[1]s, 5, get_byte(%[1]s, 5) # 1)",
}

type attribute struct {
	name, kind string
	nullable   bool
}

func (f *forger) columns(table string) (all []attribute) {
	f.Helper()
	rows, err := f.conn.Query(f.Context(), "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns WHERE table_name = $1", table)
	if err != nil {
		f.Fatal(err)
	}
	var c attribute
	if _, err := pgx.ForEachRow(rows, []any{&c.name, &c.kind, &c.nullable}, func() error { all = append(all, c); return nil }); err != nil {
		f.Fatal(err)
	}
	return all
}

// One changed byte is found, whichever column it is in, and the position is told. So is one that was emptied.
func TestEveryChangedByteOfTheLogIsFound(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	f.write(5)
	head := f.head()
	f.untouched(head)
	changed := 0
	for table, key := range map[string]string{"events": "seq", "event_log": "position"} {
		for _, c := range f.columns(table) {
			ways := []string{flip[c.kind]}
			if c.nullable {
				ways = append(ways, "NULL")
			}
			for _, way := range ways {
				if way == "" {
					t.Fatalf("%s.%s: this test cannot change a %s", table, c.name, c.kind)
				}
				for _, at := range []int64{1, 6, 10} {
					f.change(table, key, c.name, way, at)
					changed++
				}
			}
		}
	}
	if changed < 3*40 {
		t.Errorf("only %d changes were tried", changed)
	}
	f.untouched(head)
}

// change makes a change to what is at a position, wants it to be found, and takes it back.
func (f *forger) change(table, key, column, way string, at int64) {
	f.Helper()
	row := fmt.Sprintf("(SELECT %s FROM event_log WHERE position = %d)", key, at)
	f.exec("CREATE TEMP TABLE kept AS SELECT * FROM " + table + " WHERE " + key + " = " + row)
	value := way
	if strings.Contains(way, "%") {
		value = fmt.Sprintf(way, column)
	}
	f.exec(fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s = %s", table, column, value, key, row))
	chain := f.verify(nil)
	if chain.Found == 0 || chain.Flaws[0].Position != at {
		f.Errorf("position %d: %s.%s = %s is not found there: %v", at, table, column, value, chain.Flaws)
	} else if what := chain.Flaws[0].What; at == 6 {
		f.Logf("%s.%s = %s: %s", table, column, value, what)
	}
	f.exec(fmt.Sprintf("DELETE FROM %s WHERE %s IN (SELECT %[2]s FROM kept)", table, key))
	if column == key {
		f.exec(fmt.Sprintf("DELETE FROM %s WHERE %s IN (SELECT %s FROM kept)", table, key, fmt.Sprintf(way, key)))
	}
	f.exec("INSERT INTO " + table + " SELECT * FROM kept")
	f.exec("DROP TABLE kept")
}

// Whoever can change everything can make the chain anew, but not so that it has the hash that was kept elsewhere.
func TestAKeptHeadFindsWhatTheChainCannot(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	none := f.head()
	if none.Position != 0 {
		t.Fatalf("the head of nothing is %+v", none)
	}
	f.untouched(none)
	f.write(3)
	early := f.head()
	f.write(2)
	late := f.head()
	f.untouched(early)
	f.untouched(&model.LogHead{Hash: early.Hash})

	f.exec("UPDATE events SET actor_id = workflow_id WHERE seq = (SELECT seq FROM event_log WHERE position = 3)")
	f.found(nil, 3, "events.actor_id")
	f.exec("UPDATE event_log SET actor_id = workflow_id WHERE position = 3")
	f.found(nil, 3, "something that was sealed")
	f.exec(`UPDATE event_log AS l SET hash = s.hash FROM (
		SELECT position, event_chain(event_hash(0), position, l.at, event_digest(e)) OVER (ORDER BY position) AS hash
		FROM event_log AS l JOIN events AS e ON e.seq = l.seq) AS s WHERE s.position = l.position`)
	f.untouched(nil) // the control
	f.found(early, early.Position, "another hash")
	f.found(&model.LogHead{Hash: early.Hash}, 0, "no position")

	f.exec("DELETE FROM event_log WHERE position > 7")
	f.found(nil, 8, "missing")
	f.exec("UPDATE event_batch SET last_position = least(last_position, 7)")
	f.untouched(nil)
	f.found(late, late.Position, "ends at 7")
	f.write(1)
	f.untouched(nil) // goes on from what is there
}

// What retention drops leaves the hash behind from which the rest can be checked.
func TestTheChainGoesOnAfterRetention(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	f.exec("DO $$ DECLARE p regclass; BEGIN FOR p IN SELECT name FROM event_partition LOOP EXECUTE format('DROP TABLE %s', p); END LOOP; END $$")
	f.exec("SELECT event_ahead(10)")
	f.write(4)
	early := f.head()
	f.write(10)
	f.exec("SELECT event_ahead(10)")
	f.write(3)
	f.exec("SELECT event_drop('0')")
	head := f.head()
	f.untouched(head)
	f.found(early, early.Position, "can no longer be looked at")
	var floor int64
	if err := f.conn.QueryRow(t.Context(), "SELECT floor FROM event_state").Scan(&floor); err != nil || floor == 0 {
		t.Fatalf("floor %d, %v", floor, err)
	}
	f.change("events", "seq", "version", flip["bigint"], floor+1)
	f.write(1)
	f.untouched(head)
	f.exec("UPDATE event_anchor SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1)")
	f.found(nil, floor+1, "something that was sealed")
	f.exec("DELETE FROM event_anchor")
	f.found(nil, 1, fmt.Sprintf("the positions 1 to %d are missing", floor))
}

// What was there before there were hashes is sealed as it is found.
func TestWhatWasThereIsSealed(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	f.write(3)
	f.exec("SET session_replication_role = origin")
	for _, file := range []string{"migrations/0010_seal.tx.down.sql", "migrations/0010_seal.tx.up.sql"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f.exec(string(text))
	}
	f.db.feed.Reset() // its statements were prepared for other tables
	head := f.head()
	f.write(1)
	f.untouched(head)
	f.exec("SET session_replication_role = replica")
	f.change("events", "seq", "changes", "NULL", 3)
}

// A hash that was changed is told from an event that was.
func TestWhatWasChangedIsTold(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	f.write(3)
	f.exec("UPDATE event_log SET hash = set_byte(hash, 31, 7) WHERE position = 2")
	f.exec("UPDATE event_log SET type = 'TASK_DELETED' WHERE position = 4")
	f.exec("DELETE FROM events WHERE seq = (SELECT seq FROM event_log WHERE position = 5)")
	var told []string
	for _, flaw := range f.verify(nil).Flaws {
		told = append(told, fmt.Sprint(flaw.Position, " ", flaw.What))
	}
	want := []string{
		"2 event_log.hash is not what it was; the event is as it was sealed",
		"4 event_log.type is not what was sealed, which is what events has",
		"5 the event itself is gone: events has none with the seq that event_log names",
	}
	if strings.Join(told, "\n") != strings.Join(want, "\n") {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
}

// The app may read where the chain goes on from, and write nothing there.
func TestNobodyRewritesTheAnchors(t *testing.T) {
	t.Parallel()
	owner := dbtest.URL(t)
	app, err := Open(t.Context(), as(t, "wfd_app", owner), Options{PoolSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	for _, sql := range []string{
		"INSERT INTO event_anchor SELECT 1, '', now()", "UPDATE event_anchor SET position = 1", "DELETE FROM event_anchor", "TRUNCATE event_anchor",
		"UPDATE event_log SET hash = ''",
	} {
		if _, err := app.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("the app may %s", sql)
		} else if code, _ := pgCode(err); code != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if _, err := (Audit{app}).Verify(t.Context(), nil, func(int64, int64) {}); err != nil {
		t.Error(err)
	}
}
