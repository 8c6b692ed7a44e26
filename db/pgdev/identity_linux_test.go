package pgdev_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nameless is a user that /etc/passwd does not know, as containers of some clouds have.
const nameless = 54321

func TestEveryKindOfUserGetsItsPostgres(t *testing.T) {
	t.Parallel()
	for name, attr := range map[string]*syscall.SysProcAttr{
		"the user of the tests":            nil,
		"a user without a name":            asNameless(),
		"a root that may not switch users": appearAs(0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			if attr != nil && attr.Credential != nil {
				if err := os.Chown(dir, nameless, nameless); err != nil {
					t.Fatal(err)
				}
			}
			o := begin(t, dir, attr)
			line := o.answer()
			if attr != nil && !namespacesAllowed() {
				if !strings.Contains(line, "/etc/passwd") {
					t.Errorf("the error does not help: %s", line)
				}
				return
			}
			if o.url == "" || !o.owned {
				t.Fatal(line)
			}
			mustQuery(t, o.url, "SELECT 1::text")
			o.stop()
			if _, err := query(t, o.url, "SELECT 1::text"); err == nil {
				t.Error("it still runs")
			}
		})
	}
}

func asNameless() *syscall.SysProcAttr {
	if os.Geteuid() != 0 {
		return appearAs(nameless)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nameless, Gid: nameless}}
}

// appearAs makes a process see itself as another user in a namespace that knows no third one.
func appearAs(id int) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getegid(), Size: 1}},
	}
}

// namespacesAllowed asks the kernel for what the way around the missing name needs.
func namespacesAllowed() bool {
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = appearAs(nameless)
	return cmd.Run() == nil
}

func TestAStrangerInAStalePidFileDoesNotBlockTheStart(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	first := start(t, dir)
	data := dataDir(t, dir)
	pidFile := filepath.Join(data, "postmaster.pid")
	stale, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	postgres, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", first.postgres))
	if err != nil {
		t.Fatal(err)
	}
	first.stop()
	// The stranger is the same user as PostgreSQL, which would not mind another's.
	user := userOf(t, dir)
	stranger := hold(t, user)
	_, rest, _ := strings.Cut(string(stale), "\n")
	if err := os.WriteFile(pidFile, fmt.Appendf(nil, "%d\n%s", stranger, rest), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(pidFile, int(user.Uid), int(user.Gid)); err != nil {
		t.Fatal(err)
	}

	alone := exec.Command(postgres, "-D", data)
	alone.Dir = "/"
	alone.SysProcAttr = switchTo(user)
	if out, err := alone.CombinedOutput(); err == nil || !strings.Contains(string(out), "already exists") {
		t.Fatalf("PostgreSQL by itself does not mind: %v %s", err, out)
	}
	second := start(t, dir)
	mustQuery(t, second.url, "SELECT 1::text")
}

func userOf(t *testing.T, dir string) syscall.Credential {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	return syscall.Credential{Uid: st.Uid, Gid: st.Gid}
}

// switchTo leaves an ordinary user alone, who may not even switch to himself.
func switchTo(user syscall.Credential) *syscall.SysProcAttr {
	if os.Geteuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &user}
}

// hold runs a program that is not PostgreSQL until the test ends.
func hold(t *testing.T, user syscall.Credential) (pid int) {
	t.Helper()
	cmd := exec.Command("/bin/cat")
	cmd.Dir = "/"
	cmd.SysProcAttr = switchTo(user)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

// On other systems it lives on, and the next process that asks for the folder owns it.
func TestKill9OfTheOwnerEndsPostgresInGoodOrder(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	owner := start(t, dir)
	data := dataDir(t, dir)
	owner.kill9()
	eventually(t, "PostgreSQL has ended and removed its file", func() bool {
		_, err := os.Stat(filepath.Join(data, "postmaster.pid"))
		return errors.Is(err, fs.ErrNotExist) && syscall.Kill(owner.postgres, 0) == syscall.ESRCH
	})
}
