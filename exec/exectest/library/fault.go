package library

import (
	"context"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"workflowfactory/exec/exectest/library/model"
)

var errFailed = errors.New("it failed")

// raise panics or fails as the document asks for.
func raise(ctx context.Context, fault model.Fault) error {
	switch fault {
	case model.FaultError:
		return errFailed
	case model.FaultPanic:
		panic("it panicked")
	case model.FaultList:
		return gqlerror.List{gqlerror.Errorf("first"), {Message: "second", Path: ast.Path{ast.PathName("own")}}}
	case model.FaultExtended:
		return &gqlerror.Error{Message: "extended", Extensions: map[string]any{"code": "CODE"}}
	case model.FaultElsewhere:
		return gqlerror.ErrorPathf(ast.Path{ast.PathName("else"), ast.PathIndex(1)}, "elsewhere")
	case model.FaultWrapped:
		return fmt.Errorf("wrapping: %w", gqlerror.Errorf("wrapped"))
	case model.FaultHere:
		return gqlerror.WrapPath(graphql.GetPath(ctx), errFailed)
	}
	return nil
}

// each makes a result for each object, and fails in the ways of batch resolvers. Nil objects, which
// gqlgen's executor passes on from lists, get no result.
func each[T, R any](ctx context.Context, objs []*T, fault *model.Fault, result func(*T) (R, error)) ([]R, error) {
	kind := model.FaultNone
	if fault != nil {
		kind = *fault
	}
	if err := raise(ctx, kind); err != nil {
		return nil, err
	}
	results := make([]R, len(objs))
	errs := make(graphql.BatchErrorList, len(objs))
	failed := false
	for i, obj := range objs {
		if obj == nil || kind == model.FaultNull {
			continue
		}
		results[i], errs[i] = result(obj)
		failed = failed || errs[i] != nil
	}
	switch {
	case kind == model.FaultShort:
		return results[1:], nil
	case kind == model.FaultShortErrors:
		return results, errs[1:]
	case failed:
		return results, errs
	}
	return results, nil
}

// all is each without anything that can go wrong.
func all[T, R any](objs []*T, result func(*T) R) ([]R, error) {
	return each(context.Background(), objs, nil, func(obj *T) (R, error) { return result(obj), nil })
}

// perObject fails for one object of three if the document asks for such errors.
func perObject(fault *model.Fault, n int) error {
	if fault == nil || *fault != model.FaultErrors || n%3 != 1 {
		return nil
	}
	if n%2 == 0 {
		return &gqlerror.Error{Message: "object failed", Extensions: map[string]any{"n": n}}
	}
	return fmt.Errorf("object %d failed", n)
}
