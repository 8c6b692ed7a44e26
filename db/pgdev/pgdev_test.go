package pgdev_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/pgdev"
)

func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wfdpg-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestStart(t *testing.T) {
	s, err := pgdev.Start(t.Context(), pgdev.Config{Dir: tempDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	var v string
	if err := conn.QueryRow(t.Context(), "select version()").Scan(&v); err != nil {
		t.Fatal(err)
	}
	t.Log(v, s.URL())
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}
