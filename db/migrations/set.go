package migrations

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"
)

const (
	table          = "bun_migrations"
	lockKey        = 0x776664_6d696772 // "wfdmigr"; any number that no other program locks in this database
	undefinedTable = "42P01"
)

// set is a checked folder of migrations.
type set struct {
	steps *migrate.Migrations
}

var fileRE = regexp.MustCompile(`^(\d{4})_([a-z0-9_]+)\.tx\.(up|down)\.sql$`)

// newSet refuses what would fail only later or not at all: a number used twice, a step without its way back, and files
// outside of a transaction, which a crash leaves half applied.
func newSet(fsys fs.FS) (*set, error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, err
	}
	ways := map[string]int{} // by number and name
	taken := map[string]string{}
	for _, name := range names {
		m := fileRE.FindStringSubmatch(name)
		if m == nil {
			return nil, fmt.Errorf("migration %s: not named NNNN_name.tx.up.sql or NNNN_name.tx.down.sql", name)
		}
		step := m[1] + "_" + m[2]
		if other, ok := taken[m[1]]; ok && other != step {
			return nil, fmt.Errorf("migrations %s and %s have the same number", other, step)
		}
		taken[m[1]] = step
		ways[step]++
	}
	for step, n := range ways {
		if n != 2 {
			return nil, fmt.Errorf("migration %s: needs both an up and a down file", step)
		}
	}
	steps := migrate.NewMigrations()
	return &set{steps: steps}, steps.Discover(fsys)
}

// migrator notes each step in the step's own transaction. The library would do so after the commit, and a crash in
// between would make the next run apply the step again; its note afterwards repeats ours, which the upsert allows.
func (s *set) migrator(db *bun.DB) *migrate.Migrator {
	return migrate.NewMigrator(db, s.steps,
		migrate.WithTableName(table),
		migrate.WithMarkAppliedOnSuccess(true),
		migrate.WithUpsert(true),
		migrate.BeforeMigration(func(ctx context.Context, tx bun.IConn, _ *migrate.Migration) error {
			_, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = 0")
			return err
		}),
		migrate.AfterMigration(func(ctx context.Context, tx bun.IConn, m *migrate.Migration) error {
			if m.IsApplied() { // so this was its way down
				_, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE name = ?", m.Name)
				return err
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO "+table+" (name, group_id) VALUES (?, ?)", m.Name, m.GroupID)
			return err
		}))
}

func (s *set) up(ctx context.Context, db *bun.DB) (applied []string, err error) {
	err = s.locked(ctx, db, func(m *migrate.Migrator) error {
		group, err := m.Migrate(ctx)
		applied = names(group)
		if err != nil && len(applied) > 0 {
			applied = applied[:len(applied)-1] // the last one is the one that failed
		}
		return err
	})
	return applied, wrap("apply migrations", err)
}

func (s *set) down(ctx context.Context, db *bun.DB) (reverted []string, err error) {
	err = s.locked(ctx, db, func(m *migrate.Migrator) error {
		group, err := m.Rollback(ctx)
		reverted = names(group)
		slices.Reverse(reverted) // as it was done
		return err
	})
	if err != nil {
		reverted = nil
	}
	return reverted, wrap("revert migrations", err)
}

func (s *set) status(ctx context.Context, db *bun.DB) ([]State, error) {
	steps, err := s.migrator(db).MigrationsWithStatus(ctx)
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == undefinedTable {
		steps, err = s.steps.Sorted(), nil // nothing was ever applied
	}
	states := make([]State, len(steps))
	for i, step := range steps {
		states[i] = State{Name: step.String(), AppliedAt: step.MigratedAt}
	}
	return states, wrap("read the applied migrations", err)
}

// locked runs do while no other process migrates this database. The lock belongs to a session of its own: it ends with
// the process, and a pool of a single connection has that one left for the work.
func (s *set) locked(ctx context.Context, db *bun.DB, do func(*migrate.Migrator) error) error {
	lock, err := session(ctx, db)
	if err != nil {
		return err
	}
	defer lock.Close(context.WithoutCancel(ctx))
	if _, err := lock.Exec(ctx, "SET statement_timeout = 0; SET lock_timeout = 0"); err != nil {
		return err
	}
	if _, err := lock.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(lockKey)); err != nil {
		return fmt.Errorf("wait for other migrations: %w", err)
	}
	m := s.migrator(db)
	if err := m.Init(ctx); err != nil {
		return fmt.Errorf("make the table of applied migrations: %w", err)
	}
	return do(m)
}

// session connects as the pool does, outside of it.
func session(ctx context.Context, db *bun.DB) (*pgx.Conn, error) {
	conn, err := db.DB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var config *pgx.ConnConfig
	err = conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("migrations need the pgx driver, not %T", driver)
		}
		config = c.Conn().Config()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return pgx.ConnectConfig(ctx, config)
}

func names(group *migrate.MigrationGroup) []string {
	var list []string
	for _, step := range group.Migrations {
		list = append(list, step.String())
	}
	return list
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
