// Package dbtest gives each test a migrated PostgreSQL database of its own.
//
// All test binaries of one `go test` share one private PostgreSQL, which the first of them starts and which goes away
// with everything in it when `go test` ends. It trades safety for speed: no fsync, no autovacuum, so tests that look at
// query plans must ANALYZE. A test that kills PostgreSQL or needs fsync takes NewCluster.
//
// Environment: WFD_TEST_DATABASE_URL names a server to use instead, as a superuser or one who may create databases;
// WFD_PG_BIN is the folder of another PostgreSQL's programs; WFD_TEST_KEEP=1 keeps the databases for an hour after their
// last use, and failed tests say how to open theirs.
package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"workflowfactory/db/migrations"
)

const (
	urlVar  = "WFD_TEST_DATABASE_URL"
	keepVar = "WFD_TEST_KEEP"
	binVar  = "WFD_PG_BIN"
)

// server is where this test binary clones databases.
type server struct {
	url      string // of the maintenance database
	pool     *pgxpool.Pool
	template string
	shared   bool // outlives the test run, so that clones must be dropped
}

var shared = sync.OnceValues(func() (*server, error) {
	url := os.Getenv(urlVar)
	external := url != ""
	if !external {
		var err error
		if url, err = joinCluster(); err != nil {
			return nil, err
		}
	}
	return newServer(context.Background(), url, external)
})

// URL is the address of a new database with every migration applied, which nothing else uses. It fails the test if there
// is no PostgreSQL to be had.
func URL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("a database for the test: %v", err)
	}
	name := databaseName(t.Name())
	if err := s.clone(t.Context(), name); err != nil {
		t.Fatalf("a database for the test: %v", err)
	}
	url := withDatabase(s.url, name)
	t.Cleanup(func() { s.cleanUp(t, name, url) })
	return url
}

func (s *server) cleanUp(t testing.TB, name, url string) {
	if keep() {
		if t.Failed() {
			t.Logf("the database is kept: psql '%s'", url)
		}
		return
	}
	if !s.shared {
		return // thrown away with the cluster: dropping would wait for sessions to end and for a checkpoint
	}
	if _, err := s.pool.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		t.Errorf("drop the test's database: %v", err)
	}
}

func keep() bool { return os.Getenv(keepVar) == "1" }

// newServer connects and makes sure of the template. One connection stays open as long as this process, which tells the
// shared cluster that it is in use.
func newServer(ctx context.Context, url string, external bool) (*server, error) {
	if !strings.Contains(url, "://") {
		return nil, fmt.Errorf("%s: want postgres://user:password@host:port/database", urlVar)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", urlVar, err)
	}
	config.MinConns, config.MaxConns = 1, 4
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	s := &server{url: url, pool: pool, shared: external, template: "wfd_template_" + migrations.Hash()[:16]}
	if err := s.makeTemplate(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("make the template database: %w", err)
	}
	return s, nil
}

// makeTemplate migrates a database once for all test binaries. It gets its final name when it is complete, so that one
// half made is never cloned.
func (s *server) makeTemplate(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) // unlocks
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext($1))", s.template); err != nil {
		return err
	}
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", s.template).Scan(&exists)
	if err != nil || exists {
		return err
	}
	fresh := s.template + "_new"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + fresh + " WITH (FORCE)", "CREATE DATABASE " + fresh} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := migrateUp(ctx, withDatabase(s.url, fresh)); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, fmt.Sprintf(`ALTER DATABASE %s IS_TEMPLATE true ALLOW_CONNECTIONS false;
		ALTER DATABASE %[1]s RENAME TO %s`, fresh, s.template))
	return err
}

func migrateUp(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	db := bun.NewDB(sql.OpenDB(stdlib.GetConnector(*config)), pgdialect.New())
	defer db.Close()
	_, err = migrations.Up(ctx, db)
	return err
}

// clone copies the template's files, which is four times as fast as the copy through the log that PostgreSQL does by
// itself since 15; before 15 it was the only way and had no name.
func (s *server) clone(ctx context.Context, name string) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	stmt := "CREATE DATABASE " + name + " TEMPLATE " + s.template
	if conn.Conn().PgConn().ParameterStatus("server_version") >= "15" {
		stmt += " STRATEGY file_copy"
	}
	_, err = conn.Exec(ctx, stmt)
	return err
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// databaseName tells in psql's list which test it belongs to.
func databaseName(test string) string {
	words := strings.Trim(notInName.ReplaceAllString(strings.ToLower(test), "_"), "_")
	return "test_" + words[:min(len(words), 40)] + "_" + strings.ToLower(rand.Text()[:12])
}

// withDatabase is the same server's address for another database. The address is a URL: newServer parsed it.
func withDatabase(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(fmt.Sprintf("database URL %q: %v", server, err))
	}
	u.Path = "/" + database
	return u.String()
}
