package graph

import (
	"context"
	"os"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"workflowfactory/auth"
	"workflowfactory/model"
)

func contract(t testing.TB) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// operation is the context in which a query, given as a caller, reaches its first root field.
func operation(t testing.TB, caller model.Caller, query string) (context.Context, *graphql.OperationContext) {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(contract(t), query, rules.NewDefaultRules())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	op := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], DisableIntrospection: true}
	return graphql.WithOperationContext(model.WithCaller(t.Context(), caller), op), op
}

func firstField(ctx context.Context, op *graphql.OperationContext) context.Context {
	field, _ := op.Operation.SelectionSet[0].(*ast.Field)
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: field.ObjectDefinition.Name, Field: graphql.CollectedField{Field: field}})
}

func TestEveryRootFieldSaysWhoMay(t *testing.T) {
	t.Parallel()
	schema := contract(t)
	fields := 0
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, f := range root.Fields {
			if f.Name == "__schema" || f.Name == "__type" {
				continue
			}
			fields++
			can, public := f.Directives.ForName("can"), f.Directives.ForName("public")
			if (can == nil) == (public == nil) {
				t.Errorf("%s.%s has to carry one of @can and @public", root.Name, f.Name)
			}
			if root == schema.Mutation && f.Name != "login" && (can == nil || can.Arguments.ForName("do").Value.Raw == model.ActionRead.String()) {
				t.Errorf("%s.%s changes something and asks for no more than READ", root.Name, f.Name)
			}
		}
	}
	if fields < 40 {
		t.Errorf("looked at %d fields only", fields)
	}
}

func TestCan(t *testing.T) {
	t.Parallel()
	for _, role := range append([]model.Role{""}, model.AllRole...) {
		for _, do := range model.AllAction {
			ctx, op := operation(t, model.Caller{Role: role}, "{ workflows { totalCount } }")
			_, err := can(firstField(ctx, op), nil, func(context.Context) (any, error) { return "through", nil }, do)
			want := model.Forbidden
			switch {
			case role == "":
				want = model.Unauthenticated
			case auth.Allows(role, do):
				want = ""
			}
			if got := codeOf(err); got != want {
				t.Errorf("%q %s: %v, want %q", role, do, err, want)
			}
		}
	}
}

func codeOf(err error) model.Code {
	if e, ok := err.(*model.Error); ok {
		return e.Code
	}
	return ""
}

func TestForbiddenSaysWhoMay(t *testing.T) {
	t.Parallel()
	ctx, op := operation(t, model.Caller{Role: model.RoleViewer}, `mutation { startWorkflow(input: {id: "x"}) { cursor } }`)
	_, err := can(firstField(ctx, op), nil, nil, model.ActionManageWorkflows)
	want := "startWorkflow is not for callers of role VIEWER: use a key of role MANAGER or ADMIN"
	if e, ok := err.(*model.Error); !ok || e.Message != want {
		t.Errorf("%v, want %q", err, want)
	}
}

func TestIntrospectionNeedsACallerUnlessOpen(t *testing.T) {
	t.Parallel()
	const reads = `{ viewer { id } ...f } fragment f on Query { ... { s: __schema { queryType { name } } } }`
	tests := []struct {
		open  bool
		role  model.Role
		query string
		ok    bool
	}{
		{true, "", reads, true},
		{false, model.RoleViewer, reads, true},
		{false, "", reads, false},
		{false, "", `{ __type(name: "Task") { name } }`, false},
		{false, "", `{ viewer { __typename id } }`, true},
	}
	for _, test := range tests {
		ctx, op := operation(t, model.Caller{Role: test.role}, test.query)
		err := Introspection{Open: test.open}.Admits(ctx, op)
		if (err == nil) != test.ok {
			t.Errorf("%+v: %v", test, err)
		}
		if err != nil && (Errors{}).Present(ctx, err).Extensions["code"] != "UNAUTHENTICATED" {
			t.Errorf("%+v: shown as %v", test, (Errors{}).Present(ctx, err))
		}
	}
}
