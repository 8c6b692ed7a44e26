package pgdev

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MinMajor is the oldest PostgreSQL that will do.
const MinMajor = 14

// ErrNoPostgres says that no PostgreSQL was found which could run here, and what to do about it.
var ErrNoPostgres = errors.New(`no PostgreSQL found to run. Any of these will do:
  set DATABASE_URL to a PostgreSQL that you have
  apt-get install postgresql
  brew install postgresql@17
  docker compose up -d db`)

// places are where the packages of the various systems put the binaries, off the PATH.
var places = []string{
	"/usr/lib/postgresql/*/bin",                          // Debian
	"/usr/pgsql-*/bin",                                   // RHEL
	"/usr/libexec/postgresql*",                           // Alpine
	"/opt/homebrew/opt/postgresql*/bin",                  // Homebrew
	"/usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",     // Homebrew on Linux
	"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
	"/opt/local/lib/postgresql*/bin",                     // MacPorts
}

// binaries is a folder with postgres and initdb of one major version.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, program) }

// binaries finds the programs for the data that there is, of exactly its major version, or else the first that will do.
func (s *Server) binaries(ctx context.Context) (binaries, error) {
	want, err := s.dataMajor()
	if err != nil && !errors.Is(err, errNotRunning) {
		return binaries{}, err
	}
	var rejected []string
	for dir := range s.folders(ctx) {
		bin, err := s.inspect(ctx, dir)
		switch {
		case err != nil:
			rejected = append(rejected, err.Error())
		case bin.major < MinMajor, want != 0 && bin.major != want:
			rejected = append(rejected, fmt.Sprintf("%s has version %d", dir, bin.major))
		default:
			return bin, nil
		}
	}
	return binaries{}, s.nothingFits(want, rejected)
}

func (s *Server) nothingFits(want int, rejected []string) error {
	saw := ""
	if len(rejected) > 0 {
		saw = "\nnot usable: " + strings.Join(rejected, "; ")
	}
	if want != 0 {
		return fmt.Errorf("the data in %s is PostgreSQL %d's: install that version, or move the folder away to begin anew%s",
			s.dataDir(want), want, saw)
	}
	return fmt.Errorf("%w%s", ErrNoPostgres, saw)
}

// inspect asks the programs in a folder for their version, as the user who is to run them.
func (s *Server) inspect(ctx context.Context, dir string) (binaries, error) {
	out, err := s.who.command(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if s.who.mayNotSwitch(err) {
		s.who = s.who.mask()
		if err := s.who.ownFolder(s.cfg.Dir); err != nil {
			return binaries{}, err
		}
		return s.inspect(ctx, dir)
	}
	if err != nil {
		return binaries{}, fmt.Errorf("%s as %s: %w", dir, s.who.name, err)
	}
	major, err := parseVersion(string(out))
	return binaries{dir: dir, major: major}, err
}

var versionRE = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func parseVersion(text string) (int, error) {
	m := versionRE.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("unknown version %q", strings.TrimSpace(text))
	}
	return strconv.Atoi(m[1])
}

// folders yields each folder that holds both programs, once, in the order of preference.
func (s *Server) folders(ctx context.Context) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := map[string]bool{}
		for dir := range s.guesses(ctx) {
			// PostgreSQL looks for its own files beside the real program, not beside a link to it.
			real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
			if err != nil || seen[filepath.Dir(real)] {
				continue
			}
			dir = filepath.Dir(real)
			seen[dir] = true
			if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
				continue
			}
			if !yield(dir) {
				return
			}
		}
	}
}

func (s *Server) guesses(ctx context.Context) iter.Seq[string] {
	return func(yield func(string) bool) {
		if s.cfg.BinDir != "" {
			yield(s.cfg.BinDir)
			return
		}
		for _, guess := range []func() []string{
			func() []string { return fromPgConfig(ctx) },
			fromPath,
			fromPlaces,
			fromNPM,
		} {
			for _, dir := range guess() {
				if !yield(dir) {
					return
				}
			}
		}
	}
}

// fromPgConfig may name a folder without a server: Debian's libpq-dev brings pg_config alone.
func fromPgConfig(ctx context.Context) []string {
	out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output()
	if err != nil {
		return nil
	}
	return []string{strings.TrimSpace(string(out))}
}

func fromPath() []string {
	path, err := exec.LookPath("postgres")
	if err != nil {
		return nil
	}
	return []string{filepath.Dir(path)}
}

// fromPlaces lists the newest version of each place first.
func fromPlaces() []string {
	var dirs []string
	for _, pattern := range places {
		found, _ := filepath.Glob(pattern)
		slices.Reverse(found)
		dirs = append(dirs, found...)
	}
	return dirs
}
