package pgdev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ours are the settings for a database that shares a developer's machine.
var ours = map[string]string{
	"shared_buffers":             "128MB",
	"max_connections":            "200",
	"jit":                        "off",  // pays off on long queries alone, and ours are short
	"dynamic_shared_memory_type": "mmap", // containers often have a /dev/shm of 64 MB
	"listen_addresses":           "",
}

// run makes the data if there is none, starts PostgreSQL as a child and waits until it takes connections.
func (s *Server) run(ctx context.Context) (*instance, error) {
	bin, err := s.binaries(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.initialise(ctx, bin); err != nil {
		return nil, err
	}
	addr, err := s.chooseAddress()
	if err != nil {
		return nil, err
	}
	child, err := startProcess(s.postgresCommand(bin, addr), s.log)
	if err != nil {
		return nil, err
	}
	if err := s.settle(ctx, child, s.dataDir(bin.major), addr); err != nil {
		child.interruptAndWait()
		return nil, err
	}
	return &instance{major: bin.major, pid: child.pid(), addr: addr, child: child, gone: child.exited, leave: func() {}}, nil
}

// settle waits until the child takes connections and gives it what a new cluster lacks.
func (s *Server) settle(ctx context.Context, child *process, data string, addr address) error {
	for {
		select {
		case <-child.exited:
			return child.startFailure()
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL to be ready: %w\n%s", ctx.Err(), child.output)
		case <-time.After(pollPause):
		}
		if pm, err := readPostmaster(data); err == nil && pm.pid == child.pid() && pm.ready {
			break
		}
	}
	conn, err := connect(ctx, addr)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return s.setPassword(ctx, conn)
}

func (s *Server) postgresCommand(bin binaries, addr address) *exec.Cmd {
	data := s.dataDir(bin.major)
	args := []string{"-D", data, "-k", addr.socketDir, "-p", strconv.Itoa(addr.port)}
	settings := maps.Clone(ours)
	if s.cfg.Port != 0 {
		settings["listen_addresses"] = "127.0.0.1"
	}
	maps.Copy(settings, s.cfg.Settings)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	cmd := s.who.command(context.Background(), bin.path("postgres"), args...)
	cmd.Env = append(cmd.Env, strangerInPidFile(data)...)
	endWithParent(cmd)
	return cmd
}

// process is a child that is waited for, and the last lines it wrote.
type process struct {
	cmd    *exec.Cmd
	output *output
	exited chan struct{}
	err    error // how it ended; read it after exited
}

// startProcess starts the command from a thread that lives as long as the child, because Linux tells a child of its
// parent's death when the thread that started it ends, and Go ends threads as it likes.
func startProcess(cmd *exec.Cmd, log *slog.Logger) (*process, error) {
	p := &process{cmd: cmd, output: &output{log: log}, exited: make(chan struct{})}
	cmd.Stderr = p.output
	cmd.WaitDelay = time.Second // a session that outlives a killed server holds the pipe for a moment
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) interruptAndWait() {
	_ = interrupt(p.pid())
	<-p.exited
}

func (p *process) failure() error {
	return fmt.Errorf("%s\n%s", p.cmd.ProcessState, p.output)
}

// startFailure is errAgain when what stood in the way goes away by itself: a server that shuts down still has its files,
// and the sessions of a killed one live on for a moment.
func (p *process) startFailure() error {
	for _, passing := range []string{`lock file "postmaster.pid" already exists`, "pre-existing shared memory block"} {
		if strings.Contains(p.output.String(), passing) {
			return fmt.Errorf("%w: %s", errAgain, p.output)
		}
	}
	return errors.New(p.output.String())
}

// output passes PostgreSQL's lines on to the log and remembers the last of them for an error.
type output struct {
	log *slog.Logger

	mu   sync.Mutex // protects the rest
	part []byte
	last []string
}

const outputKept = 20

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.part = append(o.part, p...)
	for {
		line, rest, found := bytes.Cut(o.part, []byte("\n"))
		if !found {
			return len(p), nil
		}
		o.part = rest
		o.last = append(o.last, string(line))
		o.last = o.last[max(0, len(o.last)-outputKept):]
		o.log.Debug(string(line), "source", "postgres")
	}
}

// String is what was written last.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.last, "\n")
}
