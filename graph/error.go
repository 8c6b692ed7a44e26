package graph

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"workflowfactory/model"
)

// Errors decides what callers see of an error. A [model.Error] is shown as it is; whatever nobody meant for them becomes
// INTERNAL with the id of the request, under which the log has the rest.
type Errors struct {
	Log *slog.Logger
}

// Present is gqlgen's error presenter. It never changes err.
func (p Errors) Present(ctx context.Context, err error) *gqlerror.Error {
	shown := gqlerror.Error{Path: graphql.GetPath(ctx)}
	if located, ok := errors.AsType[*gqlerror.Error](err); ok {
		shown = *located
	}
	if code, _ := shown.Extensions["code"].(string); code != "" && code != errcode.ValidationFailed {
		return &shown // the transport, the parser or this very function said it
	}
	inAnswer, inInput := split(ctx, shown.Path)
	public := asPublic(err)
	if inInput != nil {
		public = inputError(ctx, inInput, shown.Message, public)
	}
	switch {
	case public != nil:
	case shown.Extensions["code"] == errcode.ValidationFailed:
		return &shown
	default:
		public = p.internal(ctx, &shown, err)
	}
	shown.Err, shown.Message, shown.Path = err, public.Message, inAnswer
	shown.Extensions = extensions(public)
	return &shown
}

func extensions(e *model.Error) map[string]any {
	x := map[string]any{}
	maps.Copy(x, e.Details)
	x["code"] = string(e.Code)
	if e.Field != "" {
		x["field"] = e.Field
	}
	return x
}

// asPublic finds what callers may see of an error, nil for nothing.
func asPublic(err error) *model.Error {
	if public, ok := errors.AsType[*model.Error](err); ok {
		return public
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return model.Errorf(model.QueryTooComplex, "this took too long and was stopped: ask for less at once, or try again")
	}
	return nil
}

// inputError is for values that do not fit the argument or variable which they were given for. Who has no credential
// hears of that first, since what a field takes is not for everybody to find out.
func inputError(ctx context.Context, at ast.Path, message string, public *model.Error) *model.Error {
	if needy := needsCredential(ctx); needy != "" {
		return unauthenticated(needy)
	}
	if public != nil {
		return public
	}
	field := dotted(at)
	return model.BadInput(field, "%s: %s", field, message)
}

// split takes a path apart where it leaves the answer for the input, as createTask.input.key and variable.input.key do;
// then the second part is the way to the input at fault. What the one argument of a mutation is called says nothing, so
// it is left out.
func split(ctx context.Context, path ast.Path) (inAnswer, inInput ast.Path) {
	fc := graphql.GetFieldContext(ctx)
	switch {
	case fc != nil && fc.Field.Field != nil && fc.Field.Definition != nil:
		above := len(fc.Path())
		if len(path) <= above || !hasArgument(fc.Field.Definition, path[above]) {
			return path, nil
		}
		inAnswer, inInput = path[:above], path[above:]
	case len(path) > 1 && path[0] == ast.PathElement(ast.PathName("variable")):
		inInput = path[1:]
	default:
		return path, nil
	}
	if len(inInput) > 1 && inInput[0] == ast.PathElement(ast.PathName("input")) {
		inInput = inInput[1:]
	}
	return inAnswer, inInput
}

func hasArgument(field *ast.FieldDefinition, element ast.PathElement) bool {
	name, ok := element.(ast.PathName)
	return ok && field.Arguments.ForName(string(name)) != nil
}

func dotted(path ast.Path) string {
	parts := make([]string, len(path))
	for i, element := range path {
		switch e := element.(type) {
		case ast.PathName:
			parts[i] = string(e)
		case ast.PathIndex:
			parts[i] = strconv.Itoa(int(e))
		}
	}
	return strings.Join(parts, ".")
}

// needsCredential names the field that this caller may not use for want of a credential, "" if there is none.
func needsCredential(ctx context.Context) string {
	if model.CallerFrom(ctx).Role != "" || !graphql.HasOperationContext(ctx) {
		return ""
	}
	op := graphql.GetOperationContext(ctx).Operation
	if op == nil {
		return ""
	}
	for field := range rootFields(op.SelectionSet) {
		if field.Definition != nil && field.Definition.Directives.ForName("can") != nil {
			return field.Name
		}
	}
	return ""
}

// rootFields gives the fields of a selection, also those in fragments. The document is valid, so fragments do not recur.
func rootFields(selection ast.SelectionSet) iter.Seq[*ast.Field] {
	return func(yield func(*ast.Field) bool) { walk(selection, yield) }
}

func walk(selection ast.SelectionSet, yield func(*ast.Field) bool) bool {
	for _, s := range selection {
		goOn := true
		switch s := s.(type) {
		case *ast.Field:
			goOn = yield(s)
		case *ast.InlineFragment:
			goOn = walk(s.SelectionSet, yield)
		case *ast.FragmentSpread:
			goOn = walk(s.Definition.SelectionSet, yield)
		}
		if !goOn {
			return false
		}
	}
	return true
}

// internal logs what the caller does not see.
func (p Errors) internal(ctx context.Context, shown *gqlerror.Error, err error) *model.Error {
	if _, logged := errors.AsType[*panicError](err); !logged && !errors.Is(err, context.Canceled) {
		p.Log.ErrorContext(ctx, "resolve", "path", shown.Path.String(), "error", err)
	}
	return &model.Error{
		Code: model.Internal, Message: "internal error", Details: map[string]any{"requestId": model.CallerFrom(ctx).RequestID},
	}
}

// panicError stands for a panic that is in the log.
type panicError struct{ thrown any }

func (e *panicError) Error() string { return fmt.Sprint("panic: ", e.thrown) }

// Recover is gqlgen's recover function: a panic costs the field, not the process.
func (p Errors) Recover(ctx context.Context, thrown any) error {
	p.Log.ErrorContext(ctx, "panic in a resolver", "path", graphql.GetPath(ctx).String(), "panic", thrown, "stack", string(debug.Stack()))
	return &panicError{thrown: thrown}
}
