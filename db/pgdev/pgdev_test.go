//go:build unix

package pgdev_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"workflowfactory/db/pgdev"
)

func TestDataOutlivesAStop(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	first := begun(t, pgdev.Config{Dir: dir})
	mustQuery(t, first.URL(), "CREATE TABLE kept AS SELECT 'yes' AS answer")
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := query(t, first.URL(), "SELECT 1::text"); err == nil {
		t.Fatal("it still answers after Stop")
	}
	if err := first.Stop(); err != nil {
		t.Errorf("the second Stop: %v", err)
	}
	second := begun(t, pgdev.Config{Dir: dir})
	if got := mustQuery(t, second.URL(), "SELECT answer FROM kept"); got != "yes" {
		t.Errorf("got %q", got)
	}
	if second.URL() != first.URL() {
		t.Errorf("the address changed from %s to %s", first.URL(), second.URL())
	}
}

func TestAServerThatIsUp(t *testing.T) {
	t.Parallel()
	var text lockedBuffer
	log := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := begun(t, pgdev.Config{Dir: tempDir(t), Log: log, Settings: map[string]string{"log_statement": "all", "fsync": "off"}})

	t.Run("listens on a socket in a private folder alone", func(t *testing.T) {
		if got := mustQuery(t, s.URL(), "SELECT current_setting('listen_addresses')"); got != "" {
			t.Errorf("listens on %q", got)
		}
		info, err := os.Stat(s.Dir())
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("the folder's mode is %v", info.Mode())
		}
		if s.TCP() != "" {
			t.Errorf("offers TCP at %s", s.TCP())
		}
	})
	t.Run("does not get the terminal's Ctrl-C", func(t *testing.T) {
		group, err := syscall.Getpgid(s.PID())
		if err != nil {
			t.Fatal(err)
		}
		if group == syscall.Getpgrp() {
			t.Error("PostgreSQL is in our process group")
		}
	})
	t.Run("writes into the log", func(t *testing.T) {
		mustQuery(t, s.URL(), "SELECT 'a line for the log'")
		eventually(t, "the line is in the log", func() bool { return strings.Contains(text.String(), "a line for the log") })
	})
}

func TestTCPAsksForThePassword(t *testing.T) {
	t.Parallel()
	dir, port := tempDir(t), freePort(t)
	s := begun(t, pgdev.Config{Dir: dir, Port: port})
	tcp := s.TCP()
	if got := mustQuery(t, tcp, "SELECT inet_server_port()::text"); got != strconv.Itoa(port) {
		t.Errorf("reached port %s", got)
	}
	u, err := url.Parse(tcp)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("postgres", "wrong")
	if _, err := query(t, u.String(), "SELECT 1::text"); err == nil {
		t.Error("a wrong password was good enough")
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if again := begun(t, pgdev.Config{Dir: dir, Port: port}); again.TCP() != tcp {
		t.Errorf("the address changed from %s to %s", tcp, again.TCP())
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestAFolderTooDeepForASocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), strings.Repeat("deep", 30))
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	s := begun(t, pgdev.Config{Dir: dir})
	mustQuery(t, s.URL(), "SELECT 1::text")
	attached := start(t, dir)
	if attached.owned || attached.url != s.URL() {
		t.Errorf("the other process: owned %v, %s instead of %s", attached.owned, attached.url, s.URL())
	}
	u, _ := url.Parse(s.URL())
	t.Cleanup(func() { os.RemoveAll(u.Query().Get("host")) })
}

// lockedBuffer may be read while the server still logs.
type lockedBuffer struct {
	mu sync.Mutex // protects b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestABadSettingIsAClearError(t *testing.T) {
	t.Parallel()
	_, err := pgdev.Start(t.Context(), pgdev.Config{Dir: tempDir(t), Settings: map[string]string{"shared_buffers": "lots"}})
	if err == nil || !strings.Contains(err.Error(), "shared_buffers") {
		t.Errorf("got %v", err)
	}
}

func TestAClusterHalfMadeIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	for major := pgdev.MinMajor; major < 40; major++ { // one of them is ours
		half := filepath.Join(dir, fmt.Sprintf("%d.new", major), "base")
		if err := os.MkdirAll(half, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := begun(t, pgdev.Config{Dir: dir})
	mustQuery(t, s.URL(), "SELECT 1::text")
}

// dataDir is the one folder of data, named after its major version.
func dataDir(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "PG_VERSION"))
	if err != nil || len(found) != 1 {
		t.Fatalf("folders of data in %s: %v %v", dir, found, err)
	}
	return filepath.Dir(found[0])
}

func TestAFileInPlaceOfTheFolderIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(tempDir(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := pgdev.Start(t.Context(), pgdev.Config{Dir: file})
	if err == nil || !strings.Contains(err.Error(), "not a folder") {
		t.Errorf("got %v", err)
	}
}

// Root runs the database of a folder as the folder's user; others may not use it.
func TestAFolderOfSomebodyElse(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		_, err := pgdev.Start(t.Context(), pgdev.Config{Dir: "/"})
		if err == nil || !strings.Contains(err.Error(), "belongs to uid 0") {
			t.Errorf("got %v", err)
		}
		return
	}
	const nobody = 65534
	dir := tempDir(t)
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	begun(t, pgdev.Config{Dir: dir})
	info, err := os.Stat(filepath.Join(dataDir(t, dir), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid != nobody {
		t.Errorf("PostgreSQL runs as uid %d", uid)
	}
}

func TestDataNeedsItsOwnMajorVersion(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	if err := os.Mkdir(filepath.Join(dir, "13"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := pgdev.Start(t.Context(), pgdev.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "is PostgreSQL 13's") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "13")); err != nil {
		t.Errorf("the data is gone: %v", err)
	}
}

func TestWithoutProgramsTheErrorNamesTheRemedies(t *testing.T) {
	t.Parallel()
	_, err := pgdev.Start(t.Context(), pgdev.Config{Dir: tempDir(t), BinDir: tempDir(t)})
	if !errors.Is(err, pgdev.ErrNoPostgres) {
		t.Fatalf("got %v", err)
	}
	for _, remedy := range []string{"DATABASE_URL", "apt-get install", "brew install", "docker compose"} {
		if !strings.Contains(err.Error(), remedy) {
			t.Errorf("the error does not name %s", remedy)
		}
	}
}

func TestProgramsTooOldAreNotUsable(t *testing.T) {
	t.Parallel()
	bin := fakePrograms(t, "postgres (PostgreSQL) 13.22")
	_, err := pgdev.Start(t.Context(), pgdev.Config{Dir: tempDir(t), BinDir: bin})
	if !errors.Is(err, pgdev.ErrNoPostgres) || !strings.Contains(err.Error(), bin+" has version 13") {
		t.Errorf("got %v", err)
	}
}

func fakePrograms(t *testing.T, version string) string {
	t.Helper()
	bin := tempDir(t)
	if err := os.Chmod(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\necho '%s'\n", version)
	for _, name := range []string{"postgres", "initdb"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}
