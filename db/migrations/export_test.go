package migrations

import (
	"context"
	"io/fs"

	"github.com/uptrace/bun"
)

// Set is a folder of migrations other than the embedded one.
type Set struct{ *set }

func NewSet(fsys fs.FS) (Set, error) {
	s, err := newSet(fsys)
	return Set{s}, err
}

func (s Set) Up(ctx context.Context, db *bun.DB) ([]string, error)    { return s.up(ctx, db) }
func (s Set) Down(ctx context.Context, db *bun.DB) ([]string, error)  { return s.down(ctx, db) }
func (s Set) Status(ctx context.Context, db *bun.DB) ([]State, error) { return s.status(ctx, db) }

// UpUnlocked is Up as it would be without the lock.
func (s Set) UpUnlocked(ctx context.Context, db *bun.DB) error {
	_, err := s.migrator(db).Migrate(ctx)
	return err
}

var HashOf = hash
