package transport_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"workflowfactory/transport"
	"workflowfactory/transport/transporttest"
)

// guarded returns an executor behind a guard.
func guarded(config transport.Config) *executor.Executor {
	guard := transport.NewGuard(config)
	exec := executor.New(transporttest.New().Schema())
	exec.SetQueryCache(guard.Documents())
	exec.Use(guard)
	return exec
}

// BenchmarkGuard is what it costs to look at each hostile document for the first time, whether it is refused or not.
func BenchmarkGuard(b *testing.B) {
	corpus := hostile()
	for _, name := range slices.Sorted(maps.Keys(corpus)) {
		b.Run(name, func(b *testing.B) {
			exec := guarded(transport.Config{Limits: transport.Limits{DocumentCacheBytes: 1}}) // nothing is kept
			ctx := graphql.StartOperationTrace(context.Background())
			for b.Loop() {
				_, _ = exec.CreateOperationContext(ctx, &graphql.RawParams{Query: corpus[name]})
			}
		})
	}
}

// BenchmarkGuardHit is what it costs to look at an ordinary document again.
func BenchmarkGuardHit(b *testing.B) {
	exec := guarded(transport.Config{})
	ctx := graphql.StartOperationTrace(context.Background())
	params := &graphql.RawParams{Query: `query($n:Int){nodes(first:$n){edges{node{id name children(first:5){id name}}}}}`}
	for b.Loop() {
		params.Variables = map[string]any{"n": 50}
		if _, errs := exec.CreateOperationContext(ctx, params); errs != nil {
			b.Fatal(fmt.Sprint(errs))
		}
	}
}
