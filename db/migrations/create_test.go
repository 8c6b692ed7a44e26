package migrations_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"workflowfactory/db/migrations"
)

func TestCreateBeginsTheNextNumber(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name := range steps("0001_first", "", "0009_ninth", "") {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	paths, err := migrations.Create(dir, "lease_expiry")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		filepath.Join(dir, "0010_lease_expiry.tx.up.sql"),
		filepath.Join(dir, "0010_lease_expiry.tx.down.sql"),
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Error(diff)
	}
	if _, err := migrations.NewSet(os.DirFS(dir)); err != nil {
		t.Errorf("the folder is not one of migrations any more: %v", err)
	}
}

func TestCreateRefusesBadNamesAndFolders(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Upper", "two words", "../up", "a-b"} {
		if paths, err := migrations.Create(".", name); err == nil {
			t.Errorf("%q made %v", name, paths)
		}
	}
	if paths, err := migrations.Create(t.TempDir(), "fine"); err == nil {
		t.Errorf("a folder without migrations got %v", paths)
	}
}
