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
