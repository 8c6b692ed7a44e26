package migrations_test

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"workflowfactory/db/migrations"
)

// steps makes a folder of migrations from pairs of name and SQL; the way down is empty.
func steps(pairs ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		files[pairs[i]+".tx.up.sql"] = &fstest.MapFile{Data: []byte(pairs[i+1])}
		files[pairs[i]+".tx.down.sql"] = &fstest.MapFile{}
	}
	return files
}

func newSet(t *testing.T, files fstest.MapFS) migrations.Set {
	t.Helper()
	s, err := migrations.NewSet(files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFoldersThatAreRefused(t *testing.T) {
	t.Parallel()
	pair := steps("0001_a", "")
	with := func(names ...string) fstest.MapFS {
		files := fstest.MapFS{}
		maps.Copy(files, pair)
		for _, name := range names {
			files[name] = &fstest.MapFile{}
		}
		return files
	}
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"a number twice":        {with("0001_b.tx.up.sql", "0001_b.tx.down.sql"), "the same number"},
		"no way down":           {with("0002_b.tx.up.sql"), "needs both"},
		"no way up":             {with("0002_b.tx.down.sql"), "needs both"},
		"outside a transaction": {with("0002_b.up.sql", "0002_b.down.sql"), "not named"},
		"a number too short":    {with("2_b.tx.up.sql", "2_b.tx.down.sql"), "not named"},
		"no number":             {with("b.sql"), "not named"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := migrations.NewSet(c.files)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	newSet(t, pair) // which the refused ones add to
}

func TestManyStatementsAndFunctionBodiesInOneFile(t *testing.T) {
	t.Parallel()
	db := empty(t)
	s := newSet(t, steps("0001_functions", `
		CREATE TABLE bag (j jsonb NOT NULL);
		INSERT INTO bag VALUES ('{"a": 1}'); -- is it there? a question mark is no argument

		CREATE FUNCTION has_a() RETURNS boolean LANGUAGE plpgsql AS $$
		DECLARE
			answer boolean;

		BEGIN
			SELECT j ? 'a' INTO answer FROM bag; -- one statement; not two
			RETURN answer;
		END $$;
		CREATE FUNCTION two() RETURNS int LANGUAGE sql AS $body$ SELECT 1; SELECT 2 $body$;
	`))
	if _, err := s.Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	var has bool
	var two int
	if err := db.QueryRowContext(t.Context(), "SELECT has_a(), two()").Scan(&has, &two); err != nil {
		t.Fatal(err)
	}
	if !has || two != 2 {
		t.Errorf("got %v, %d", has, two)
	}
}

func TestAStepThatFailsLeavesTheOnesBefore(t *testing.T) {
	t.Parallel()
	db := empty(t)
	s := newSet(t, steps(
		"0001_good", "CREATE TABLE good ()",
		"0002_bad", "CREATE TABLE half (); SELECT 1/0",
		"0003_never", "CREATE TABLE never ()"))
	applied, err := s.Up(t.Context(), db)
	if err == nil || !strings.Contains(err.Error(), "0002: up") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"0001_good"}, applied); diff != "" {
		t.Error(diff)
	}
	if got := tables(t, db); got != "good" {
		t.Errorf("tables %s", got)
	}
}

func TestDownRevertsTheLastGroupAlone(t *testing.T) {
	t.Parallel()
	db := empty(t)
	files := steps("0001_a", "CREATE TABLE a ()")
	files["0001_a.tx.down.sql"].Data = []byte("DROP TABLE a")
	if _, err := newSet(t, files).Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	maps.Copy(files, steps("0002_b", "CREATE TABLE b ()", "0003_c", "CREATE TABLE c ()"))
	files["0002_b.tx.down.sql"].Data = []byte("DROP TABLE b")
	files["0003_c.tx.down.sql"].Data = []byte("DROP TABLE c")
	s := newSet(t, files)
	if _, err := s.Up(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		reverted []string
		tables   string
	}{
		{[]string{"0003_c", "0002_b"}, "a"},
		{[]string{"0001_a"}, ""},
		{nil, ""},
	} {
		reverted, err := s.Down(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.reverted, reverted); diff != "" || tables(t, db) != want.tables {
			t.Errorf("tables %q, reverted: %s", tables(t, db), diff)
		}
	}
}

func TestThePoolsTimeoutAndSizeDoNotMatter(t *testing.T) {
	t.Parallel()
	db := open(t, emptyURL(t)+"&statement_timeout=20000")
	db.SetMaxOpenConns(1)
	const check = `DO $$ BEGIN
		IF current_setting('statement_timeout') <> '0' THEN RAISE 'a timeout'; END IF;
	END $$`
	if _, err := db.ExecContext(t.Context(), check); err == nil {
		t.Fatal("the pool has no timeout")
	}
	if _, err := newSet(t, steps("0001_slow", check)).Up(t.Context(), db); err != nil {
		t.Error(err)
	}
}

// tables lists what the steps made.
func tables(t *testing.T, db *bun.DB) string {
	t.Helper()
	var list string
	err := db.QueryRowContext(t.Context(), `SELECT coalesce(string_agg(tablename, ' ' ORDER BY tablename), '') FROM pg_tables
		WHERE schemaname = 'other' AND tablename NOT LIKE 'bun%'`).Scan(&list)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
