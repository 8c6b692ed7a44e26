package migrations_test

import (
	"database/sql"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"workflowfactory/db/dbtest"
	"workflowfactory/db/migrations"
)

func TestAllOfItUpDownAndUpAgain(t *testing.T) {
	t.Parallel()
	db := open(t, dbtest.URL(t))
	before := catalog(t, db)
	if len(before) == 0 {
		t.Fatal("the test's database is empty")
	}
	reverted, err := migrations.Down(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if left := catalog(t, db); len(left) > 0 {
		t.Errorf("Down leaves behind:\n%s", strings.Join(left, "\n"))
	}
	if current(t, db) {
		t.Error("current without anything applied")
	}
	applied, err := migrations.Up(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if len(applied) != len(reverted) {
		t.Errorf("reverted %v, applied %v", reverted, applied)
	}
	if diff := cmp.Diff(before, catalog(t, db)); diff != "" {
		t.Errorf("the second Up made another schema:\n%s", diff)
	}
	if !current(t, db) {
		t.Error("not current after Up")
	}
	if again, err := migrations.Up(t.Context(), db); err != nil || len(again) > 0 {
		t.Errorf("the third Up: %v, %v", again, err)
	}
}

func TestStatusNamesEachFilePair(t *testing.T) {
	t.Parallel()
	states, err := migrations.Status(t.Context(), open(t, dbtest.URL(t)))
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(os.DirFS("."), "*.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, state := range states {
		names = append(names, state.Name+".tx.up.sql")
		if state.AppliedAt.IsZero() {
			t.Errorf("%s is not applied", state.Name)
		}
	}
	if diff := cmp.Diff(files, names); diff != "" {
		t.Error(diff)
	}
}

func TestStatusOfADatabaseThatWasNeverMigrated(t *testing.T) {
	t.Parallel()
	db := empty(t)
	if current(t, db) {
		t.Error("it counts as current")
	}
	states, err := migrations.Status(t.Context(), db)
	if err != nil || len(states) == 0 || !states[0].AppliedAt.IsZero() {
		t.Errorf("got %v, %v", states, err)
	}
}

func TestHashTellsContentsAndNamesApart(t *testing.T) {
	t.Parallel()
	one := fstest.MapFS{"0001_a.tx.up.sql": {Data: []byte("SELECT 1")}}
	hashes := map[string]string{"the embedded files": migrations.Hash()}
	for what, other := range map[string]fstest.MapFS{
		"one":             one,
		"another content": {"0001_a.tx.up.sql": {Data: []byte("SELECT 2")}},
		"another name":    {"0001_b.tx.up.sql": {Data: []byte("SELECT 1")}},
		"a second file":   {"0001_a.tx.up.sql": {Data: []byte("SELECT 1")}, "0001_a.tx.down.sql": {}},
	} {
		hash := migrations.HashOf(other)
		for already, h := range hashes {
			if h == hash {
				t.Errorf("%s and %s have the same hash", what, already)
			}
		}
		hashes[what] = hash
	}
	if migrations.HashOf(one) != hashes["one"] {
		t.Error("the same files have two hashes")
	}
}

// open connects in the way the program does.
func open(t *testing.T, url string) *bun.DB {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	db := bun.NewDB(sql.OpenDB(stdlib.GetConnector(*config)), pgdialect.New())
	t.Cleanup(func() { db.Close() })
	return db
}

// empty is a database where nothing was ever applied: an empty schema stands for it.
func empty(t *testing.T) *bun.DB {
	t.Helper()
	return open(t, emptyURL(t))
}

func emptyURL(t *testing.T) string {
	t.Helper()
	url := dbtest.URL(t)
	if _, err := open(t, url).ExecContext(t.Context(), "CREATE SCHEMA other"); err != nil {
		t.Fatal(err)
	}
	return url + "&search_path=other"
}

func current(t *testing.T, db *bun.DB) bool {
	t.Helper()
	ok, err := migrations.Current(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// catalog describes every table, column, index, constraint, function, trigger and type of the schema, one a line, apart
// from the notes of what was applied.
func catalog(t *testing.T, db *bun.DB) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `
		SELECT line FROM (
			SELECT format('%s %s', relkind, relname) AS line, relname AS of FROM pg_class
				WHERE relnamespace = 'public'::regnamespace
			UNION ALL SELECT format('%s.%s %s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull), relname
				FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
				WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
			UNION ALL SELECT indexdef, tablename FROM pg_indexes WHERE schemaname = 'public'
			UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)), conrelid::regclass::text FROM pg_constraint
				WHERE connamespace = 'public'::regnamespace
			UNION ALL SELECT pg_get_functiondef(oid), '' FROM pg_proc
				WHERE pronamespace = 'public'::regnamespace AND prokind <> 'a'
			UNION ALL SELECT pg_get_triggerdef(t.oid), '' FROM pg_trigger t WHERE NOT tgisinternal
			UNION ALL SELECT format('type %s', typname), typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
		) x WHERE of !~ '^_?bun_migration' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}
