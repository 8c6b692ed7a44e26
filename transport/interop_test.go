package transport_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// interop is where the reference clients live.
var interop = filepath.Join("testdata", "interop")

// installed installs the reference clients once, at the versions that package-lock.json pins.
var installed = sync.OnceValues(func() ([]byte, error) {
	lock, err := os.ReadFile(filepath.Join(interop, "package-lock.json"))
	if err != nil {
		return nil, err
	}
	stamp := filepath.Join(interop, "node_modules", ".installed-lock")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, lock) {
		return nil, nil
	}
	command := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	command.Dir = interop
	if out, err := command.CombinedOutput(); err != nil {
		return out, err
	}
	return nil, os.WriteFile(stamp, lock, 0o600)
})

// node runs a script of the interop folder and returns what it prints. These tests need Node 20 and npm on the PATH.
func node(t *testing.T, script string, args ...string) string {
	t.Helper()
	if out, err := installed(); err != nil {
		t.Fatalf("install the reference clients with npm ci in transport/%s: %v\n%s", interop, err, out)
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

// The 61 audits: 13 MUST, 23 SHOULD, 25 MAY.
func TestAuditsOfGraphQLOverHTTP(t *testing.T) {
	t.Parallel()
	w := serve(t)
	passed := map[string]int{}
	lines := bufio.NewScanner(strings.NewReader(node(t, "audit.mjs", w.server.URL)))
	for lines.Scan() {
		var audit struct{ ID, Name, Status, Reason string }
		if err := json.Unmarshal(lines.Bytes(), &audit); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if audit.Status != "ok" {
			t.Errorf("%s %s: %s: %s", audit.ID, audit.Name, audit.Status, audit.Reason)
			continue
		}
		level, _, _ := strings.Cut(audit.Name, " ")
		passed[level]++
	}
	if passed["MUST"] != 13 || passed["SHOULD"] != 23 || passed["MAY"] != 25 {
		t.Errorf("passed %v, want 13 MUST, 23 SHOULD, 25 MAY", passed)
	}
}
