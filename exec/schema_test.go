package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/transport"

	"workflowfactory/exec"
	"workflowfactory/exec/exectest"
	"workflowfactory/exec/exectest/library"
	"workflowfactory/exec/exectest/library/gen"
)

// post asks gqlgen's own handler.
func post(t *testing.T, server *handler.Server, query string) string {
	t.Helper()
	body := strings.NewReader(`{"query":"` + query + `"}`)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", body)
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, request)
	answer, err := io.ReadAll(recorder.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func newServer(options ...exec.Option) *handler.Server {
	server := handler.New(gen.NewSchema(library.New().Config(), options...))
	server.AddTransport(transport.POST{})
	server.Use(extension.Introspection{})
	server.SetRecoverFunc(func(context.Context, any) error { return errors.New("recovered") })
	return server
}

// TestHandler runs under gqlgen's handler as the generated schema does.
func TestHandler(t *testing.T) {
	for query, want := range map[string]string{
		`{ now }`: `{"data":{"now":"2026-01-01T09:00:00Z"}}`,
		`{ now __schema { queryType { name } } t: __type(name: \"Genre\") { enumValues { name } } }`: `{"data":{"now":"2026-01-01T09:00:00Z",` +
			`"__schema":{"queryType":{"name":"Query"}},"t":{"enumValues":[{"name":"NOVEL"},{"name":"ESSAY"},{"name":"POETRY"},{"name":"ATLAS"}]}}}`,
		`{ none: __type(name: \"None\") { name } }`: `{"data":{"none":null}}`,
		`{ failing }`: `{"errors":[{"message":"it failed","path":["failing"],"locations":[{"line":1,"column":3}]}],"data":{"failing":null}}`,
	} {
		if got := post(t, newServer(), query); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

// TestNullDecides refuses an operation whose variable for @skip is null.
func TestNullDecides(t *testing.T) {
	r := exectest.NewRunner(gen.NewSchema(library.New().Config()))
	got := r.Run(t.Context(), exectest.Document{
		Query:     `query($c: Boolean = true) { now @skip(if: $c) }`,
		Variables: map[string]any{"c": nil},
	})
	if len(got) != 1 || len(got[0].Errors) != 1 || got[0].Data != nil {
		t.Fatalf("got %+v", got)
	}
	if want := "variable $c decides about @skip or @include and must not be null"; got[0].Errors[0].Message != want {
		t.Errorf("got %q, want %q", got[0].Errors[0].Message, want)
	}
}

// TestIntrospectionDisabled keeps the path of the error.
func TestIntrospectionDisabled(t *testing.T) {
	got := query(t, `{ a: __schema { queryType { name } } }`)
	wantData(t, got, `null`)
	wantErrors(t, got, `["a"] introspection disabled`)
}

// TestDefer is left to gqlgen, which answers in parts.
func TestDefer(t *testing.T) {
	r := exectest.NewRunner(gen.NewSchema(library.New().Config()))
	got := r.Run(t.Context(), exectest.Document{Query: `{ book(id: "b1") { title ... @defer { author { id } } } }`})
	if len(got) != 2 {
		t.Fatalf("%d responses", len(got))
	}
	wantData(t, got[1], `{"author":{"id":"a1"}}`)
}

// TestFieldInterceptors see each resolver of the document once, with its arguments.
func TestFieldInterceptors(t *testing.T) {
	server := newServer()
	var seen []string
	server.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
		fc := graphql.GetFieldContext(ctx)
		seen = append(seen, fmt.Sprintf("%s.%s(%v) at %s", fc.Object, fc.Field.Name, fc.Args["first"], fc.Path()))
		return next(ctx)
	})
	post(t, server, `{ books(first: 2) { title publisher { books { id } } } }`)
	want := []string{"Query.books(2) at books", "Publisher.books(1) at books.publisher.books"}
	if !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
}

// TestFieldInterceptorsDeny with an error, with null, or by making the field non-null.
func TestFieldInterceptorsDeny(t *testing.T) {
	for _, c := range []struct {
		story, want string
		intercept   graphql.FieldMiddleware
	}{
		{"error", `{"errors":[{"message":"denied","path":["book","author"],"locations":[{"line":1,"column":20}]}],"data":{"book":{"author":null}}}`,
			func(context.Context, graphql.Resolver) (any, error) { return nil, errDenied }},
		{"null", `{"data":{"book":{"author":null}}}`,
			func(context.Context, graphql.Resolver) (any, error) { return nil, nil }},
		{"required", `{"errors":[{"message":"cannot return null for non-null field Book.author (Author): the field was marked non-null at runtime and resolved to nil","path":["book","author"],"locations":[{"line":1,"column":20}]}],"data":{"book":null}}`,
			func(ctx context.Context, next graphql.Resolver) (any, error) {
				graphql.MarkNonNull(ctx)
				_, _ = next(ctx)
				return nil, nil
			}},
		{"panic", `{"errors":[{"message":"recovered","path":["book","author"],"locations":[{"line":1,"column":20}]}],"data":{"book":{"author":null}}}`,
			func(context.Context, graphql.Resolver) (any, error) { panic("intercepted") }},
	} {
		t.Run(c.story, func(t *testing.T) {
			server := newServer()
			server.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
				if graphql.GetFieldContext(ctx).Object != "Book" {
					return next(ctx)
				}
				return c.intercept(ctx, next)
			})
			if got := post(t, server, `{ book(id: \"b1\") { author { id } } }`); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestRootInterceptors are called for root fields, and may answer themselves.
func TestRootInterceptors(t *testing.T) {
	server := newServer()
	server.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		switch root := graphql.GetRootFieldContext(ctx); root.Object {
		case "echo":
			return graphql.MarshalString("intercepted")
		case "sum":
			return graphql.Null
		case "settings":
			panic("intercepted")
		}
		return next(ctx)
	})
	got := post(t, server, `{ echo now settings }`)
	want := `{"errors":[{"message":"recovered","path":["settings"],"locations":[{"line":1,"column":12}]}],` +
		`"data":{"echo":"intercepted","now":"2026-01-01T09:00:00Z","settings":null}}`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := post(t, server, `{ sum }`); got != `{"data":null}` {
		t.Errorf("got %s", got)
	}
}

// TestDirect asks no interceptor, and answers the same.
func TestDirect(t *testing.T) {
	server := newServer(exec.Direct())
	server.AroundFields(func(context.Context, graphql.Resolver) (any, error) { return nil, errDenied })
	server.AroundRootFields(func(context.Context, graphql.RootResolver) graphql.Marshaler { return graphql.Null })
	const query = `{ echo now settings book(id: \"b1\") { title author { id books { title } } } sum denied { id } failing }`
	if got, want := post(t, server, query), post(t, newServer(), query); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// TestInputUnmarshalers are there for resolvers that read inputs by themselves.
func TestInputUnmarshalers(t *testing.T) {
	server := newServer()
	var title string
	server.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
		input, err := gen.UnmarshalAddBookInput(ctx, map[string]any{"title": "read"})
		if err != nil {
			t.Error(err)
		}
		title = input.Title
		return next(ctx)
	})
	post(t, server, `{ now }`)
	if title != "read" {
		t.Errorf("title %q", title)
	}
}
