package transport

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkVariables refuses lists that are too long, and input objects marked @oneOf that do not have exactly one field,
// which gqlgen checks in documents only. Custom scalars may hold what they like.
func checkVariables(schema *ast.Schema, op *graphql.OperationContext, limits *Limits) *gqlerror.Error {
	c := &valueChecker{schema: schema, limits: limits}
	for _, definition := range op.Operation.VariableDefinitions {
		if err := c.value(definition.Type, op.Variables[definition.Variable], definition.Variable); err != nil {
			return err
		}
	}
	return nil
}

type valueChecker struct {
	schema *ast.Schema
	limits *Limits
}

func (c *valueChecker) value(t *ast.Type, value any, name string) *gqlerror.Error {
	switch value := value.(type) {
	case []any:
		return c.list(t, value, name)
	case map[string]any:
		return c.object(t, value, name)
	case []map[string]any: // what coercion makes of one object where a list is expected
		for _, object := range value {
			if err := c.object(t, object, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *valueChecker) list(t *ast.Type, items []any, name string) *gqlerror.Error {
	if t.Elem == nil {
		return nil // a custom scalar
	}
	if len(items) > c.limits.ListItems {
		err := badInput("%s has more than %d items", name, c.limits.ListItems)
		err.Extensions["field"] = name
		return err
	}
	for _, item := range items {
		if err := c.value(t.Elem, item, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *valueChecker) object(t *ast.Type, object map[string]any, name string) *gqlerror.Error {
	definition := c.schema.Types[t.Name()]
	if definition == nil || definition.Kind != ast.InputObject {
		return nil
	}
	if definition.Directives.ForName("oneOf") != nil && !hasOne(object) {
		err := badInput("%s has to have exactly one field", name)
		err.Extensions["field"] = name
		return err
	}
	for _, field := range definition.Fields {
		if err := c.value(field.Type, object[field.Name], field.Name); err != nil {
			return err
		}
	}
	return nil
}

func hasOne(object map[string]any) bool {
	for _, value := range object {
		return len(object) == 1 && value != nil
	}
	return false
}
