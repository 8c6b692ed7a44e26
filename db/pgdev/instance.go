package pgdev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// errNotRunning is the answer of attach when nobody listens.
var errNotRunning = errors.New("not running")

const (
	pollPause   = 5 * time.Millisecond
	pingTimeout = 10 * time.Second
	stopTimeout = 60 * time.Second
)

// instance is one life of the PostgreSQL server, from being up to being gone.
type instance struct {
	major int
	pid   int
	addr  address
	owner *os.File        // the owner's lock; nil when another process owns it
	child *process        // nil when another process started it
	gone  <-chan struct{} // closed when it no longer runs
	leave func()          // ends the watch over it
}

// release gives up what this process holds of the instance; it does not stop it.
func (r *instance) release() {
	r.leave()
	closeFile(r.owner)
}

// stop asks for a fast shutdown and waits for its end.
func (r *instance) stop() error {
	if err := interrupt(r.pid); err != nil {
		return err
	}
	deadline := time.After(stopTimeout)
	for alive(r.pid, r.child) {
		select {
		case <-deadline:
			return fmt.Errorf("process %d still runs after %s", r.pid, stopTimeout)
		case <-time.After(pollPause):
		}
	}
	return nil
}

// alive asks the child that we wait for, or the kernel about a process that is not ours.
func alive(pid int, child *process) bool {
	if child == nil {
		return running(pid)
	}
	select {
	case <-child.exited:
		return false
	default:
		return true
	}
}

// address is where a server listens.
type address struct {
	socketDir string
	port      int
}

func (a address) url(database string) string {
	q := url.Values{"host": {a.socketDir}, "port": {strconv.Itoa(a.port)}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

// postmaster is what PostgreSQL writes of itself into postmaster.pid.
type postmaster struct {
	major int
	pid   int
	addr  address
	ready bool
}

// postmaster reads the newest data folder's postmaster.pid; the error is errNotRunning when there is none yet.
func (s *Server) postmaster() (postmaster, error) {
	major, err := s.dataMajor()
	if err != nil {
		return postmaster{}, err
	}
	pm, err := readPostmaster(s.dataDir(major))
	pm.major = major
	return pm, err
}

func readPostmaster(data string) (postmaster, error) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return postmaster{}, errNotRunning
	}
	if err != nil {
		return postmaster{}, err
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 5 {
		return postmaster{}, errNotRunning // just being written; its socket is not open yet
	}
	var pm postmaster
	pm.pid, _ = strconv.Atoi(strings.TrimSpace(lines[0]))
	pm.addr.port, _ = strconv.Atoi(lines[3])
	pm.addr.socketDir = lines[4]
	pm.ready = len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
	return pm, nil
}

// attach connects to the server that another process runs and watches it through that connection. The error is
// errNotRunning if nobody listens and errAgain if it does not take connections at the moment.
func (s *Server) attach(ctx context.Context) (*instance, error) {
	pm, err := s.postmaster()
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, pm.addr)
	if err != nil {
		return nil, fmt.Errorf("reach process %d: %w", pm.pid, err)
	}
	watch, stop := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer conn.Close(context.Background())
		_, _ = conn.WaitForNotification(watch) // nobody notifies: it returns when the connection breaks
	}()
	leave := func() { stop(); <-gone }
	return &instance{major: pm.major, pid: pm.pid, addr: pm.addr, gone: gone, leave: leave}, nil
}

// connect opens a connection and makes our database in a new cluster; the folder's lock keeps two from doing so at once.
func connect(ctx context.Context, a address) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, a.url("postgres"))
	if err != nil {
		return nil, translate(err)
	}
	if err := createDatabase(ctx, conn); err != nil {
		conn.Close(ctx)
		return nil, translate(err)
	}
	return conn, nil
}

// translate recognises the ways of not being up, at any moment of a start or a shutdown, as errNotRunning and errAgain.
func translate(err error) error {
	const operatorIntervention = "57P0" // begins the SQLSTATEs of shutting down, crashing and starting up
	pgErr, answered := errors.AsType[*pgconn.PgError](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return errNotRunning
	case answered && strings.HasPrefix(pgErr.Code, operatorIntervention),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return errAgain
	}
	return err
}

func createDatabase(ctx context.Context, conn *pgx.Conn) error {
	var exists bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", Database).Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+Database)
	return err
}
