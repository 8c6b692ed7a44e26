package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "workflowfactory/bench/probe" // for our own contenders
)

// contender is a server that takes part. Its name is also that of its database connections.
type contender struct {
	name  string
	about string
	// program gives the path of the program to run, and its arguments.
	program func(ctx context.Context, w *world) (string, []string, error)
	core    int // to run on; the servers' unless it says otherwise
}

// builtIn are the processes that are part of this program, by name.
var builtIn = map[string]func(context.Context) error{limit.name: serveLimit, gqlgen.name: serveGqlgen, relay.name: serveRelay, stock.name: serveStock,
	bare.name: serveBare, sameTable.name: serveSameTable, rows.name: serveRows, direct.name: serveDirect, crowd: serveCrowd}

// wfd is the server itself, as it is run in production.
var wfd = contender{
	name: "wfd", about: "the server, with authentication, limits and its log",
	program: func(ctx context.Context, w *world) (string, []string, error) {
		path, err := w.build(ctx)
		return path, []string{"serve"}, err
	},
}

func self(name string) func(context.Context, *world) (string, []string, error) {
	return func(context.Context, *world) (string, []string, error) {
		path, err := os.Executable()
		return path, []string{name}, err
	}
}

// The environment of every contender. They all may let the heap grow as far as the server does.
const (
	adminKey    = "wfd_admin_bench_0123456789abcdef0123456789"
	addressVar  = "BENCH_ADDRESS"
	databaseVar = "DATABASE_URL"
)

// process is a contender that runs.
type process struct {
	contender
	address string // of its API, host:port
	probe   string // of its probe
	command *exec.Cmd
	exited  chan struct{}
	log     string
}

// start runs a contender on its core, in a session of its own: the kernel shares a core by session.
func (w *world) start(ctx context.Context, c contender) (*process, error) {
	path, args, err := c.program(ctx, w)
	if err != nil {
		return nil, err
	}
	p := &process{contender: c, exited: make(chan struct{}), log: filepath.Join(w.dir, c.name+".log")}
	if p.address, p.probe, err = freeAddresses(); err != nil {
		return nil, err
	}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the process has its own
	_, port, _ := net.SplitHostPort(p.address)
	p.command = exec.Command("taskset", append([]string{"-c", strconv.Itoa(c.core), path}, args...)...)
	p.command.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=400", "ENV=production", "HOST=127.0.0.1", "PORT="+port,
		"SHUTDOWN_DELAY=0s", "RATE_PER_SECOND=0", "ADMIN_API_KEY="+adminKey, "WFD_DATA_DIR="+w.dir, databaseVar+"="+w.url(),
		addressVar+"="+p.address, "BENCH_PROBE="+p.probe)
	p.command.Stdout, p.command.Stderr = out, out
	p.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	prefer(p.command.Process.Pid, urgent)
	go func() { p.command.Wait(); close(p.exited) }()
	return p, p.await(ctx)
}

func freeAddresses() (one, other string, err error) {
	var addresses [2]string
	for i := range addresses {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", err
		}
		defer l.Close()
		addresses[i] = l.Addr().String()
	}
	return addresses[0], addresses[1], nil
}

// await returns when the process takes connections.
func (p *process) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		conn, err := net.Dial("tcp", p.address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen: %w", p.name, err)
		case <-p.exited:
			text, _ := os.ReadFile(p.log)
			return fmt.Errorf("%s ended: %s", p.name, text)
		case <-time.After(10 * time.Millisecond): // between two tries
		}
	}
}

// stop ends the process and waits for it.
func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(5 * time.Second):
		_ = p.command.Process.Kill()
		<-p.exited
	}
}

// memory is what a process has allocated since it began.
type memory struct{ Mallocs, TotalAlloc uint64 }

func (p *process) memory() (m memory, err error) {
	response, err := http.Get("http://" + p.probe + "/memory")
	if err != nil {
		return m, err
	}
	defer response.Body.Close()
	return m, json.NewDecoder(response.Body).Decode(&m)
}

// profile writes a CPU profile of the time that it takes, and one of all that was allocated so far.
func (p *process) profile(path string, d time.Duration) error {
	cpu := p.fetch("profile?seconds="+strconv.Itoa(int(d.Seconds())), path+".cpu.pprof")
	return errors.Join(cpu, p.fetch("allocs", path+".allocs.pprof"))
}

func (p *process) fetch(what, path string) error {
	response, err := http.Get("http://" + p.probe + "/debug/pprof/" + what)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// build builds the server with one file more: the probe that says what it has allocated.
func (w *world) build(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(out)))
	overlay, source := filepath.Join(w.dir, "overlay.json"), filepath.Join(w.dir, "probe.go")
	replace := map[string]any{"Replace": map[string]string{filepath.Join(root, "cmd", "wfd", "probe.go"): source}}
	text, _ := json.Marshal(replace) // which no string fails
	if err := os.WriteFile(overlay, text, 0o644); err != nil {
		return "", err
	}
	if err := os.WriteFile(source, []byte("package main\n\nimport _ \"workflowfactory/bench/probe\"\n"), 0o644); err != nil {
		return "", err
	}
	path := filepath.Join(w.dir, "wfd")
	build := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", path, "workflowfactory/cmd/wfd")
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build wfd: %w\n%s", err, text)
	}
	return path, nil
}
