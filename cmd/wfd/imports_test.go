package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// may says for each package which of ours it may import; tests are not bound by it.
var may = map[string][]string{
	"model":                  {},
	"agent":                  {},
	"demo":                   {"agent"},
	"exec":                   {},
	"exec/codegen":           {"exec"},
	"transport":              {},
	"web":                    {},
	"db/pgdev":               {},
	"db/migrations":          {},
	"db/dbtest":              {"db/migrations", "db/pgdev"},
	"db":                     {"db/migrations", "model"},
	"auth":                   {"model"},
	"auth/authtest":          {},
	"auth/authtest/provider": {"auth/authtest"},
	"event":                  {"model"},
	"relay":                  {"event"},
	"dispatch":               {"event", "model"},
	"graph/gen":              {"exec", "model"},
	"graph":                  {"graph/gen", "exec", "auth", "db", "dispatch", "event", "model"},
	"server":                 {"transport", "graph", "exec", "auth", "db", "dispatch", "event", "model"},
	"cmd/wfd":                {"agent", "demo", "server", "transport", "web", "graph", "auth", "db", "db/migrations", "db/pgdev", "event", "relay", "model"},
}

// forTests are packages that only tests use.
func forTests(name string) bool {
	folder, _, _ := strings.Cut(name, "/")
	return strings.HasPrefix(name, "exec/exectest") || name == "transport/transporttest" || folder == "e2e" || folder == "bench"
}

type listed struct {
	ImportPath string
	Imports    []string
}

// packages lists our packages; tools are not of the module.
func packages(t *testing.T) []listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	command.Dir = "../.."
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var all []listed
	for decoder := json.NewDecoder(out); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImportsGoDownwards(t *testing.T) {
	t.Parallel()
	const module = "workflowfactory/"
	known := 0
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if forTests(name) {
			continue
		}
		allowed, ok := may[name]
		if !ok {
			t.Errorf("%s is not in the table of who may import whom", name)
			continue
		}
		known++
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s must not import %s", name, ours)
			}
			if name == "model" && strings.Contains(imported, ".") && imported != "github.com/99designs/gqlgen/graphql" {
				t.Errorf("model must not import %s", imported)
			}
		}
	}
	if known < 12 {
		t.Errorf("looked at %d packages only", known)
	}
}
