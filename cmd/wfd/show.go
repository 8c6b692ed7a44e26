package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"text/tabwriter"
	"time"

	"workflowfactory/graph"
)

type schemaCommand struct{}

// Run prints the contract.
func (*schemaCommand) Run(out io.Writer) error {
	_, err := io.WriteString(out, graph.NewSchema(&graph.Resolver{}).Schema().Query.Position.Src.Input)
	return err
}

type versionCommand struct{}

// Run prints the version.
func (*versionCommand) Run(out io.Writer) error {
	_, err := fmt.Fprintf(out, "wfd %s %s %s/%s\n", graph.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

type configCommand struct {
	Database
	Web
	People
	Limits      `prefix:"limit-" group:"Limits"`
	Connections `prefix:"limit-" group:"Limits"`

	Check bool `help:"Only say whether the server would start with them; exit code 1 if not."`
	JSON  bool `help:"Print JSON."`
}

// Run shows what is set.
func (c *configCommand) Run(general *General, out io.Writer) error {
	s := settings{*general, c.Database, c.Web, c.People, c.Limits, c.Connections}
	if c.Check {
		return s.check()
	}
	if c.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(s.list())
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, one := range s.list() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", one.Name, one.Value, one.Meaning)
	}
	return table.Flush()
}

type healthCommand struct {
	Web
}

// Run asks over HTTP, as a load balancer would; containers have no other program to ask with.
func (c *healthCommand) Run(ctx context.Context, general *General) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	address := settings{General: *general, Web: c.Web}.dialAddress()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return fmt.Errorf("the server at %s is not ready: %s", address, said)
	}
	return nil
}
