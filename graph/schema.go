package graph

import (
	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec"
	"workflowfactory/graph/gen"
)

// NewSchema makes the API out of its resolvers. Operations run breadth-first: one call and one statement for each
// relation in a document, whatever the sizes of its pages.
func NewSchema(r *Resolver) graphql.ExecutableSchema {
	return gen.NewSchema(gen.Config{Resolvers: r, Directives: Directives()}, exec.Static("can"), exec.Static("public"))
}
