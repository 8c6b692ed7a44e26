package main

import (
	"fmt"
	"go/types"
	"regexp"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
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

// Inputs is the type of the field's arguments as its resolver takes them.
func (e entry) Inputs() string { return "planInputs" + ucFirst(e.Object.Name) + "_" + e.Name }

// argument is one of a field's.
type argument struct {
	*codegen.FieldArgument
	entry entry
	place int
}

// Arguments are those that the resolver takes.
func (e entry) Arguments() []argument {
	var all []argument
	if isIntrospection(e.Field) { // gqlgen reads them itself
		return nil
	}
	for i, arg := range e.Args {
		all = append(all, argument{arg, e, i})
	}
	return all
}

// Type is the argument's Go type.
func (a argument) Type() string { return typeName(a.TypeReference.GO) }

// Inputs is the type in which it stands.
func (a argument) Inputs() string { return a.entry.Inputs() }

// Var is the name of its field there.
func (a argument) Var() string { return fmt.Sprintf("a%d", a.place) }

// Read gives the argument's value. Where directives stand on it, gqlgen has generated how they are asked.
func (a argument) Read() string {
	t := a.entry.table
	if len(a.ImplDirectives()) > 0 {
		return fmt.Sprintf("%s%s%s(c.Ctx, %sc.Given())", t.ECDot(), a.entry.ArgsFunc(), templates.ToGo(a.Name), t.ECArg())
	}
	unmarshal := t.ECDot() + a.TypeReference.UnmarshalFunc()
	if t.Config.UseFunctionSyntaxForExecutionContext {
		unmarshal = fmt.Sprintf("func(ctx context.Context, v any) (%s, error) { return %s(ctx, ec, v) }", a.Type(), unmarshal)
	}
	return fmt.Sprintf("exec.Argument(c, %q, %s)", a.Name, unmarshal)
}

// fromInputs has a call that gqlgen wrote take its arguments from the Inputs.
func (e entry) fromInputs(call string) string {
	for _, a := range e.Arguments() {
		if iface, ok := types.Unalias(a.TypeReference.GO).(*types.Interface); ok && iface.Empty() {
			nilOrAny := regexp.MustCompile(fmt.Sprintf(`(?s)func \(\) any \{\s*if fc\.Args\[%q\] == nil .*?\}\(\)`, a.Name))
			call = nilOrAny.ReplaceAllLiteralString(call, "in."+a.Var())
			continue
		}
		call = strings.ReplaceAll(call, fmt.Sprintf("fc.Args[%q].(%s)", a.Name, a.Type()), "in."+a.Var())
	}
	return call
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
			resolver, e.GoFieldName, e.fromInputs(e.BatchCallArgs(parents, "")))
		body += e.take("results", "err")
	} else {
		body += "result, err := ec.Resolvers." + e.fromInputs(e.ShortInvocation()) + "\n"
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
	})`, event, e.locals(), e.fromInputs(e.ShortInvocation()), event, e.take("events", "nil"))
}

// locals are the names that gqlgen's call expressions use.
func (e entry) locals() string {
	if len(e.Args) == 0 {
		return "ctx, ec := c.Ctx, c.EC.(*executionContext)\n"
	}
	return "ctx, ec, in := c.Ctx, c.EC.(*executionContext), c.In.(*" + e.Inputs() + ")\n"
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
