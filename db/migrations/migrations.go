// Package migrations holds the database's schema as numbered SQL files and brings a database up to it. Each file pair
// NNNN_name.tx.up.sql and NNNN_name.tx.down.sql is one step, applied in a transaction of its own together with the note
// that it was applied. A released file is never edited: a change is a new pair, which Create begins.
package migrations

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

//go:embed *.sql
var files embed.FS

// embedded reads the files once; they cannot change while the program runs.
var embedded = sync.OnceValues(func() (*set, error) { return newSet(files) })

// State is one migration and when it was applied to a database; the time is zero if it was not.
type State struct {
	Name      string
	AppliedAt time.Time
}

// Up applies what is missing, as one group, and names it. Processes that call it at once wait for one another and each
// step runs once. If a step fails, those before it stay applied and are named beside the error. No statement timeout of
// the pool applies; ctx bounds the whole.
func Up(ctx context.Context, db *bun.DB) ([]string, error) {
	s, err := embedded()
	if err != nil {
		return nil, err
	}
	return s.up(ctx, db)
}

// Down reverts the group that the last successful Up applied, newest first, and names it. It deletes the data in what
// it drops.
func Down(ctx context.Context, db *bun.DB) ([]string, error) {
	s, err := embedded()
	if err != nil {
		return nil, err
	}
	return s.down(ctx, db)
}

// Status lists every migration that this program knows, oldest first. It changes nothing.
func Status(ctx context.Context, db *bun.DB) ([]State, error) {
	s, err := embedded()
	if err != nil {
		return nil, err
	}
	return s.status(ctx, db)
}

// Current reports whether every migration of this program is applied. A database that is ahead, because a newer program
// migrated it, counts as current, so that the older one stays in service until it is replaced.
func Current(ctx context.Context, db *bun.DB) (bool, error) {
	states, err := Status(ctx, db)
	if err != nil {
		return false, err
	}
	for _, state := range states {
		if state.AppliedAt.IsZero() {
			return false, nil
		}
	}
	return true, nil
}

// Hash identifies the schema that Up leads to: it changes with the name or content of any file.
func Hash() string { return hash(files) }

func hash(fsys fs.FS) string {
	sum := sha256.New()
	names, _ := fs.Glob(fsys, "*.sql") // the pattern is sound, and that is its only error
	for _, name := range names {
		text, _ := fs.ReadFile(fsys, name) // as embedded: it was listed, so it can be read
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
