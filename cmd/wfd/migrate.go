package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"workflowfactory/db/migrations"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply what is missing. The server does so at start, too."`
	Down   migrateDown   `cmd:"" help:"Revert the last group of migrations. This deletes the data in what it drops."`
	Status migrateStatus `cmd:"" help:"List the migrations and when each was applied."`
	Create migrateCreate `cmd:"" help:"Begin a new migration: an up and a down file."`
}

type migrateUp struct{ Database }

// Run applies what is missing.
func (c *migrateUp) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	return c.with(ctx, log, func(s *store) error {
		applied, err := migrations.Up(ctx, s.Bun())
		printEach(out, "applied", applied)
		if err == nil && len(applied) == 0 {
			fmt.Fprintln(out, "nothing to apply")
		}
		return err
	})
}

type migrateDown struct{ Database }

// Run reverts one group.
func (c *migrateDown) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	return c.with(ctx, log, func(s *store) error {
		reverted, err := migrations.Down(ctx, s.Bun())
		printEach(out, "reverted", reverted)
		if err == nil && len(reverted) == 0 {
			fmt.Fprintln(out, "nothing to revert")
		}
		return err
	})
}

func printEach(out io.Writer, done string, names []string) {
	for _, name := range names {
		fmt.Fprintln(out, done, name)
	}
}

type migrateStatus struct{ Database }

// Run lists all migrations.
func (c *migrateStatus) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	return c.with(ctx, log, func(s *store) error {
		states, err := migrations.Status(ctx, s.Bun())
		for _, state := range states {
			at := "not applied"
			if !state.AppliedAt.IsZero() {
				at = state.AppliedAt.UTC().Format(time.RFC3339)
			}
			fmt.Fprintf(out, "%-40s %s\n", state.Name, at)
		}
		return err
	})
}

type migrateCreate struct {
	Name string `arg:"" help:"What it does, in lower-case letters, digits and underscores."`
	Dir  string `default:"db/migrations" help:"The folder of the migrations' source."`
}

// Run writes two files to be filled in.
func (c *migrateCreate) Run(out io.Writer) error {
	paths, err := migrations.Create(c.Dir, c.Name)
	for _, path := range paths {
		fmt.Fprintln(out, path)
	}
	return err
}
