//go:build unix

package pgdev_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"workflowfactory/db/pgdev"
)

func TestTheSecondAttachesAndNeverStops(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	first := start(t, dir)
	second := begun(t, pgdev.Config{Dir: dir})
	if !first.owned || second.Owned() {
		t.Errorf("owned: first %v, second %v", first.owned, second.Owned())
	}
	if second.URL() != first.url {
		t.Errorf("the second got %s instead of %s", second.URL(), first.url)
	}
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	mustQuery(t, first.url, "SELECT 1::text")
}

func TestOfManyAtOnceOneOwns(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	if got := owners(t, dir, dir, dir, dir, dir); got != 1 {
		t.Errorf("%d processes own the database", got)
	}
}

// The count would see a second owner if there were one.
func TestOfTwoFoldersEachHasItsOwner(t *testing.T) {
	t.Parallel()
	if got := owners(t, tempDir(t), tempDir(t)); got != 2 {
		t.Errorf("%d processes own two databases", got)
	}
}

func owners(t *testing.T, dirs ...string) int {
	t.Helper()
	var all []*other
	for _, dir := range dirs {
		all = append(all, begin(t, dir, nil))
	}
	n := 0
	for _, o := range all {
		if line := o.answer(); o.url == "" {
			t.Fatalf("the other process: %s", line)
		}
		if o.owned {
			n++
		}
	}
	return n
}

func TestAnAttachedProcessTakesOver(t *testing.T) {
	t.Parallel()
	for how, end := range map[string]func(*other){"stopped": (*other).stop, "killed": (*other).kill9} {
		t.Run("owner "+how, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			owner := start(t, dir)
			s := begun(t, pgdev.Config{Dir: dir})
			mustQuery(t, s.URL(), "CREATE TABLE kept AS SELECT 'yes' AS answer")
			end(owner)
			eventually(t, "the attached process owns the database", s.Owned)
			if got := mustQuery(t, s.URL(), "SELECT answer FROM kept"); got != "yes" {
				t.Errorf("got %q", got)
			}
			if s.Err() != nil {
				t.Errorf("got %v", s.Err())
			}
		})
	}
}

func TestWhenAllWhoAttachedTakeOverOneOwns(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	owner := start(t, dir)
	servers := []*pgdev.Server{begun(t, pgdev.Config{Dir: dir}), begun(t, pgdev.Config{Dir: dir}), begun(t, pgdev.Config{Dir: dir})}
	owner.kill9()
	count := func() (n int) {
		for _, s := range servers {
			if s.Owned() {
				n++
			}
		}
		return n
	}
	eventually(t, "somebody owns the database", func() bool { return count() > 0 })
	mustQuery(t, servers[0].URL(), "SELECT 1::text")
	if count() != 1 {
		t.Errorf("%d own the database", count())
	}
	for _, s := range servers {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}
	if _, err := query(t, servers[0].URL(), "SELECT 1::text"); err == nil {
		t.Error("it still runs after all have stopped")
	}
}

func TestAfterKill9OfTheOwnerTheNextStartGoesOn(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	owner := start(t, dir)
	mustQuery(t, owner.url, "CREATE TABLE kept AS SELECT 'yes' AS answer")
	owner.kill9()
	s := begun(t, pgdev.Config{Dir: dir})
	eventually(t, "the next process owns the database", s.Owned)
	if got := mustQuery(t, s.URL(), "SELECT answer FROM kept"); got != "yes" {
		t.Errorf("got %q", got)
	}
}

func TestKill9OfPostgresIsReportedAndRecoveredFrom(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := begun(t, pgdev.Config{Dir: dir})
	mustQuery(t, s.URL(), "CREATE TABLE kept AS SELECT 'yes' AS answer")
	if s.Err() != nil {
		t.Errorf("an error of a server that is up: %v", s.Err())
	}
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	if s.Err() == nil || s.Owned() {
		t.Errorf("error %v, owned %v", s.Err(), s.Owned())
	}
	again := begun(t, pgdev.Config{Dir: dir})
	if got := mustQuery(t, again.URL(), "SELECT answer FROM kept"); got != "yes" {
		t.Errorf("got %q", got)
	}
}

func TestAnAttachedProcessThatCannotTakeOverIsDone(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	owner := start(t, dir)
	s := begun(t, pgdev.Config{Dir: dir})
	if err := os.Remove(filepath.Join(dataDir(t, dir), "global", "pg_control")); err != nil {
		t.Fatal(err)
	}
	owner.kill9()
	<-s.Done()
	if err := s.Err(); err == nil || errors.Is(err, pgdev.ErrNoPostgres) || !strings.Contains(err.Error(), "pg_control") {
		t.Errorf("got %v", err)
	}
}
