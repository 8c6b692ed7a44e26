package library

import (
	"context"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec/exectest/library/gen"
	"workflowfactory/exec/exectest/library/model"
)

var errForbidden = errors.New("forbidden")

func directives() gen.DirectiveRoot {
	return gen.DirectiveRoot{Can: can, Mine: mine, Noted: noted, Length: length}
}

// can does not look at the object.
func can(ctx context.Context, _ any, next graphql.Resolver, do model.Action) (any, error) {
	if do == model.ActionNever {
		return nil, errForbidden
	}
	return next(ctx)
}

// mine denies some objects, gives null for some and panics for one.
func mine(ctx context.Context, obj any, next graphql.Resolver) (any, error) {
	n := 1
	switch obj := obj.(type) {
	case *model.Book:
		n = obj.ID.Number()
	case *model.Member:
		n = obj.ID.Number()
	}
	switch {
	case n%4 == 0:
		return nil, fmt.Errorf("%d is not yours", n)
	case n == 5:
		return nil, nil
	case n == 11:
		panic("whose is it?")
	}
	return next(ctx)
}

type notedKey struct{}

// noted hands a changed context on.
func noted(ctx context.Context, _ any, next graphql.Resolver, by string, _ *int) (any, error) {
	return next(context.WithValue(ctx, notedKey{}, by))
}

func length(ctx context.Context, _ any, next graphql.Resolver, limit int) (any, error) {
	value, err := next(ctx)
	if err != nil {
		return nil, err
	}
	text, ok := value.(string)
	if p, isPointer := value.(*string); isPointer && p != nil {
		text, ok = *p, true
	}
	if ok && len(text) > limit {
		return nil, fmt.Errorf("longer than %d", limit)
	}
	return value, nil
}
