// Package pgdev runs a private PostgreSQL for whoever has not named a database: it finds the installed binaries, makes
// a cluster in the user's data folder, runs it as a child process and stops it again. The cluster listens on a Unix
// socket in a folder that only its user may enter, so it needs neither a free port nor a password.
//
// Several processes may ask for the same folder. The first becomes the owner and runs PostgreSQL; the others attach and
// never stop it. PostgreSQL ends with its owner, however the owner ends; then one of the attached processes starts it
// again at the same address and is the owner from there on. Connections break and are made anew, as at any restart.
package pgdev

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// Database is the name of the database that Start makes and that URL leads to.
	Database = "wfd"

	superuser   = "postgres"
	defaultPort = 5432 // only a part of the socket's file name, unless Config.Port asks for TCP
	joinTimeout = 60 * time.Second
	joinPause   = 20 * time.Millisecond
)

// Config says where the private PostgreSQL lives. The zero value is the usual choice for the current user.
type Config struct {
	Dir      string            // holds one folder of data for each major version; "" is DefaultDir
	BinDir   string            // the folder of postgres and initdb; "" looks in the usual places
	Port     int               // also listen on this port of 127.0.0.1, with a password; 0 does not
	Settings map[string]string // further settings of postgresql.conf, stronger than ours
	Log      *slog.Logger      // PostgreSQL's own lines come at debug level; nil discards all
}

// Server is a private PostgreSQL that is up. Its methods may be called from any goroutine.
type Server struct {
	cfg    Config
	who    identity
	log    *slog.Logger
	addr   address
	owned  atomic.Bool
	cancel context.CancelFunc
	done   chan struct{}
	err    error // why done was closed; read it after done
}

// Start returns when the private PostgreSQL accepts connections, which takes about a second the first time and a third
// of one later. It attaches to the one that another process already runs in the same folder. The context bounds the
// start alone. The error is ErrNoPostgres if there is nothing to run.
func Start(ctx context.Context, c Config) (*Server, error) {
	s := &Server{cfg: c, log: cmp.Or(c.Log, slog.New(slog.DiscardHandler)), done: make(chan struct{})}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("prepare the private PostgreSQL: %w", err)
	}
	run, err := s.join(ctx)
	if err != nil {
		return nil, fmt.Errorf("start the private PostgreSQL in %s: %w", s.cfg.Dir, err)
	}
	s.addr = run.addr
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	go s.keep(life, run)
	return s, nil
}

// URL is the address of the database "wfd" for pgx, psql and other clients of libpq. It stays the same for the life of
// the server, whoever owns it.
func (s *Server) URL() string { return s.addr.url(Database) }

// TCP is the address for programs that cannot use a Unix socket, with its password; "" unless Config.Port was set by
// the process that owns the server.
func (s *Server) TCP() string {
	password, err := os.ReadFile(filepath.Join(s.cfg.Dir, passwordFile))
	if s.cfg.Port == 0 || s.addr.port != s.cfg.Port || err != nil {
		return ""
	}
	u := url.URL{
		Scheme: "postgres", Path: "/" + Database, RawQuery: "sslmode=disable",
		User: url.UserPassword(superuser, strings.TrimSpace(string(password))),
		Host: "127.0.0.1:" + strconv.Itoa(s.addr.port),
	}
	return u.String()
}

// Dir is the folder that holds everything of this server.
func (s *Server) Dir() string { return s.cfg.Dir }

// PID is the process that accepts the connections, 0 while there is none.
func (s *Server) PID() int {
	pm, _ := s.postmaster()
	return pm.pid
}

// Owned reports whether Stop ends the database, rather than leaving it to the process that runs it.
func (s *Server) Owned() bool { return s.owned.Load() }

// Done is closed when the server is over: after Stop, when the owned PostgreSQL ended by itself, and when an attached
// one went away and could not be started again.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err says why Done was closed; nil before that, and nil after a Stop that went well.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Stop ends the database if this process owns it: sessions are cut off, committed work is safe. It returns when all is
// over. A second call does nothing more.
func (s *Server) Stop() error {
	s.cancel()
	<-s.done
	return s.err
}

// keep watches over the server until ctx ends or nothing is left to watch.
func (s *Server) keep(ctx context.Context, run *instance) {
	defer close(s.done)
	for run != nil {
		select {
		case <-ctx.Done():
			s.err = s.leave(run)
			return
		case <-run.gone:
			run.release()
			s.owned.Store(false)
			run, s.err = s.succeed(ctx, run)
		}
	}
}

// succeed is what happens after an instance has ended: the end of our own is reported, that of another process is made
// good. It gives neither instance nor error when ctx ends meanwhile.
func (s *Server) succeed(ctx context.Context, last *instance) (*instance, error) {
	if last.child != nil {
		return nil, fmt.Errorf("PostgreSQL ended by itself: %w", last.child.failure())
	}
	s.log.Warn("the private PostgreSQL went away with its owner, starting it again")
	next, err := s.join(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("start the private PostgreSQL again: %w", err)
	case next.addr != s.addr:
		next.release()
		return nil, fmt.Errorf("process %d runs the private PostgreSQL at another address", next.pid)
	}
	return next, nil
}

func (s *Server) leave(run *instance) error {
	defer run.release()
	defer s.owned.Store(false)
	if run.owner == nil {
		return nil
	}
	if err := run.stop(); err != nil {
		return fmt.Errorf("stop the private PostgreSQL: %w", err)
	}
	return nil
}

// errAgain is the answer of a try that another process stood in the way of: it is starting or stopping just now.
var errAgain = errors.New("another process is starting or stopping it")

// join tries until the database is up, whoever runs it.
func (s *Server) join(ctx context.Context) (*instance, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	for {
		run, err := s.joinOnce(ctx)
		if err == nil {
			s.owned.Store(run.owner != nil)
			return run, nil
		}
		if !errors.Is(err, errAgain) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(joinPause):
		}
	}
}

// joinOnce attaches or starts, one process at a time. Who gets the owner's lock may start; the kernel frees that lock
// when its holder dies, so it cannot go stale.
func (s *Server) joinOnce(ctx context.Context) (*instance, error) {
	lock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	owner, err := s.tryLock("owner")
	if err != nil && !errors.Is(err, errLocked) {
		return nil, err
	}
	run, err := s.attachOrRun(ctx, owner != nil)
	if err != nil {
		closeFile(owner)
		return nil, err
	}
	run.owner = owner
	s.noteOwner(run)
	return run, nil
}

func (s *Server) attachOrRun(ctx context.Context, mayRun bool) (*instance, error) {
	run, err := s.attach(ctx)
	if !errors.Is(err, errNotRunning) {
		return run, err
	}
	if !mayRun {
		return nil, errAgain
	}
	return s.run(ctx)
}

// noteOwner writes down who owns the database, or says who does.
func (s *Server) noteOwner(run *instance) {
	if run.owner == nil {
		pid, _ := os.ReadFile(filepath.Join(s.cfg.Dir, "owner"))
		s.log.Info("using the private PostgreSQL of another process", "process", strings.TrimSpace(string(pid)), "dir", s.cfg.Dir)
		return
	}
	if err := run.owner.Truncate(0); err == nil {
		fmt.Fprintln(run.owner, os.Getpid())
	}
	s.log.Info("the private PostgreSQL is up", "major", run.major, "dir", s.cfg.Dir, "process", run.pid)
}
