package transport

import (
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// resumeArgument is the argument of a subscription's root field that says which event to go on after.
const resumeArgument = "after"

// resumeAfter makes a subscription go on after the cursor, whatever its document and variables say, or from now on when
// the cursor is empty. The document is shared with everybody who sent the same text, so what changes is copied. A root
// field without the argument stays as it is.
func resumeAfter(operation *ast.OperationDefinition, cursor string) *ast.OperationDefinition {
	resumed := *operation
	resumed.SelectionSet = resumeSelections(resumed.SelectionSet, cursor)
	return &resumed
}

// anonymous copies a subscription that goes on after the cursor without what concerns one caller alone, so that it can
// be executed for others.
func anonymous(op *graphql.OperationContext, cursor string) *graphql.OperationContext {
	return &graphql.OperationContext{
		RawQuery: op.RawQuery, Variables: op.Variables, OperationName: op.OperationName, Doc: op.Doc,
		Operation:            resumeAfter(op.Operation, cursor),
		DisableIntrospection: op.DisableIntrospection, RecoverFunc: op.RecoverFunc,
		ResolverMiddleware: op.ResolverMiddleware, RootResolverMiddleware: op.RootResolverMiddleware, Stats: op.Stats,
	}
}

func resumeSelections(selections ast.SelectionSet, cursor string) ast.SelectionSet {
	selections = slices.Clone(selections)
	for i, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			selections[i] = resumeField(selection, cursor)
		case *ast.InlineFragment:
			fragment := *selection
			fragment.SelectionSet = resumeSelections(fragment.SelectionSet, cursor)
			selections[i] = &fragment
		case *ast.FragmentSpread:
			selections[i] = resumeSpread(selection, cursor)
		}
	}
	return selections
}

// resumeSpread writes the fragment out where it is spread: executors look fragments up in the document by name, and
// would find the one that was not changed.
func resumeSpread(spread *ast.FragmentSpread, cursor string) ast.Selection {
	if spread.Definition == nil {
		return spread
	}
	return &ast.InlineFragment{
		TypeCondition:    spread.Definition.TypeCondition,
		Directives:       spread.Directives,
		SelectionSet:     resumeSelections(spread.Definition.SelectionSet, cursor),
		ObjectDefinition: spread.ObjectDefinition,
		Position:         spread.Position,
	}
}

func resumeField(field *ast.Field, cursor string) *ast.Field {
	if field.Definition == nil {
		return field
	}
	definition := field.Definition.Arguments.ForName(resumeArgument)
	if definition == nil {
		return field
	}
	resumed := *field
	resumed.Arguments = slices.DeleteFunc(slices.Clone(field.Arguments), func(a *ast.Argument) bool { return a.Name == resumeArgument })
	if cursor != "" {
		value := &ast.Value{Kind: ast.StringValue, Raw: cursor, ExpectedType: definition.Type, Position: field.Position}
		resumed.Arguments = append(resumed.Arguments, &ast.Argument{Name: resumeArgument, Position: field.Position, Value: value})
	}
	return &resumed
}
