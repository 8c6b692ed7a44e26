package exec

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"
)

// Argument reads one argument of the call's field by gqlgen's function for its type. One that is
// neither given nor has a default is the zero value.
func Argument[T any](c *Call, name string, unmarshal func(context.Context, any) (T, error)) (value T, err error) {
	given, ok := c.given(c.Field.Field.Definition.Arguments.ForName(name))
	if !ok {
		return value, nil
	}
	c.own.argument = name // where errors are
	defer func() { c.own.argument = "" }()
	return unmarshal(c.Ctx, given)
}

// Given are all arguments as they are given, for gqlgen's functions that ask directives about them.
func (c *Call) Given() map[string]any {
	all := map[string]any{}
	for _, definition := range c.Field.Field.Definition.Arguments {
		if value, ok := c.given(definition); ok {
			all[definition.Name] = value
		}
	}
	return all
}

// given is the value of an argument, or its default. A variable that is missing gives none.
func (c *Call) given(definition *ast.ArgumentDefinition) (any, bool) {
	written := definition.DefaultValue
	if argument := c.Field.Field.Arguments.ForName(definition.Name); argument != nil {
		if argument.Value.Kind != ast.Variable {
			written = argument.Value
		} else if value, ok := c.run.op.Variables[argument.Value.Raw]; ok {
			return value, true
		}
	}
	if written == nil {
		return nil, false
	}
	value, err := written.Value(c.run.op.Variables)
	if err != nil {
		panic(err) // of a literal that validation has let through
	}
	return value, true
}

// Intercepted says whether interceptors look at the call: then the field's context is to have the
// arguments by their names.
func (c *Call) Intercepted() bool { return !c.run.schema.direct }
