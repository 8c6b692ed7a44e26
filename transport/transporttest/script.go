package transporttest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// interop is the folder of the published clients, as the tests of packages at the top of the module see it.
var interop = filepath.Join("..", "transport", "testdata", "interop")

// installed installs the published clients once, at the versions that package-lock.json pins. The tests of several
// packages may want them at the same time.
var installed = sync.OnceValue(func() (err error) {
	folder, err := os.Open(interop)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }() // which unlocks it
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	lock, err := os.ReadFile(filepath.Join(interop, "package-lock.json"))
	if err != nil {
		return err
	}
	stamp := filepath.Join(interop, "node_modules", ".installed-lock")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, lock) {
		return nil
	}
	command := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	command.Dir = interop
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return os.WriteFile(stamp, lock, 0o600)
})

// Script runs a script of the published clients' folder and returns what it prints. It needs Node 20 and npm on the PATH.
func Script(t testing.TB, script string, args ...string) string {
	t.Helper()
	if err := installed(); err != nil {
		t.Fatalf("install the published clients with npm ci in %s: %v", interop, err)
	}
	command := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	command.Dir = interop
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("node %s: %v\n%s%s", script, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}
