package dbtest_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/db/dbtest"
)

const failVar = "WFD_DBTEST_TEST_FAIL"

// TestForARun is what the runs below do: it says where its database is.
func TestForARun(t *testing.T) {
	t.Log("URL", dbtest.URL(t))
	if os.Getenv(failVar) != "" {
		t.Error("asked to fail")
	}
}

// run lets a shell stand for `go test`, which starts two test binaries at once, and gives their output and the shell's
// process.
func run(t *testing.T, env ...string) (output string, shell int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", `"$0" "$@" & "$0" "$@" & wait; exit 0`, exe, "-test.run=^TestForARun$", "-test.v")
	cmd.Env = append(slices.DeleteFunc(os.Environ(), isOurs), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out), cmd.Process.Pid
}

func isOurs(variable string) bool { return strings.HasPrefix(variable, "WFD_TEST_") }

// hosts are the folders of the sockets that the tests of a run had their databases at.
func hosts(t *testing.T, output string) []string {
	t.Helper()
	var list []string
	for _, m := range regexp.MustCompile(`URL (\S+)`).FindAllStringSubmatch(output, -1) {
		u, err := url.Parse(m[1])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, u.Query().Get("host"))
	}
	if len(list) != 2 {
		t.Fatalf("the run had not two tests:\n%s", output)
	}
	return list
}

func TestARunSharesAClusterAndLeavesNothing(t *testing.T) {
	t.Parallel()
	output, shell := run(t)
	dirs := hosts(t, output)
	if dirs[0] != dirs[1] || !strings.HasPrefix(filepath.Base(dirs[0]), strconv.Itoa(shell)+"-") {
		t.Errorf("the tests of process %d had their databases at %v", shell, dirs)
	}
	eventually(t, "the folder is gone", func() bool { return !exists(dirs[0]) })
	eventually(t, "its processes are gone", func() bool { return !strings.Contains(processes(t), dirs[0]) })
}

func TestTwoRunsHaveTwoClusters(t *testing.T) {
	t.Parallel()
	first, _ := run(t)
	second, _ := run(t)
	if dir := hosts(t, first)[0]; dir == hosts(t, second)[0] {
		t.Errorf("both have their databases at %s", dir)
	}
}

func TestAFailedTestsDatabaseMayBeKept(t *testing.T) {
	t.Parallel()
	output, shell := run(t, "WFD_TEST_KEEP=1", failVar+"=1")
	dir := hosts(t, output)[0]
	supervisor := owner(t, dir)
	t.Cleanup(func() {
		_ = syscall.Kill(supervisor, syscall.SIGTERM)
		eventually(t, "the folder is gone", func() bool { return !exists(dir) })
	})
	eventually(t, "the run is over", func() bool { return syscall.Kill(shell, 0) == syscall.ESRCH })
	m := regexp.MustCompile(`psql '(\S+)'`).FindStringSubmatch(output)
	if m == nil {
		t.Fatalf("no word about how to open it:\n%s", output)
	}
	query(t, m[1], "SELECT * FROM bun_migrations")
}

// owner is the process that keeps the cluster.
func owner(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "owner"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestWhatAKilledSupervisorLeavesIsSwept(t *testing.T) {
	t.Parallel()
	output, _ := run(t, "WFD_TEST_KEEP=1")
	dir := hosts(t, output)[0]
	if err := syscall.Kill(owner(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the processes are gone", func() bool { return !strings.Contains(processes(t), dir) })
	if !exists(dir) {
		t.Fatal("nothing is left to sweep")
	}
	run(t)
	if exists(dir) {
		t.Errorf("%s is still there", dir)
	}
}

func TestAServerOfOnesOwnIsLeftClean(t *testing.T) {
	t.Parallel()
	c := dbtest.NewCluster(t)
	output, _ := run(t, "WFD_TEST_DATABASE_URL="+c.URL())
	own, err := url.Parse(c.URL())
	if err != nil {
		t.Fatal(err)
	}
	if dir := hosts(t, output)[0]; dir != own.Query().Get("host") {
		t.Errorf("the database was at %s", dir)
	}
	conn, err := pgx.Connect(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var clones, templates int
	err = conn.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE datname LIKE 'test\_%'),
		count(*) FILTER (WHERE datname LIKE 'wfd\_template\_%') FROM pg_database`).Scan(&clones, &templates)
	if err != nil || clones != 0 || templates != 1 {
		t.Errorf("%d clones and %d templates are left, %v", clones, templates, err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// processes lists every command line of the machine.
func processes(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("ps", "axww", "-o", "command").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
	}
}
