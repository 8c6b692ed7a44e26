package exec

import (
	"context"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// step is a field, or the index of a list element if field is nil.
type step struct {
	field *field
	index int
}

// failure is an error and where it stands.
type failure struct {
	err  error
	path []step
}

// report keeps an error for the place now being written, as long as there are not too many.
func (w *Writer) report(err error) {
	if list, ok := err.(gqlerror.List); ok {
		for _, one := range list {
			w.report(one)
		}
		return
	}
	if len(w.errs) < w.run.schema.maxErrors {
		w.errs = append(w.errs, failure{err: err, path: slices.Clone(w.path)})
	}
}

// invalidNull tells that null stands at the path, against the schema. An empty source is found from
// how the field is had.
func (w *Writer) invalidNull(source graphql.NullSource) error {
	fd, indices := lastField(w.path)
	t := fd.typ
	for range indices {
		t = t.Elem
	}
	if source == "" {
		source = fd.nullSource()
	}
	return &graphql.InvalidNullError{
		Object:       fd.object,
		Field:        fd.collected.Name,
		DeclaredType: t.String(),
		Source:       source,
		ListElement:  indices > 0,
		Path:         fieldContext(w.path).Path(),
	}
}

func (f *field) nullSource() graphql.NullSource {
	switch {
	case f.def.Leaf == nil && f.def.Get == nil && f.typ.NonNull:
		return graphql.NullSourceResolver
	case f.def.Leaf == nil && f.def.Get == nil:
		return graphql.NullSourceRuntimeNonNull
	case f.def.Method:
		return graphql.NullSourceModelMethod
	default:
		return graphql.NullSourceModelField
	}
}

// lastField gives the field that a path leads to, and how many indices follow it.
func lastField(path []step) (*field, int) {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].field != nil {
			return path[i].field, len(path) - 1 - i
		}
	}
	return nil, len(path)
}

// fieldContext is the field context that gqlgen would have at the place: presenters read its path.
func fieldContext(path []step) *graphql.FieldContext {
	var fc *graphql.FieldContext
	for _, s := range path {
		if s.field == nil {
			fc = &graphql.FieldContext{Parent: fc, Index: new(s.index)}
			continue
		}
		fc = &graphql.FieldContext{Parent: fc, Object: s.field.object, Field: s.field.collected}
	}
	return fc
}

// present hands the error to the presenter and adds what it makes of it to the response.
func (f *failure) present(ctx context.Context) {
	fc := fieldContext(f.path)
	parent := fc.Parent
	ctx = graphql.WithFieldContext(ctx, fc)
	fc.Parent = parent
	graphql.AddError(ctx, f.located(fc.Path()))
}

// located gives the error its place. Errors that are GraphQL errors already are copied, since the
// same one may be reported at several places; what they wrap stays within reach.
func (f *failure) located(path ast.Path) error {
	fd, _ := lastField(f.path)
	located := gqlerror.WrapPath(path, f.err)
	if inner, ok := errors.AsType[*gqlerror.Error](f.err); ok {
		copied := *inner
		located = &copied
		located.Path = rebase(inner.Path, f.path, path)
		if f.err != error(inner) {
			located.Err = f.err
		}
	}
	if pos := fd.collected.Position; located.Locations == nil && pos != nil && pos.Line > 0 {
		located.Locations = []gqlerror.Location{{Line: pos.Line, Column: pos.Column}}
	}
	return located
}

// rebase corrects a path that was made within a resolver, from a context that knows no indices: its
// beginning becomes the path of the place. Other paths are left as they are.
func rebase(given ast.Path, steps []step, path ast.Path) ast.Path {
	if given == nil {
		return path
	}
	n := 0
	for _, s := range steps {
		if s.field == nil {
			continue
		}
		if n >= len(given) || given[n] != ast.PathElement(ast.PathName(s.field.collected.Alias)) {
			return given
		}
		n++
	}
	return append(path, given[n:]...)
}
