//go:build unix

package pgdev_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/pgdev"
)

const (
	dirVar = "WFD_PGDEV_TEST_DIR"
	binVar = "WFD_PG_BIN" // the folder of another PostgreSQL's programs to test with
)

// fast is for clusters that no power cut will meet.
var fast = map[string]string{"fsync": "off"}

// TestMain is also the other process of the tests that need two.
func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVar); dir != "" {
		os.Exit(serve(dir))
	}
	os.Exit(m.Run())
}

// serve starts the folder's PostgreSQL, says how that went, and stops it when its input ends.
func serve(dir string) int {
	s, err := pgdev.Start(context.Background(), pgdev.Config{Dir: dir, BinDir: os.Getenv(binVar), Settings: fast})
	if err != nil {
		fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
		return 1
	}
	fmt.Println(s.Owned(), s.PID(), s.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Stop(); err != nil {
		return 1
	}
	return 0
}

// other is another process that uses a folder's PostgreSQL.
type other struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Reader

	owned    bool
	postgres int
	url      string
}

// begin runs the process; answer waits for what it has to say.
func begin(t *testing.T, dir string, attr *syscall.SysProcAttr) *other {
	t.Helper()
	cmd := exec.Command(executable(t))
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), dirVar+"="+dir)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = attr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := &other{t: t, cmd: cmd, stdin: stdin, out: bufio.NewReader(stdout)}
	t.Cleanup(o.stop)
	return o
}

func (o *other) answer() string {
	o.t.Helper()
	line, err := o.out.ReadString('\n')
	if err != nil {
		o.t.Fatalf("the other process: %v", err)
	}
	if _, err := fmt.Sscan(line, &o.owned, &o.postgres, &o.url); err != nil {
		o.url = ""
	}
	return line
}

func start(t *testing.T, dir string) *other {
	t.Helper()
	o := begin(t, dir, nil)
	if line := o.answer(); o.url == "" {
		t.Fatalf("the other process: %s", line)
	}
	return o
}

// stop lets the process end in good order, if it still runs.
func (o *other) stop() {
	o.stdin.Close()
	_ = o.cmd.Wait()
}

func (o *other) kill9() {
	_ = o.cmd.Process.Kill()
	_ = o.cmd.Wait()
}

// executable is this test's program where every user may run it; the folder that go test builds in is private.
func executable(t *testing.T) string {
	t.Helper()
	src, err := os.Open("/proc/self/exe")
	if err != nil {
		path, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	defer src.Close()
	dir := tempDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := dir + "/test"
	dst, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(dst, src); err != nil {
		t.Fatal(err)
	}
	if err := dst.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wfdpg-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// begun starts the server in this process, until the test ends.
func begun(t *testing.T, c pgdev.Config) *pgdev.Server {
	t.Helper()
	if c.Settings == nil {
		c.Settings = fast
	}
	c.BinDir = os.Getenv(binVar)
	s, err := pgdev.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

// query runs one statement on a connection of its own and gives its first value.
func query(t *testing.T, url, sql string) (value string, err error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return "", err
	}
	defer conn.Close(t.Context())
	if !strings.HasPrefix(sql, "SELECT") {
		_, err = conn.Exec(t.Context(), sql)
		return "", err
	}
	err = conn.QueryRow(t.Context(), sql).Scan(&value)
	return value, err
}

func mustQuery(t *testing.T, url, sql string) string {
	t.Helper()
	value, err := query(t, url, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
	}
}
