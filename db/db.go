// Package db keeps the nouns in PostgreSQL. There is one repository per noun, and each exported method is one use
// case in one transaction: the change, the event that tells of it and the counters commit together or not at all.
//
// Single rows and writes go through bun; lists and relations are read by pgx natively, on the same pool.
package db

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
)

// Options bound what one process may ask of PostgreSQL. A zero field takes the default that Open names.
type Options struct {
	PoolSize         int             // connections; 16
	StatementTimeout time.Duration   // 5 s
	LockTimeout      time.Duration   // 3 s
	ApplicationName  string          // shown in pg_stat_activity; "wfd"
	Tracer           pgx.QueryTracer // told of every statement; nil for nobody
}

// DB is one process's pool of connections, seen by bun and by pgx.
type DB struct {
	bun  *bun.DB
	pool *pgxpool.Pool
	feed *pgxpool.Pool // the event stream's own, so that neither makes the other wait
	kick func()        // called after every commit that wrote events
	bell bell          // rung when a task's log grows

	endings endings      // attempts that end at the same time do so together
	claims  claims       // as do claims
	granted atomic.Int64 // tasks that were given to agents; every few, one goes by age alone
}

// Open connects to url (postgres://…, or the older postgresql+asyncpg://… form). It fails when the database cannot be
// reached; it does not migrate.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	config, err := pgxpool.ParseConfig(driverURL(url))
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	o.apply(config)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	feed, err := pgxpool.NewWithConfig(ctx, feedConfig(config))
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the database for the event stream: %w", err)
	}
	d := &DB{bun: bun.NewDB(stdlib.OpenDBFromPool(pool), dialect), pool: pool, feed: feed, kick: func() {}}
	d.endings.do, d.claims.do = d.endAll, d.claimAll
	return d, nil
}

// OnCommit sets what is called, without waiting for it, after each commit that wrote events. Set it before the first write.
func (d *DB) OnCommit(kick func()) { d.kick = kick }

// Bun gives the bun handle, for migrations.
func (d *DB) Bun() *bun.DB { return d.bun }

// Ping answers when the database does.
func (d *DB) Ping(ctx context.Context) error { return d.pool.Ping(ctx) }

// PoolStats tells how the connections of one pool are used.
type PoolStats struct {
	Size, InUse, Idle int
	Waits             int64         // how often somebody waited for a connection, ever
	Waited            time.Duration // how long, all in all
}

// PoolStats gives the present figures: of the pool for requests, and of the event stream's own.
func (d *DB) PoolStats() (requests, feed PoolStats) { return poolStats(d.pool), poolStats(d.feed) }

func poolStats(p *pgxpool.Pool) PoolStats {
	s := p.Stat()
	return PoolStats{
		Size: int(s.MaxConns()), InUse: int(s.AcquiredConns()), Idle: int(s.IdleConns()),
		Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime(),
	}
}

// Close waits for the connections in use and ends them all.
func (d *DB) Close() {
	d.bun.Close()
	d.pool.Close()
	d.feed.Close()
}

// driverURL takes the name of a Python driver out of a URL that an older installation has.
func driverURL(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	scheme, _, _ = strings.Cut(scheme, "+")
	return scheme + "://" + rest
}

func (o Options) apply(c *pgxpool.Config) {
	c.MaxConns = int32(cmp.Or(o.PoolSize, 16))
	c.MaxConnLifetime = time.Hour
	c.MaxConnLifetimeJitter = 5 * time.Minute
	// bun writes arguments into the text, so preparing each text would cost a round trip for nothing; statements whose
	// text is fixed ask for the cached mode themselves.
	c.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.ConnConfig.Tracer = o.Tracer
	p := c.ConnConfig.RuntimeParams
	p["statement_timeout"] = milliseconds(cmp.Or(o.StatementTimeout, 5*time.Second))
	p["lock_timeout"] = milliseconds(cmp.Or(o.LockTimeout, 3*time.Second))
	p["idle_in_transaction_session_timeout"] = "60000"
	p["application_name"] = cmp.Or(o.ApplicationName, "wfd")
	p["timezone"] = "UTC"
	// Where many ask at once, starting a second process for one of them costs more than it gives.
	p["max_parallel_workers_per_gather"] = "0"
}

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// feedConfig is for the one that listens, the one that sequences, the one that tails and those that catch up. After a
// long stop there may be much to sequence, and giving up would only mean to begin again.
func feedConfig(c *pgxpool.Config) *pgxpool.Config {
	c = c.Copy()
	c.MaxConns = 8
	p := c.ConnConfig.RuntimeParams
	p["statement_timeout"] = milliseconds(5 * time.Minute)
	p["application_name"] += " feed"
	// A new partition has no statistics, so PostgreSQL would scan it, and go on to when it has grown: plans are kept.
	p["enable_seqscan"], p["enable_hashjoin"], p["enable_mergejoin"] = "off", "off", "off"
	return c
}
