package pgdev

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

const (
	// socketPathMax is what fits into the kernel's address of a Unix socket on every system, less the longest name that
	// PostgreSQL gives to one.
	socketPathMax = 103 - len("/.s.PGSQL.65535")

	passwordFile = "password"
)

// DefaultDir is where the current user's private PostgreSQL lives: a folder of the system for root, whose home other
// users cannot enter, and otherwise the user's data folder.
func DefaultDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/wfd/pg", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "wfd", "pg"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "wfd", "pg"), err
}

// prepare makes the folder and settles who PostgreSQL runs as.
func (s *Server) prepare() (err error) {
	if err := supported(); err != nil {
		return err
	}
	if s.cfg.Dir == "" {
		if s.cfg.Dir, err = DefaultDir(); err != nil {
			return err
		}
	}
	if s.cfg.Dir, err = filepath.Abs(s.cfg.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.cfg.Dir), 0o755); err != nil {
		return err
	}
	s.who = identify(s.cfg.Dir)
	err = s.who.ownFolder(s.cfg.Dir)
	if s.who.mayNotSwitch(err) {
		s.who = s.who.mask()
		err = s.who.ownFolder(s.cfg.Dir)
	}
	return err
}

func (s *Server) dataDir(major int) string {
	return filepath.Join(s.cfg.Dir, strconv.Itoa(major))
}

// dataMajor is the newest major version that there is data of; the error is errNotRunning when there is none.
func (s *Server) dataMajor() (int, error) {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return 0, err
	}
	newest := 0
	for _, e := range entries {
		if major, err := strconv.Atoi(e.Name()); err == nil {
			newest = max(newest, major)
		}
	}
	if newest == 0 {
		return 0, errNotRunning
	}
	return newest, nil
}

// initialise makes the data folder under another name first, so that one half made is never taken for data.
func (s *Server) initialise(ctx context.Context, bin binaries) error {
	data := s.dataDir(bin.major)
	if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	s.log.Info("making a private PostgreSQL", "major", bin.major, "data", data, "binaries", bin.dir)
	if err := s.initdb(ctx, bin, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, data)
}

func (s *Server) initdb(ctx context.Context, bin binaries, data string) error {
	out, err := s.runInitdb(ctx, s.who, bin, data)
	if err != nil && !s.who.masked && strings.Contains(out, "could not look up effective user ID") {
		// The data will be the same user's; only initdb insists on a name for it.
		var again string
		if again, err = s.runInitdb(ctx, s.who.mask(), bin, data); err != nil {
			return fmt.Errorf("initdb needs an entry for %s in /etc/passwd: %s(as nobody: %w: %s)", s.who.name, out, err, again)
		}
	}
	if err != nil {
		return fmt.Errorf("initdb as %s: %w: %s", s.who.name, err, out)
	}
	return os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(hba), 0o600) // keeps its owner
}

// hba lets in whoever may enter the socket's folder, and asks everybody else for the password.
const hba = `local all all trust
host  all all 127.0.0.1/32 scram-sha-256
host  all all ::1/128      scram-sha-256
`

func (s *Server) runInitdb(ctx context.Context, who identity, bin binaries, data string) (string, error) {
	// As with the server, what we start ends with us: a killed start must not go on writing where the next one begins.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := who.command(ctx, bin.path("initdb"), "-D", data, "-U", superuser, "--auth=trust", "--encoding=UTF8",
		"--locale=C", "--no-sync", "--no-instructions")
	endWithParent(cmd)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// chooseAddress picks the socket's folder: ours, or a short one where the path is longer than a socket may have. After
// a takeover the address is that of the server before.
func (s *Server) chooseAddress() (address, error) {
	addr := s.addr
	if addr == (address{}) {
		addr = address{socketDir: s.cfg.Dir, port: cmp.Or(s.cfg.Port, defaultPort)}
		if len(s.cfg.Dir) > socketPathMax {
			addr.socketDir = shortDir(s.who.uid, s.cfg.Dir)
		}
	}
	return addr, s.who.ownFolder(addr.socketDir)
}

func shortDir(uid int, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	name := fmt.Sprintf("wfdpg-%d-%s", uid, hex.EncodeToString(sum[:6]))
	if short := filepath.Join(os.TempDir(), name); len(short) <= socketPathMax {
		return short
	}
	return filepath.Join("/tmp", name)
}

// setPassword gives the superuser a password of its own for TCP, the same at every start.
func (s *Server) setPassword(ctx context.Context, conn *pgx.Conn) error {
	if s.cfg.Port == 0 {
		return nil
	}
	path := filepath.Join(s.cfg.Dir, passwordFile)
	password, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		password = []byte(rand.Text() + "\n")
		err = os.WriteFile(path, password, 0o600)
	}
	if err == nil {
		err = s.who.own(path)
	}
	if err != nil {
		return fmt.Errorf("keep the password for TCP: %w", err)
	}
	quoted := "'" + strings.ReplaceAll(strings.TrimSpace(string(password)), "'", "''") + "'"
	_, err = conn.Exec(ctx, "ALTER ROLE "+superuser+" PASSWORD "+quoted)
	return err
}
