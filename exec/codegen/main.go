// Command codegen generates a GraphQL server as gqlgen does, and with it the table by which package
// exec executes the schema: plan.generated.go, in the same package. Use it in place of
// `gqlgen generate`:
//
//	go run ./exec/codegen -config gqlgen.yml
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
)

func main() {
	file := flag.String("config", "gqlgen.yml", "gqlgen's configuration")
	verbose := flag.Bool("v", false, "show what gqlgen logs")
	flag.Parse()
	if !*verbose {
		log.SetOutput(io.Discard)
	}
	if err := generate(*file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate does what gqlgen does, and writes the table.
func generate(file string) error {
	cfg, err := config.LoadConfig(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	dir := cfg.Exec.DirName
	if cfg.Exec.Filename != "" {
		dir = filepath.Dir(cfg.Exec.Filename)
	}
	p := &plugin{filename: filepath.Join(dir, "plan.generated.go")}
	// A table of an older schema would not compile with the new code.
	if err := os.Remove(p.filename); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the old table: %w", err)
	}
	return api.Generate(cfg, api.AddPlugin(p))
}
