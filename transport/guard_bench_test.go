package transport_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/transport"
	"workflowfactory/transport/transporttest"
)

// guarded returns an executor with such limits.
func guarded(config transport.Config) *transport.Executor {
	exec, err := transport.NewExecutor(transporttest.New().Schema(), config)
	if err != nil {
		panic(err)
	}
	return exec
}

// BenchmarkHostile is what each hostile request costs when it is seen for the first time, whether it is refused or not:
// the processor's time from the request's bytes to those of the answer, and how many these are.
func BenchmarkHostile(b *testing.B) {
	bodies := hostileBodies(b)
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		b.Run(name, func(b *testing.B) {
			config := transport.Config{Limits: transport.Limits{DocumentCacheBytes: 1}} // nothing is kept
			gql, err := transport.New(transporttest.New().Schema(), config)
			if err != nil {
				b.Fatal(err)
			}
			answer := 0 // bytes
			start := processorTime(b)
			for b.Loop() {
				request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(bodies[name]))
				request.Header.Set("Content-Type", "application/json")
				recorded := httptest.NewRecorder()
				gql.ServeHTTP(recorded, request)
				answer = recorded.Body.Len()
			}
			b.ReportMetric(float64(answer), "answer-bytes")
			b.ReportMetric(float64((processorTime(b)-start).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// BenchmarkGuardHit is what it costs to look at an ordinary document again.
func BenchmarkGuardHit(b *testing.B) {
	exec := guarded(transport.Config{})
	params := &graphql.RawParams{Query: `query($n:Int){nodes(first:$n){edges{node{id name children(first:5){id name}}}}}`}
	for b.Loop() {
		params.Variables = map[string]any{"n": 50}
		if _, _, errs := exec.Create(b.Context(), params); errs != nil {
			b.Fatal(fmt.Sprint(errs))
		}
	}
}
