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
func NewSchema(r *Resolver, options ...exec.Option) graphql.ExecutableSchema {
	options = append([]exec.Option{exec.Static("can", "public"), exec.Selecting(selecting), exec.Within(borrowing), exec.Direct()}, options...)
	return gen.NewSchema(gen.Config{Resolvers: r, Directives: Directives()}, options...)
}

// borrowing lets the rows of a query be read into memory that the next one uses again.
func borrowing(ctx context.Context) exec.Scope { return db.Borrow(ctx) }

// selecting has no columns read that a query does not ask for.
func selecting(s exec.Selection) func(context.Context) context.Context {
	return db.Select(s.Fields)
}
