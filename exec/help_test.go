package exec_test

import (
	"encoding/json"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
)

// query asks a fresh library.
func query(t *testing.T, text string, options ...exec.Option) exectest.Response {
	t.Helper()
	return on(t, gen.NewSchema(library.New().Config(), options...), text)
}

// on runs a document that has one response.
func on(t *testing.T, schema graphql.ExecutableSchema, text string) exectest.Response {
	t.Helper()
	responses := exectest.NewRunner(schema).Run(t.Context(), exectest.Document{Query: text})
	if len(responses) != 1 {
		t.Fatalf("%d responses to %s", len(responses), text)
	}
	return responses[0]
}

// wantData compares to the letter.
func wantData(t *testing.T, got exectest.Response, want string) {
	t.Helper()
	if string(got.Data) != want {
		t.Errorf("data\n got %s\nwant %s\nerrors %v", got.Data, want, got.Errors)
	}
}

// wantErrors compares path and message of each error, in order.
func wantErrors(t *testing.T, got exectest.Response, want ...string) {
	t.Helper()
	if len(got.Errors) != len(want) {
		t.Fatalf("got %d errors, want %d: %v", len(got.Errors), len(want), got.Errors)
	}
	for i, err := range got.Errors {
		path, _ := json.Marshal(err.Path)
		if text := string(path) + " " + err.Message; text != want[i] {
			t.Errorf("error %d\n got %s\nwant %s", i, text, want[i])
		}
		if len(err.Locations) != 1 || err.Locations[0].Line == 0 {
			t.Errorf("error %d has locations %v", i, err.Locations)
		}
	}
}
