package graph

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"workflowfactory/auth"
	"workflowfactory/model"
)

var update = flag.Bool("update", false, "write docs/permissions.md anew")

const permissionsFile = "../docs/permissions.md"

// permissions writes down who may use which root field, as the contract and the policy say.
func permissions(schema *ast.Schema) string {
	var b strings.Builder
	b.WriteString(`# Who may do what

Made from schema.graphqls and auth/policy.go: ` + "`go test ./graph -run Permissions -update`" + ` writes it. Public fields need no
credential; all others answer UNAUTHENTICATED without one, and FORBIDDEN to roles that are not marked.

Beyond that, an AGENT uses and sees only what it takes part in; people see their own account and sessions alone, unless they are
ADMIN; what happens to accounts, sessions and keys is told to ADMIN alone.
`)
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		fmt.Fprintf(&b, "\n## %s\n\n| field | action | AGENT | VIEWER | MANAGER | ADMIN |\n|---|---|---|---|---|---|\n", root.Name)
		for _, f := range root.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", f.Name, permission(f))
		}
	}
	return b.String()
}

func permission(f *ast.FieldDefinition) string {
	can := f.Directives.ForName("can")
	if can == nil {
		return "public | ✓ | ✓ | ✓ | ✓"
	}
	do := model.Action(can.Arguments.ForName("do").Value.Raw)
	cells := do.String()
	for _, role := range []model.Role{model.RoleAgent, model.RoleViewer, model.RoleManager, model.RoleAdmin} {
		mark := ""
		if auth.Allows(role, do) {
			mark = "✓"
		}
		cells += " | " + mark
	}
	return cells
}

func TestPermissionsAreWrittenDown(t *testing.T) {
	t.Parallel()
	want := permissions(contract(t))
	if *update {
		if err := os.WriteFile(permissionsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(permissionsFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/permissions.md is not what schema.graphqls and auth/policy.go say: run go test ./graph -run Permissions -update")
	}
}
