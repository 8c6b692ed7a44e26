package dbtest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/pgdev"
)

// Cluster is a PostgreSQL for one test alone, which keeps its promises through a crash: fsync is on. The test may kill,
// stop and start it; its methods fail the test when they cannot do what they say.
type Cluster struct {
	t   testing.TB
	dir string
	url string
	pg  *pgdev.Server
}

// NewCluster starts a cluster with one migrated database, and removes both after the test.
func NewCluster(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{t: t, dir: clusterDir(t)}
	t.Cleanup(func() { os.RemoveAll(c.dir) })
	t.Cleanup(func() { _ = c.pg.Stop() }) // the test may have killed it
	c.Start()
	c.url = c.pg.URL()
	if err := migrateUp(t.Context(), c.url); err != nil {
		t.Fatalf("migrate the test's cluster: %v", err)
	}
	return c
}

// clusterDir is named after this process, so that a later run can tell what a killed one left behind.
func clusterDir(t testing.TB) string {
	t.Helper()
	dir, err := clustersDir()
	if err != nil {
		t.Fatal(err)
	}
	start, err := startTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	dir, err = os.MkdirTemp(dir, fmt.Sprintf("%d-%s-", os.Getpid(), start))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Clean(dir)
}

// URL is the address of the migrated database. It stays the same when the cluster is started again.
func (c *Cluster) URL() string { return c.url }

// Start starts the cluster again after Kill9 or Stop and returns when it takes connections.
func (c *Cluster) Start() {
	c.t.Helper()
	log := slog.New(slog.NewTextHandler(c.t.Output(), nil))
	pg, err := pgdev.Start(c.t.Context(), pgdev.Config{Dir: c.dir, BinDir: os.Getenv(binVar), Log: log})
	if err != nil {
		c.t.Fatalf("start the test's cluster: %v", err)
	}
	c.pg = pg
}

// Stop shuts the cluster down in good order: sessions are cut off.
func (c *Cluster) Stop() {
	c.t.Helper()
	if err := c.pg.Stop(); err != nil {
		c.t.Fatalf("stop the test's cluster: %v", err)
	}
}

// Kill9 ends every process of the cluster at once, as a power cut would, and returns when the server is gone.
func (c *Cluster) Kill9() {
	c.t.Helper()
	pids, err := c.processes()
	if err != nil {
		c.t.Fatalf("list the processes of the test's cluster: %v", err)
	}
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL) // some go by themselves, as their server has gone
	}
	<-c.pg.Done()
}

// processes lists the server first: one that lost a child to kill -9 would begin to recover.
func (c *Cluster) processes() ([]int, error) {
	conn, err := pgx.Connect(context.Background(), c.url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(context.Background(), "SELECT pid FROM pg_stat_activity")
	if err != nil {
		return nil, err
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	return append([]int{c.pg.PID()}, pids...), err
}
