package graph

import (
	"context"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"workflowfactory/auth"
	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

// Directives carry out what the schema says about who may use a field.
func Directives() gen.DirectiveRoot { return gen.DirectiveRoot{Can: can, Public: public} }

func can(ctx context.Context, _ any, next graphql.Resolver, do model.Action) (any, error) {
	field := graphql.GetFieldContext(ctx).Field.Name
	switch role := model.CallerFrom(ctx).Role; {
	case role == "":
		return nil, unauthenticated(field)
	case !auth.Allows(role, do):
		return nil, model.Errorf(model.Forbidden, "%s is not for callers of role %s: use a key of role %s", field, role, oneOf(auth.WhoMay(do)))
	}
	return next(ctx)
}

func public(ctx context.Context, _ any, next graphql.Resolver) (any, error) { return next(ctx) }

func unauthenticated(field string) *model.Error {
	return model.Errorf(model.Unauthenticated,
		`%s needs a credential: send the header "Authorization: Bearer <API key>", or "authorization" in connection_init`, field)
}

func oneOf(roles []model.Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = role.String()
	}
	return strings.Join(names, " or ")
}

// Introspection lets clients read the schema; unless it is Open, they have to be signed in.
type Introspection struct {
	Open bool
}

// Admits refuses an operation that reads the schema and must not.
func (i Introspection) Admits(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if i.Open || model.CallerFrom(ctx).Role != "" {
		return nil
	}
	for field := range rootFields(op.Operation.SelectionSet) {
		if field.Name == "__schema" || field.Name == "__type" {
			return gqlerror.WrapPath(ast.Path{ast.PathName(field.Alias)}, fmt.Errorf("read the schema: %w", unauthenticated(field.Name)))
		}
	}
	return nil
}
