package main

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
)

// entry is one field of an object type, and how it is had.
type entry struct {
	*codegen.Field
	table *table
}

// IsModelMethod says that the value comes from a method of the model.
func (e entry) IsModelMethod() bool {
	return e.IsMethod() && !e.IsResolver && !isIntrospection(e.Field)
}

// Source is the field's one way to its value.
func (e entry) Source() string {
	switch {
	case isIntrospection(e.Field):
		return e.raw()
	case e.Object.Stream:
		return e.stream()
	case e.IsResolver:
		return e.call()
	case isLeaf(e.TypeReference):
		return e.closure("Leaf", "func(w *exec.Writer, o exec.P) bool", e.table.leaf(e.TypeReference, e.value(), 0))
	default:
		return e.get()
	}
}

// Arguments calls what gqlgen has generated to read the arguments, or is empty.
func (e entry) Arguments() string {
	if len(e.Args) == 0 {
		return ""
	}
	if e.table.Config.UseFunctionSyntaxForExecutionContext {
		return e.ArgsFunc() + "(ctx, ec.(*executionContext), raw)"
	}
	return "ec.(*executionContext)." + e.ArgsFunc() + "(ctx, raw)"
}

func (e entry) closure(key, signature, body string) string {
	return key + ": " + signature + " {\n" + body + "\n}"
}

// value reads the field of the object o.
func (e entry) value() string {
	value := "(*" + typeName(e.Object.Type) + ")(o)." + e.GoFieldName
	if e.IsMethod() {
		return value + "()"
	}
	return value
}

func (e entry) get() string {
	body := e.table.add(e.TypeReference, e.value())
	if e.IsMethod() { // whose value has no address yet
		body = "value := " + e.value() + "\n" + e.table.add(e.TypeReference, "value")
	}
	return e.closure("Get", "func(s *exec.Sink, o exec.P)", body)
}

func (e entry) raw() string {
	call := fmt.Sprintf("%s_%s_%s(c.Ctx, %sc.Field.Field)",
		e.table.ECDot(), e.Object.Name, e.Name, e.table.ECArg())
	return e.closure("Raw", "func(c *exec.Call) graphql.Marshaler",
		"ec := c.EC.(*executionContext)\nreturn "+call)
}

func (e entry) call() string {
	body := e.locals()
	if e.IsBatch() {
		resolver := strings.SplitN(e.ShortInvocation(), "(", 2)[0] // the accessor of the object's resolvers
		parents := "exec.Parents[" + typeName(e.Object.Type) + "](c)"
		body += fmt.Sprintf("results, err := ec.Resolvers.%s().%s(%s)\n",
			resolver, e.GoFieldName, e.BatchCallArgs(parents, ""))
		body += e.take("results", "err")
	} else {
		body += "result, err := ec.Resolvers." + e.ShortInvocation() + "\n"
		body += e.take("[]"+typeName(e.TypeReference.GO)+"{result}", "err")
	}
	return e.closure("Call", "func(c *exec.Call)", body)
}

func (e entry) stream() string {
	event := typeName(e.TypeReference.GO)
	return fmt.Sprintf(`Stream: exec.NewStream(func(c *exec.Call) (<-chan %s, error) {
		%sreturn ec.Resolvers.%s
	}, func(c *exec.Call, events []%s) {
		%s
	})`, event, e.locals(), e.ShortInvocation(), event, e.take("events", "nil"))
}

// locals are the names that gqlgen's call expressions use.
func (e entry) locals() string {
	if len(e.Args) == 0 {
		return "ctx, ec := c.Ctx, c.EC.(*executionContext)\n"
	}
	return "ctx, fc, ec := c.Ctx, c.Field, c.EC.(*executionContext)\n"
}

// take hands a resolver's results on, one for each parent.
func (e entry) take(results, err string) string {
	result := typeName(e.TypeReference.GO)
	if isLeaf(e.TypeReference) {
		return fmt.Sprintf("exec.ResolveLeaves(c, %s, %s, func(w *exec.Writer, v *%s) bool {\n%s\n})",
			results, err, result, e.table.leaf(e.TypeReference, "*v", 0))
	}
	return fmt.Sprintf("exec.ResolveObjects(c, %s, %s, func(s *exec.Sink, v *%s) {\n%s\n})",
		results, err, result, e.table.add(e.TypeReference, "*v"))
}

// add gives the objects of an expression to the sink s. The expression must have an address.
func (t *table) add(ref *config.TypeReference, expr string) string {
	switch {
	case ref.IsSlice():
		elem := ref.Elem()
		return fmt.Sprintf("exec.AddList(s, %s, func(s *exec.Sink, v *%s) {\n%s\n})",
			expr, typeName(elem.GO), t.add(elem, "*v"))
	case isAbstract(ref):
		return "planAdd" + ucFirst(ref.Definition.Name) + "(s, " + expr + ")"
	}
	if _, pointer := ref.GO.(*types.Pointer); !pointer {
		expr = "&" + expr
	}
	// The type is named so that the compiler refuses any other.
	model := t.Objects.ByName(ref.Definition.Name).Type
	return "exec.Add[" + typeName(model) + "](s, " + strings.TrimPrefix(expr, "&*") + ")"
}
