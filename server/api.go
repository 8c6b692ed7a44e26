package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"workflowfactory/auth"
	"workflowfactory/db"
	"workflowfactory/dispatch"
	"workflowfactory/event"
	"workflowfactory/exec"
	"workflowfactory/graph"
	"workflowfactory/model"
	"workflowfactory/transport"
)

// api is the GraphQL endpoint in all its transports.
type api struct {
	*transport.Server
	text string // the schema as it was written

	dispatcher *dispatch.Dispatcher
	people     *auth.People
	logins     *logins
	data       *db.DB
	feed       *event.Feed
	metrics    *metrics
}

// waits gives an operation that may wait for work the time for it; zero, the standard, to all others.
func waits(o *graphql.OperationContext) time.Duration {
	for _, s := range o.Operation.SelectionSet {
		if field, ok := s.(*ast.Field); ok && field.Name == "claimTasks" {
			return (model.MaxWaitSeconds + 15) * time.Second
		}
	}
	return 0
}

// schema makes the API out of the repositories and the feed.
func schema(c Config, people *auth.People, dispatcher *dispatch.Dispatcher, budgets *transport.Budgets) graphql.ExecutableSchema {
	d := c.DB
	return graph.NewSchema(&graph.Resolver{
		Workflows: db.Workflows{DB: d}, Tasks: db.Tasks{DB: d}, Agents: db.Agents{DB: d}, Suggestions: db.Suggestions{DB: d},
		Comments: db.Comments{DB: d}, Access: db.Access{DB: d}, History: db.History{DB: d}, Stats: db.Stats{DB: d}, Policies: db.ApprovalPolicies{DB: d}, Events: d.Events(), Feed: c.Feed,
		People: people, SignIn: signInOptions(c), Dispatcher: dispatcher, Fail: transport.Fail, RateLimit: rateLimit(budgets),
	}, append([]exec.Option{exec.OnAnswer(transport.Counts, transport.Touched)}, c.Executor...)...)
}

func signInOptions(c Config) model.SignInOptions {
	o := model.SignInOptions{Password: true}
	if c.browserSignIn() {
		o.OpenIDConnectURL = new(SignInPath)
	}
	return o
}

func newAPI(c Config) *api {
	if c.Limits.ListItems == 0 {
		c.Limits.ListItems = mostAtOnce
	}
	dispatcher := dispatch.New(c.Feed, db.Tasks{DB: c.DB}, c.Log)
	c.Rates.Who = spender
	budgets := transport.NewBudgets(c.Rates)
	access, logins := db.Access{DB: c.DB}, newLogins(c.Logins)
	people := &auth.People{Accounts: access, Life: c.Sessions, Limit: logins.account, Provider: c.Provider, SignIns: access}
	if c.Provider != nil {
		c.Auth.Trust(c.Provider, access)
	}
	schema := schema(c, people, dispatcher, budgets)
	errs := graph.Errors{Log: c.Log}
	a := &api{
		text: schema.Schema().Query.Position.Src.Input, dispatcher: dispatcher, people: people, logins: logins,
		data: c.DB, feed: c.Feed, metrics: newMetrics(),
	}
	config := transport.Config{
		Limits:        c.Limits,
		Log:           c.Log,
		Origins:       c.Origins,
		NoSuggestions: c.Closed,
		Caller:        func(ctx context.Context) string { return model.CallerFrom(ctx).Holder().String() },
		Init:          socketAuth{c.Auth}.init,
		Cursor:        cursorOf,
		Timeout:       waits,
		Trusted:       c.Trusted,
		Persists:      func(ctx context.Context) bool { return model.CallerFrom(ctx).Role != "" },
		Budgets:       budgets,
		Bounds:        bounds,
		Release:       func(data []byte) { exec.Release(data) },
		Sharing:       transport.Sharing{Source: source{schema, errs}, Scope: scopeOf},
		Admits:        graph.Introspection{Open: !c.Closed}.Admits,
		Begin: func(ctx context.Context) context.Context {
			a.metrics.began(ctx)
			return c.Auth.Current(ctx)
		},
		Answered: a.metrics.operationAnswered,
		Present:  errs.Present,
		Recover:  errs.Recover,
	}
	if c.Playground {
		config.Page = http.RedirectHandler("/graphiql", http.StatusFound)
	}
	server, err := transport.New(schema, config)
	if err != nil {
		panic(err) // of what stands in bounds.go
	}
	a.Server = server
	a.metrics.registry.MustRegister(gauges{a})
	return a
}

// socketAuth authenticates sockets: by the payload of connection_init, since browsers cannot send headers with them, or
// else by the header of the upgrade, which the middleware has looked at.
type socketAuth struct{ *auth.Authenticator }

func (a socketAuth) init(ctx context.Context, payload map[string]any) (context.Context, error) {
	caller := model.CallerFrom(ctx)
	if given := credential(payload); given != nil {
		value, ok := given.(string)
		if !ok {
			return nil, model.Errorf(model.Unauthenticated, "authorization in connection_init is a string")
		}
		proven, err := a.prove(ctx, value)
		if err != nil {
			return nil, err
		}
		caller = proven.In(caller)
	}
	return a.Watch(model.WithCaller(ctx, caller), caller), nil
}

// credential takes either spelling: headers are case-insensitive, and client libraries copy them into the payload.
func credential(payload map[string]any) any {
	if v, ok := payload["authorization"]; ok {
		return v
	}
	return payload["Authorization"]
}

func (a socketAuth) prove(ctx context.Context, authorization string) (model.Caller, error) {
	token, err := auth.BearerToken([]string{authorization})
	if err != nil {
		return model.Caller{}, err
	}
	caller, err := a.Authenticate(ctx, token)
	if _, public := errors.AsType[*model.Error](err); err != nil && !public {
		return model.Caller{}, fmt.Errorf("%w: %w", transport.ErrTryLater, err)
	}
	return caller, err
}

// watched ends a stream of server-sent events when its credential does; other requests are over before that matters.
func (s *Server) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			r = r.WithContext(s.Auth.Watch(r.Context(), model.CallerFrom(r.Context())))
		}
		next.ServeHTTP(w, r)
	})
}
