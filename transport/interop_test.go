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

func TestPublishedClients(t *testing.T) {
	t.Parallel()
	const operations = `{"data":{"hello":"hello"}}
{"data":{"set":0}}
{"error":["GRAPHQL_VALIDATION_FAILED"]}
`
	for _, client := range []string{"graphql-ws", "urql", "apollo"} {
		for how, want := range map[string]string{
			"resume": "1\n2\n3\n4\n5\n6\n",
			"repeat": "1\n2\n3\n1\n2\n3\n4\n5\n6\n", // so it is `resume` that makes the difference
		} {
			t.Run(client+" "+how, func(t *testing.T) {
				t.Parallel()
				w := serve(t)
				go func() {
					for n := range 2 { // once for each connection of the subscriber
						if w.Feed.AwaitBegun(t.Context(), n+1) == nil {
							w.Feed.Publish("a", 3, 0)
						}
					}
				}()
				if got := node(t, "ws.mjs", client, w.server.URL, how); got != operations+want {
					t.Errorf("the client saw\n%s\nwant\n%s", got, operations+want)
				}
			})
		}
	}
}

func TestReferenceEventStreamClient(t *testing.T) {
	t.Parallel()
	w := serve(t)
	const want = `{"data":{"hello":"hello"}}
{"data":{"count":1}}
{"data":{"count":2}}
{"data":{"count":3}}
"GRAPHQL_VALIDATION_FAILED"
`
	if got := node(t, "sse.mjs", w.server.URL); got != want {
		t.Errorf("the client saw\n%s\nwant\n%s", got, want)
	}
}

func TestIntrospectionOfToolsPasses(t *testing.T) {
	t.Parallel()
	w := serve(t)
	for line := range strings.Lines(node(t, "introspection.mjs")) {
		_, body := w.post(`{"query":` + strings.TrimSpace(line) + `}`)
		if strings.Contains(body, `"errors"`) {
			t.Errorf("%s\n%.1000s", line, body)
			continue
		}
		if sdl := node(t, "introspection.mjs", body); !strings.Contains(sdl, "type NodeConnection {") {
			t.Errorf("the schema is\n%s", sdl)
		}
	}
}
