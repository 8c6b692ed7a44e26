package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workflowfactory/transport"
)

// The manifest of the dashboard can be made and is read again as it was.
func TestDocumentsAreExtracted(t *testing.T) {
	web, err := filepath.Abs("../../web")
	if err != nil {
		t.Fatal(err)
	}
	clean(t)
	var out, again, errOut bytes.Buffer
	if code := run(t.Context(), []string{"documents", "extract", "--agents", web}, &out, &errOut); code != 0 {
		t.Fatalf("exit code %d: %s", code, errOut.String())
	}
	trusted, err := transport.ReadTrusted(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := trusted.Write(&again); err != nil || again.String() != out.String() {
		t.Errorf("written again it differs (%v)", err)
	}
	live, claims := 0, 0
	for _, text := range trusted {
		if strings.Contains(text, "subscription Live") && strings.Contains(text, "fragment TaskParts on Task") {
			live++
		}
		if strings.Contains(text, "claimTasks(") {
			claims++
		}
		if strings.Count(text, "{") == 0 || strings.Contains(text, "__typename\n\t__typename") {
			t.Errorf("document %s", text)
		}
	}
	if len(trusted) < 15 || live != 1 || claims != 1 {
		t.Errorf("%d documents, %d of which are the dashboard's subscription, and %d agents' claims", len(trusted), live, claims)
	}
}

func TestWhatCannotBeExtracted(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"not in the schema":    {"a.graphql": `query A { nonsense }`},
		"no GraphQL":           {"a.graphql": `query A {`},
		"a fragment too few":   {"a.graphql": `query A { workflows { ...Parts } }`},
		"a fragment too often": {"a.graphql": `fragment P on Workflow { id }`, "b.graphql": `fragment P on Workflow { id }`},
	} {
		dir := t.TempDir()
		for file, text := range files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := (&extractCommand{Folders: []string{dir}}).Run(&bytes.Buffer{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
