package dbtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/pgdev"
)

const (
	superviseVar = "WFD_DBTEST_SUPERVISE" // the folder of the cluster, in the environment of its supervisor

	pollParent = 100 * time.Millisecond
	idleLimit  = 10 * time.Minute // an editor as parent lives long after the tests
	keepLimit  = time.Hour
)

// settings make a cluster that nobody will miss. There must be room for every test's pool.
var settings = map[string]string{
	"fsync":              "off",
	"synchronous_commit": "off",
	"full_page_writes":   "off",
	"autovacuum":         "off",
	"checkpoint_timeout": "1h",
	"max_wal_size":       "4GB",
	"wal_level":          "minimal",
	"max_wal_senders":    "0",
	"max_connections":    "400",
}

// A test binary that is told to supervise does nothing else.
func init() {
	if dir := os.Getenv(superviseVar); dir != "" {
		supervise(dir, os.NewFile(3, "answer"))
		os.Exit(0)
	}
}

// clustersDir holds this user's clusters, one for each running `go test`.
func clustersDir() (string, error) {
	dir := filepath.Join(os.TempDir(), "wfd-dbtest-"+strconv.Itoa(os.Geteuid()))
	if err := os.Mkdir(dir, 0o711); err != nil && !os.IsExist(err) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if st := info.Sys().(*syscall.Stat_t); !info.IsDir() || int(st.Uid) != os.Geteuid() {
		return "", fmt.Errorf("%s is not a folder of this user", dir)
	}
	return dir, os.Chmod(dir, 0o711) // PostgreSQL may run as another user than root and must get through
}

// joinCluster gives the address of the cluster that all test binaries of this `go test` share. Each of them starts a
// supervisor; the one that comes first runs PostgreSQL, the others find it up and end at once.
func joinCluster() (string, error) {
	dir, err := clustersDir()
	if err != nil {
		return "", err
	}
	sweep(dir)
	parent, err := startTime(os.Getppid())
	if err != nil {
		return "", fmt.Errorf("look at the parent process: %w", err)
	}
	return startSupervisor(filepath.Join(dir, fmt.Sprintf("%d-%s", os.Getppid(), parent)))
}

// startSupervisor leaves behind a process that this one neither waits for nor shares a terminal or output with: `go test`
// waits until the last holder of a test's output is gone.
func startSupervisor(dir string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	cmd := exec.Command(exe)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), superviseVar+"="+dir)
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return "", fmt.Errorf("start the supervisor: %w", err)
	}
	go cmd.Wait()
	answer, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	url, ok := strings.CutPrefix(string(answer), "url ")
	if !ok {
		return "", fmt.Errorf("start the shared cluster: %s", answer)
	}
	return url, nil
}

// supervise runs PostgreSQL until the `go test` that it is for has ended, then deletes all of it.
func supervise(dir string, answer *os.File) {
	syscall.CloseOnExec(int(answer.Fd()))
	parent := parentOf(dir)
	pg, err := pgdev.Start(context.Background(), pgdev.Config{Dir: dir, BinDir: os.Getenv(binVar), Settings: settings})
	if err != nil {
		fmt.Fprint(answer, err)
		return
	}
	fmt.Fprint(answer, "url "+strings.Replace(pg.URL(), "/"+pgdev.Database+"?", "/postgres?", 1))
	answer.Close()
	if !pg.Owned() {
		_ = pg.Stop()
		return
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	wait(parent, pg, stop)
	remove(dir, pg)
}

// remove takes the folder out of the way first, so that a supervisor which begins meanwhile gets one of its own.
func remove(dir string, pg *pgdev.Server) {
	postgres, gone := pg.PID(), dir+".gone"
	if err := os.Rename(dir, gone); err != nil {
		gone = dir
	}
	if postgres != 0 {
		_ = syscall.Kill(postgres, syscall.SIGQUIT) // nothing here is worth a checkpoint
	}
	<-pg.Done()
	os.RemoveAll(gone)
}

// parent is a process, told by its start from a later one of the same number.
type parent struct {
	pid   int
	start string
}

func parentOf(dir string) parent {
	words := strings.SplitN(filepath.Base(dir)+"-", "-", 3)
	pid, _ := strconv.Atoi(words[0])
	return parent{pid: pid, start: words[1]}
}

func (p parent) alive() bool {
	start, err := startTime(p.pid)
	return err == nil && start == p.start
}

// wait returns when the cluster is no longer wanted, or is gone.
func wait(p parent, pg *pgdev.Server, stop <-chan os.Signal) {
	lastUse := time.Now()
	checked := time.Now()
	for (p.alive() || keep()) && time.Since(lastUse) < limit() {
		select {
		case <-pg.Done():
			return
		case <-stop:
			return
		case <-time.After(pollParent):
		}
		if time.Since(checked) > time.Minute {
			checked = time.Now()
			if inUse(pg.URL()) {
				lastUse = checked
			}
		}
	}
}

func limit() time.Duration {
	if keep() {
		return keepLimit
	}
	return idleLimit
}

// inUse asks whether anybody else is connected. Each test binary is, as long as it runs.
func inUse(url string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return true // too many connections, most likely
	}
	defer conn.Close(ctx)
	var n int
	err = conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`).Scan(&n)
	return err != nil || n > 0
}

// sweep deletes clusters whose supervisor was killed. A supervisor that lives holds the owner's lock.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !parentOf(path).alive() && !ownerAlive(path) {
			os.RemoveAll(path)
		}
	}
}

func ownerAlive(dir string) bool {
	f, err := os.Open(filepath.Join(dir, "owner"))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}
