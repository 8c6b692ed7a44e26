package transport

import (
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Bound says how many items the lists of one field have at most, where neither `first` nor `last` does: as many as an
// argument says or, if that is a list, has.
type Bound struct {
	Argument string // such as "ids", or "input.max" for a field of an input object
	Default  int    // when it is not given; zero for Limits.UnpagedSize
}

// check wants the field to be one of the schema, and the argument one that bounds.
func (b Bound) check(schema *ast.Schema, field string) error {
	object, name, _ := strings.Cut(field, ".")
	definition := schema.Types[object]
	if definition == nil || definition.Fields.ForName(name) == nil {
		return fmt.Errorf("there is no field %s to be bounded", field)
	}
	path := strings.Split(b.Argument, ".")
	argument := definition.Fields.ForName(name).Arguments.ForName(path[0])
	if argument == nil {
		return fmt.Errorf("%s has no argument %s", field, b.Argument)
	}
	typ := argument.Type
	for _, step := range path[1:] {
		input := schema.Types[typ.Name()]
		if input.Fields.ForName(step) == nil {
			return fmt.Errorf("%s has no argument %s", field, b.Argument)
		}
		typ = input.Fields.ForName(step).Type
	}
	if typ.Elem == nil && typ.Name() != "Int" {
		return fmt.Errorf("the argument %s of %s is neither a list nor an Int", b.Argument, field)
	}
	return nil
}

// of is the bound in one place of a document. A number that is no size bounds nothing: the resolver will refuse it.
func (b Bound) of(f *ast.Field, variables map[string]any) int {
	path := strings.Split(b.Argument, ".")
	value := f.ArgumentMap(variables)[path[0]]
	for _, step := range path[1:] {
		object, _ := value.(map[string]any)
		value = object[step]
	}
	if value == nil {
		return b.Default
	}
	if list, ok := value.([]any); ok {
		return max(len(list), 1) // zero would mean that nothing is known
	}
	if n, ok := integer(value); ok && n > 0 {
		return n
	}
	return b.Default
}

func checkBounds(schema graphql.ExecutableSchema, bounds map[string]Bound) error {
	for field, bound := range bounds {
		if err := bound.check(schema.Schema(), field); err != nil {
			return err
		}
	}
	return nil
}
