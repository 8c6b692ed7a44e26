package main

import (
	"context"
	"net"
	"net/http"
	"os"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/graph"
	"workflowfactory/graph/gen"
	"workflowfactory/transport"
)

// gqlgen is the library's own executor over the same resolvers.
var gqlgen = contender{
	name: "gqlgen", about: "gqlgen's own executor over the same resolvers, transport and authentication; nothing is logged",
	program: self("gqlgen"),
}

func serveGqlgen(ctx context.Context) error {
	d, err := db.Open(ctx, os.Getenv(databaseVar), db.Options{ApplicationName: gqlgen.name})
	if err != nil {
		return err
	}
	defer d.Close()
	resolver := &graph.Resolver{
		Workflows: db.Workflows{DB: d}, Tasks: db.Tasks{DB: d}, Agents: db.Agents{DB: d}, Suggestions: db.Suggestions{DB: d},
		Comments: db.Comments{DB: d}, Access: db.Access{DB: d}, History: db.History{DB: d}, Stats: db.Stats{DB: d}, Policies: db.ApprovalPolicies{DB: d}, Events: d.Events(),
	}
	schema := gen.NewExecutableSchema(gen.Config{Resolvers: resolver, Directives: graph.Directives()})
	api, err := transport.New(schema, transport.Config{Log: log, Present: graph.Errors{Log: log}.Present})
	if err != nil {
		return err
	}
	return serve(ctx, auth.New(db.Access{DB: d}, log).Middleware(api))
}

// serve answers at the address that the environment names until the context ends.
func serve(ctx context.Context, h http.Handler) error {
	listener, err := net.Listen("tcp", os.Getenv(addressVar))
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	if err := http.Serve(listener, h); ctx.Err() == nil {
		return err
	}
	return nil
}
