package main

import (
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
)

// load reads what gqlgen knows of a schema and its models.
func load(t *testing.T, file string) *codegen.Data {
	t.Helper()
	log.SetOutput(t.Output())
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	cfg, err := config.LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.LoadSchema(); err != nil {
		t.Fatal(err)
	}
	if err := cfg.Init(); err != nil {
		t.Fatal(err)
	}
	data, err := codegen.BuildData(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRefusals names every field that package exec cannot execute, and why, all at once, and writes
// nothing.
func TestRefusals(t *testing.T) {
	p := &plugin{filename: filepath.Join(t.TempDir(), "plan.generated.go")}
	err := p.GenerateCode(load(t, "testdata/refused/gqlgen.yml"))
	if err == nil {
		t.Fatal("nothing was refused")
	}
	want, readErr := os.ReadFile("testdata/refused/refusals.txt")
	if readErr != nil {
		t.Fatal(readErr)
	}
	if got := err.Error() + "\n"; got != string(want) {
		t.Errorf("refused:\n%s\nwant:\n%s", got, want)
	}
	if _, err := os.Stat(p.filename); err == nil {
		t.Error("a table was written")
	}
}

// TestFresh compares the library's table with what would be written now.
func TestFresh(t *testing.T) {
	t.Chdir("../exectest/library")
	p := &plugin{filename: filepath.Join(t.TempDir(), "plan.generated.go")}
	if err := p.GenerateCode(load(t, "gqlgen.yml")); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(p.filename)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("gen/plan.generated.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("gen/plan.generated.go is not fresh: run go generate in exec/exectest/library")
	}
	if !strings.Contains(string(want), "exec.NewEnum[model.Genre]") {
		t.Error("enums are not written from a table")
	}
}
