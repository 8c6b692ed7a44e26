package exec

import (
	"context"
	"unsafe"

	"github.com/99designs/gqlgen/graphql"
)

// P points at the Go value behind one GraphQL object. What it points at is known to the generated
// table alone, which converts it back to the model type that it was made from.
type P = unsafe.Pointer

// Table is what the generator writes for a schema: how to come from an object to the value of each
// of its fields. It is read only once it is in use.
type Table struct {
	// Objects holds the fields of each object type, by the type's and the field's name.
	Objects map[string]map[string]Field
	// Kinds holds the object types of each interface and union, in the order of the kinds that the
	// generated code gives to AddKind.
	Kinds map[string][]string
	// Bind makes gqlgen's execution context for one operation; the generated closures find it in
	// Call.EC.
	Bind func(*graphql.OperationContext) any
	// Inputs makes the unmarshalers that resolvers may ask for by context. May be nil.
	Inputs func(ec any) *graphql.InputUnmarshalerIndex
}

// Field tells how one field of one object type is had. Exactly one of Leaf, Get, Call, Raw and
// Stream is set.
type Field struct {
	// Leaf writes a scalar or enum (or lists of them) that the object holds. It answers false where
	// there is no value to show; the Writer knows why.
	Leaf func(w *Writer, obj P) bool
	// Get adds the objects that the object holds.
	Get func(s *Sink, obj P)
	// Call asks a resolver, once for all parents.
	Call func(c *Call)
	// Raw has gqlgen itself carry out a root field: introspection.
	Raw func(c *Call) graphql.Marshaler
	// Stream is a subscription field.
	Stream *Stream

	// Args reads the arguments of the document into Call.In. May be nil.
	Args func(c *Call) error
	// Guards are the directives of the definition, in the order in which they are asked.
	Guards []Guard
	// Method says that Leaf or Get calls a method of the model.
	Method bool
}

// Guard is a directive on the definition of a field, or of the type that the field gives.
type Guard struct {
	// Directive is its name, without the @.
	Directive string
	// Bind gives the question with the directive's arguments filled in. It fails where they do not
	// fit, or where nobody implements the directive.
	Bind func(c *Call) (Ask, error)
}

// Ask puts a guard's question about one object, nil if the guard is static or the field is a root
// field. A guard lets the object through by returning what next returned.
type Ask func(ctx context.Context, obj P, next graphql.Resolver) (any, error)

// Model gives the object as gqlgen's directives expect it: a *T, or nil where there is none.
func Model[T any](obj P) any {
	if obj == nil {
		return nil
	}
	return (*T)(obj)
}
