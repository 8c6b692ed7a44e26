package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/db"
	"workflowfactory/exec"
	"workflowfactory/graph/gen"
)

// NewSchema makes the API out of its resolvers. Operations run breadth-first: one call and one statement for each
// relation in a document, whatever the sizes of its pages.
func NewSchema(r *Resolver) graphql.ExecutableSchema {
	return gen.NewSchema(gen.Config{Resolvers: r, Directives: Directives()},
		exec.Static("can"), exec.Static("public"), exec.Selecting(selecting))
}

// selecting has no columns read that a query does not ask for.
func selecting(ctx context.Context, s exec.Selection) context.Context {
	return db.Selecting(ctx, s.Fields)
}
