package dbtest_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
)

func TestURLGivesEachTestItsOwnMigratedDatabase(t *testing.T) {
	for i := range 20 {
		t.Run(fmt.Sprint("clone ", i), func(t *testing.T) {
			t.Parallel()
			conn, err := pgx.Connect(t.Context(), dbtest.URL(t))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			if _, err := conn.Exec(t.Context(), "CREATE TABLE mine (); SELECT * FROM bun_migrations"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestClusterSurvivesKill9(t *testing.T) {
	c := dbtest.NewCluster(t)
	query(t, c.URL(), "CREATE TABLE kept AS SELECT 1 AS n")
	c.Kill9()
	if conn, err := pgx.Connect(t.Context(), c.URL()); err == nil {
		conn.Close(t.Context())
		t.Fatal("it still takes connections after kill -9")
	}
	c.Start()
	query(t, c.URL(), "SELECT n FROM kept")
	c.Stop()
	c.Start()
	query(t, c.URL(), "SELECT n FROM kept")
}

func query(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}
