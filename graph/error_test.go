package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"workflowfactory/model"
)

const create = `mutation ($input: CreateTaskInput!) { createTask(input: $input) { cursor } }`

func present(t *testing.T, ctx context.Context, err error) (*gqlerror.Error, string) {
	t.Helper()
	var log bytes.Buffer
	shown := Errors{Log: slog.New(slog.NewTextHandler(&log, nil))}.Present(ctx, err)
	return shown, log.String()
}

func path(elements ...any) ast.Path {
	var p ast.Path
	for _, e := range elements {
		switch e := e.(type) {
		case string:
			p = append(p, ast.PathName(e))
		case int:
			p = append(p, ast.PathIndex(e))
		}
	}
	return p
}

func TestErrorsAsCallersSeeThem(t *testing.T) {
	t.Parallel()
	gone := &model.Error{Code: model.CursorExpired, Message: "too old", Field: "after", Details: map[string]any{"reason": "RETENTION"}}
	coded := func(code string) error {
		return &gqlerror.Error{Message: "as said", Extensions: map[string]any{"code": code}}
	}
	tests := []struct {
		name       string
		err        error
		message    string
		extensions map[string]any
	}{
		{"public", gone, "too old", map[string]any{"code": "CURSOR_EXPIRED", "field": "after", "reason": "RETENTION"}},
		{"public, wrapped twice", gqlerror.WrapPath(path("createTask"), fmt.Errorf("open: %w", gone)), "too old",
			map[string]any{"code": "CURSOR_EXPIRED", "field": "after", "reason": "RETENTION"}},
		{"a deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), "this took too long and was stopped: ask for less at once, or try again",
			map[string]any{"code": "QUERY_TOO_COMPLEX"}},
		{"of the transport", coded("SLOW_CONSUMER"), "as said", map[string]any{"code": "SLOW_CONSUMER"}},
		{"of the parser", coded("GRAPHQL_PARSE_FAILED"), "as said", map[string]any{"code": "GRAPHQL_PARSE_FAILED"}},
		{"of the validation", coded("GRAPHQL_VALIDATION_FAILED"), "as said", map[string]any{"code": "GRAPHQL_VALIDATION_FAILED"}},
		{"an argument", gqlerror.WrapPath(path("createTask", "input", "retryPolicy", "delaySeconds"), errors.New("too small")),
			"retryPolicy.delaySeconds: too small", map[string]any{"code": "BAD_USER_INPUT", "field": "retryPolicy.delaySeconds"}},
		{"an argument, said by a scalar of ours", gqlerror.WrapPath(path("createTask", "input", "dueAt"), gone), "too old",
			map[string]any{"code": "CURSOR_EXPIRED", "field": "after", "reason": "RETENTION"}},
		{"not an argument", gqlerror.WrapPath(path("createTask", "task"), errors.New("secret")), "internal error",
			map[string]any{"code": "INTERNAL", "requestId": "r1"}},
		{"anything else", errors.New("secret"), "internal error", map[string]any{"code": "INTERNAL", "requestId": "r1"}},
	}
	for _, test := range tests {
		ctx, op := operation(t, model.Caller{Role: model.RoleManager, RequestID: "r1"}, create)
		shown, log := present(t, firstField(ctx, op), test.err)
		if shown.Message != test.message || !maps.Equal(shown.Extensions, test.extensions) {
			t.Errorf("%s: %q %v, want %q %v", test.name, shown.Message, shown.Extensions, test.message, test.extensions)
		}
		if internal := test.extensions["code"] == "INTERNAL"; strings.Count(log, "secret") != map[bool]int{true: 1}[internal] {
			t.Errorf("%s: logged %q", test.name, log)
		}
	}
}

func TestVariablesThatDoNotFit(t *testing.T) {
	t.Parallel()
	ctx, _ := operation(t, model.Caller{Role: model.RoleManager}, create)
	err := gqlerror.ErrorPathf(path("variable", "input", "dependsOn", 2), "cannot be null")
	err.Extensions = map[string]any{"code": "GRAPHQL_VALIDATION_FAILED"}
	shown, _ := present(t, ctx, err)
	if shown.Message != "dependsOn.2: cannot be null" || shown.Extensions["code"] != "BAD_USER_INPUT" || shown.Extensions["field"] != "dependsOn.2" {
		t.Errorf("%q %v", shown.Message, shown.Extensions)
	}
	if err.Message != "cannot be null" || err.Extensions["code"] != "GRAPHQL_VALIDATION_FAILED" {
		t.Error("the error itself was changed")
	}
}

func TestWithoutCredentialNothingIsSaidOfArguments(t *testing.T) {
	t.Parallel()
	ctx, op := operation(t, model.Caller{}, create)
	variable := gqlerror.ErrorPathf(path("variable", "input", "name"), "must be defined")
	argument := gqlerror.WrapPath(path("createTask", "input", "name"), errors.New("too long"))
	for _, shown := range []*gqlerror.Error{
		first(present(t, ctx, variable)), first(present(t, firstField(ctx, op), argument)),
	} {
		if shown.Extensions["code"] != "UNAUTHENTICATED" || strings.Contains(shown.Message, "name") || len(shown.Path) > 1 {
			t.Errorf("%v %v", shown.Path, shown)
		}
	}
}

func first[A, B any](a A, _ B) A { return a }

func TestPanicIsLoggedOnceWithItsStack(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	errs := Errors{Log: slog.New(slog.NewTextHandler(&log, nil))}
	ctx, op := operation(t, model.Caller{RequestID: "r1"}, "{ viewer { id } }")
	ctx = firstField(ctx, op)
	shown := errs.Present(ctx, errs.Recover(ctx, "boom"))
	if shown.Extensions["code"] != "INTERNAL" || shown.Extensions["requestId"] != "r1" || strings.Contains(shown.Message, "boom") {
		t.Errorf("%v %v", shown.Message, shown.Extensions)
	}
	if strings.Count(log.String(), "boom") != 1 || !strings.Contains(log.String(), "TestPanicIsLogged") {
		t.Errorf("logged %s", log.String())
	}
}

func TestLeavingIsNoError(t *testing.T) {
	t.Parallel()
	ctx, _ := operation(t, model.Caller{}, "{ viewer { id } }")
	if _, log := present(t, ctx, fmt.Errorf("query: %w", context.Canceled)); log != "" {
		t.Errorf("logged %q", log)
	}
}
