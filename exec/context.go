package exec

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// A run and each of its calls are contexts themselves: one value each instead of one for everything
// that gqlgen looks for. It keeps its keys to itself, so it is asked for them.
var (
	fieldKey  = keyOf(func(ctx context.Context) { graphql.GetFieldContext(ctx) })
	pathKey   = keyOf(func(ctx context.Context) { graphql.GetPathContext(ctx) })
	inputsKey = keyOf(func(ctx context.Context) { _ = graphql.UnmarshalNamedInputFromContext(ctx, "", nil, nil) })
)

func keyOf(look func(context.Context)) (key any) {
	look(spy{context.Background(), &key})
	return key
}

// spy is a context that remembers what it was asked for.
type spy struct {
	context.Context
	key *any
}

func (s spy) Value(key any) any {
	*s.key = key
	return nil
}

// Value gives what an operation has beside what its context has.
func (r *run) Value(key any) any {
	switch {
	case key == fieldKey:
		return &r.rootContext
	case key == inputsKey && r.schema.table.Inputs != nil:
		return r.inputs()
	}
	return r.Context.Value(key)
}

// inputs are the unmarshalers of input objects, which hardly anybody asks for.
func (r *run) inputs() any {
	r.makeInputs.Do(func() {
		r.madeInputs = graphql.WithLazyInputUnmarshalerIndex(context.Background(), func() *graphql.InputUnmarshalerIndex {
			return r.schema.table.Inputs(r.ec)
		}).Value(inputsKey)
	})
	return r.madeInputs
}

// within is the context of one call.
type within struct {
	context.Context
	field    *graphql.FieldContext
	argument string // that is being read, or ""
}

func (w *within) Value(key any) any {
	switch {
	case key == fieldKey:
		return w.field
	case key == pathKey && w.argument != "":
		path := graphql.NewPathWithField(w.argument)
		path.ParentField = w.field
		return path
	}
	return w.Context.Value(key)
}
