package server

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/vektah/gqlparser/v2/ast"

	"workflowfactory/auth"
	"workflowfactory/graph"
	"workflowfactory/model"
)

// metrics count what happens. No label has values that clients can make up, so there are never more series than these.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	errors   *prometheus.CounterVec

	good    [len(operations)]prometheus.Counter  // of requests, those with status 200: nearly all
	seconds [len(operations)]prometheus.Observer // of operations
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wfd_http_requests_total",
			Help: "HTTP requests that were answered, by the kind of the GraphQL operation (none where there was none) and the status. Event streams count when they end.",
		}, []string{"operation", "status"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wfd_graphql_errors_total", Help: "Errors in answers, by their code. SLOW_CONSUMER counts the subscriptions that were ended for it.",
		}, []string{"code"}),
	}
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "wfd_graphql_operation_seconds", Help: "How long queries and mutations took, over HTTP and sockets.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"operation"})
	for i, operation := range operations {
		m.good[i] = m.requests.WithLabelValues(operation, "200")
		if i == query || i == mutation {
			m.seconds[i] = seconds.WithLabelValues(operation)
		}
	}
	version := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "wfd_build_info", Help: "1, with the version.", ConstLabels: prometheus.Labels{"version": graph.Version()},
	})
	version.Set(1)
	m.registry.MustRegister(m.requests, seconds, m.errors, version,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// requestAnswered counts a request, once its status is known.
func (m *metrics) requestAnswered(v *visit) {
	operation := v.operation.Load()
	if v.answer.status == http.StatusOK {
		m.good[operation].Inc()
		return
	}
	m.requests.WithLabelValues(operations[operation], strconv.Itoa(v.answer.status)).Inc()
}

// operations are the values of the label, by visit.operation.
var operations = [...]string{"none", query: string(ast.Query), mutation: string(ast.Mutation), subscription: string(ast.Subscription)}

const (
	query = 1 + iota
	mutation
	subscription
)

// numberOf is the place of an operation's kind among them.
func numberOf(op *graphql.OperationContext) int {
	switch op.Operation.Operation {
	case ast.Query:
		return query
	case ast.Mutation:
		return mutation
	}
	return subscription
}

// began notes what kind of operation a request is.
func (m *metrics) began(ctx context.Context) {
	if v := visitOf(ctx); v != nil { // nil when executed for others than who asked
		v.operation.Store(int32(numberOf(graphql.GetOperationContext(ctx))))
	}
}

// operationAnswered counts what an operation answered. It sees every response, those to requests that could not be
// executed included.
func (m *metrics) operationAnswered(ctx context.Context, response *graphql.Response) {
	for _, err := range response.Errors {
		code, ok := err.Extensions["code"].(string)
		if !ok {
			code = "none"
		}
		m.errors.WithLabelValues(code).Inc()
	}
	if !graphql.HasOperationContext(ctx) {
		return
	}
	if op := graphql.GetOperationContext(ctx); op.Operation != nil && op.Operation.Operation != ast.Subscription {
		m.seconds[numberOf(op)].Observe(time.Since(op.Stats.OperationStart).Seconds())
	}
}

// metricsPage answers Prometheus. They tell nothing of single nouns, but how much there is to do: where strangers may not
// read the schema they may not read that either.
func (s *Server) metricsPage() http.Handler {
	page := promhttp.HandlerFor(s.api.metrics.registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		role := model.CallerFrom(r.Context()).Role
		switch {
		case !s.Closed, auth.Allows(role, model.ActionOversee):
			page.ServeHTTP(w, r)
		case role == "":
			http.Error(w, "metrics need a credential: send the header \"Authorization: Bearer <API key>\"", http.StatusUnauthorized)
		default:
			http.Error(w, "metrics need a key of role VIEWER, MANAGER or ADMIN", http.StatusForbidden)
		}
	})
}
