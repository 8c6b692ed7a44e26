package transport

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Config is what the transports have to know of the server they stand in. The zero value works: it lets everybody in,
// answers browsers of the same host alone, and takes the default limits.
type Config struct {
	Limits Limits

	// Log takes what an operator should see: panics, refused sockets, slow consumers. Nil discards it.
	Log *slog.Logger

	// Origins are the web origins whose pages may open sockets, such as https://app.example.com, beside pages of the
	// server's own host. "*" lets every page in. Clients that are no browsers send no Origin and are not concerned.
	Origins []string

	// Init authenticates a socket by the payload of its connection_init, which is nil when the client sent none. The
	// context it gets has the values of the upgrade request. The socket lives as long as the context it returns: when
	// that is cancelled later, the credential is no longer valid and the socket is closed with 4403. An error refuses
	// the socket with 4403, which clients take as final; wrap [ErrTryLater] when they should try again.
	// Nil lets every socket in.
	Init func(ctx context.Context, payload map[string]any) (context.Context, error)

	// Caller names who a socket is counted for, "" for nobody. It is asked before the upgrade, with the request's
	// context, and again with the context that Init returned. Nil counts nobody.
	Caller func(ctx context.Context) string

	// Sharing has subscribers who asked the same share their executions. The zero value executes for each alone.
	Sharing Sharing

	// Cursor tells where in the stream a response stands, "" when that is unknown. It becomes the id of a server-sent
	// event, and the place to resume from when a slow consumer is cut off. Nil reads the string at
	// response.Extensions["cursor"]. Subscriptions that are shared have their cursors from the source.
	Cursor func(response *graphql.Response) string

	// Release takes back response.Data once its last byte has been written or copied. Nil leaves it to the garbage
	// collector.
	Release func(data []byte)

	// Bounds say which fields answer with lists whose length an argument bounds, such as "Query.nodes". The cost of an
	// operation is then estimated by that instead of Limits.UnpagedSize.
	Bounds map[string]Bound

	// Budgets bound what each caller may ask for. Nil bounds nobody.
	Budgets *Budgets

	// Admits has the last word on whether an operation may run. Nil lets all run that are within the limits.
	Admits func(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error

	// Begin is called when an operation is about to be executed, an event of a shared subscription included, and gives
	// the context for that. Nil leaves the context as it is.
	Begin func(ctx context.Context) context.Context

	// Answered sees every response before it is sent, also to requests that could not be executed: with all its errors,
	// of which the client may get fewer. Nil looks at nothing.
	Answered func(ctx context.Context, response *graphql.Response)

	// Present makes of an error what clients see of it, and Recover an error of what was thrown. Nil means gqlgen's own.
	Present graphql.ErrorPresenterFunc
	Recover graphql.RecoverFunc

	// Trusted are the only documents to run; nil runs whatever is within the limits.
	Trusted Trusted

	// Persists says who may have documents kept, to send their hashes instead from then on. Nil lets nobody.
	Persists func(ctx context.Context) bool

	// Timeout says how long an operation that is no subscription may run. Nil, and an answer of zero, mean
	// Limits.Operation.
	Timeout func(operation *graphql.OperationContext) time.Duration

	// NoSuggestions keeps the names of fields, types and values out of validation errors.
	NoSuggestions bool

	// Page answers GET requests of people who opened the endpoint in a browser. Nil answers them with a line of text.
	Page http.Handler
}

func (c Config) orDefaults() Config {
	c.Limits = c.Limits.WithDefaults()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Init == nil {
		c.Init = func(ctx context.Context, _ map[string]any) (context.Context, error) { return ctx, nil }
	}
	if c.Caller == nil {
		c.Caller = func(context.Context) string { return "" }
	}
	if c.Cursor == nil {
		c.Cursor = extensionCursor
	}
	if c.Begin == nil {
		c.Begin = func(ctx context.Context) context.Context { return ctx }
	}
	if c.Present == nil {
		c.Present = graphql.DefaultErrorPresenter
	}
	if c.Recover == nil {
		c.Recover = graphql.DefaultRecover
	}
	if c.Release == nil {
		c.Release = func([]byte) {}
	}
	if c.Page == nil {
		c.Page = http.HandlerFunc(plainPage)
	}
	return c
}

func extensionCursor(response *graphql.Response) string {
	cursor, _ := response.Extensions["cursor"].(string)
	return cursor
}

func plainPage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("This is a GraphQL endpoint. Send it a query by POST.\n"))
}

// limitOf is how long an operation that is no subscription may run.
func (c *Config) limitOf(op *graphql.OperationContext) time.Duration {
	if c.Timeout != nil {
		if limit := c.Timeout(op); limit > 0 {
			return limit
		}
	}
	return c.Limits.Operation
}
