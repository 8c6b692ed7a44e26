package main

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

func ucFirst(s string) string { return templates.UcFirst(s) }

const gqlgenMarshal = "github.com/99designs/gqlgen/graphql.Marshal"

// direct are gqlgen's own marshalers for which the Writer has a method that allocates nothing.
var direct = map[string]struct{ method, takes string }{
	gqlgenMarshal + "String":       {"String", "string"},
	gqlgenMarshal + "ID":           {"String", "string"},
	gqlgenMarshal + "IntID":        {"IntString", "int64"},
	gqlgenMarshal + "Int":          {"Int", "int64"},
	gqlgenMarshal + "Int8":         {"Int", "int64"},
	gqlgenMarshal + "Int16":        {"Int", "int64"},
	gqlgenMarshal + "Int32":        {"Int", "int64"},
	gqlgenMarshal + "Int64":        {"Int", "int64"},
	gqlgenMarshal + "Uint":         {"Uint", "uint64"},
	gqlgenMarshal + "Uint8":        {"Uint", "uint64"},
	gqlgenMarshal + "Uint16":       {"Uint", "uint64"},
	gqlgenMarshal + "Uint32":       {"Uint", "uint64"},
	gqlgenMarshal + "Uint64":       {"Uint", "uint64"},
	gqlgenMarshal + "Boolean":      {"Bool", "bool"},
	gqlgenMarshal + "Float":        {"Float", "float64"},
	gqlgenMarshal + "FloatContext": {"Float", "float64"},
}

// leaf is the body of a function that writes an expression to the Writer w and says whether there
// is a value. Depth tells how many variables stand around it.
func (t *table) leaf(ref *config.TypeReference, expr string, depth int) string {
	name := fmt.Sprintf("v%d", depth)
	nilCheck := fmt.Sprintf("%s := %s\nif %s == nil {\nreturn false\n}\n", name, expr, name)
	switch {
	case ref.IsSlice() && ref.GQL.NonNull: // nil is an empty list
		return t.leafList(ref, expr, depth)
	case ref.IsSlice():
		return nilCheck + t.leafList(ref, name, depth)
	case ref.IsMarshaler && ref.IsNilable():
		return nilCheck + t.marshal(ref, name)
	case ref.IsMarshaler:
		return fmt.Sprintf("%s := %s\n", name, expr) + t.marshal(ref, name)
	case ref.Marshaler != nil && types.Identical(ref.GO, ref.Target) && ref.IsNilable():
		return nilCheck + t.marshal(ref, name)
	case ref.IsPtr():
		return nilCheck + t.leaf(ref.Elem(), "*"+name, depth+1)
	case ref.IsNilable():
		return nilCheck + t.marshal(ref, name)
	}
	return t.marshal(ref, expr)
}

func (t *table) leafList(ref *config.TypeReference, expr string, depth int) string {
	elem := ref.Elem()
	item := fmt.Sprintf("v%d", depth)
	return fmt.Sprintf("return exec.WriteList(w, %s, %t, func(w *exec.Writer, %s *%s) bool {\n%s\n})",
		expr, elem.GQL.NonNull, item, typeName(elem.GO), t.leaf(elem, "*"+item, depth+1))
}

// marshal writes a value that is not nil.
func (t *table) marshal(ref *config.TypeReference, expr string) string {
	if ref.IsMarshaler {
		return t.marshalMethod(ref, expr)
	}
	if d, ok := direct[ref.Marshaler.FullName()]; ok {
		if typeName(ref.GO) != d.takes {
			expr = d.takes + "(" + expr + ")"
		}
		return "return w." + d.method + "(" + expr + ")"
	}
	if ref.CastType != nil {
		expr = typeName(ref.CastType) + "(" + expr + ")"
	}
	if sibling := appender(ref.Marshaler); sibling != nil {
		return "return w.Take(" + templates.Call(sibling) + "(w.Buffer(), " + expr + "))"
	}
	call := templates.Call(ref.Marshaler) + "(" + expr + ")"
	if ref.IsContext {
		return "return w.MarshalContext(" + call + ")"
	}
	return "return w.Marshal(" + call + ")"
}

func (t *table) marshalMethod(ref *config.TypeReference, expr string) string {
	switch {
	case hasAppend(ref.GO):
		return "return w.Take(" + expr + ".AppendGQL(w.Buffer()))"
	case ref.IsContext:
		return "return w.MarshalContext(" + expr + ")"
	}
	if named := enumType(ref); named != nil {
		if ref.IsPtr() {
			expr = "*" + expr
		}
		return "return " + t.enum(ref.Definition, named) + ".Write(w, " + expr + ")"
	}
	return "mark := w.Mark()\n" + expr + ".MarshalGQL(w)\nreturn w.Since(mark)"
}

// enumType gives the type of an enum's values if they can be known beforehand: a string type with
// MarshalGQL on the value.
func enumType(ref *config.TypeReference) *types.Named {
	target := ref.GO
	if p, ok := target.(*types.Pointer); ok {
		target = p.Elem()
	}
	named, ok := target.(*types.Named)
	if !ok || ref.Definition.Kind != ast.Enum {
		return nil
	}
	basic, ok := named.Underlying().(*types.Basic)
	if !ok || basic.Kind() != types.String || types.NewMethodSet(named).Lookup(nil, "MarshalGQL") == nil {
		return nil
	}
	return named
}

func (t *table) enum(def *ast.Definition, named *types.Named) string {
	e := enum{Type: named, Var: "planEnum" + ucFirst(def.Name) + named.Obj().Name()}
	for _, value := range def.EnumValues {
		e.Values = append(e.Values, value.Name)
	}
	t.enums[e.Var] = e
	return e.Var
}

// appender finds the function AppendX beside a marshaler MarshalX: it appends the same JSON of the
// same value.
func appender(marshaler *types.Func) *types.Func {
	name, ok := strings.CutPrefix(marshaler.Name(), "Marshal")
	if !ok {
		return nil
	}
	found, ok := marshaler.Pkg().Scope().Lookup("Append" + name).(*types.Func)
	if !ok {
		return nil
	}
	sig, takes := found.Signature(), marshaler.Signature().Params()
	if sig.Params().Len() != 2 || takes.Len() != 1 || !isBytes(sig.Params().At(0).Type()) ||
		!types.Identical(sig.Params().At(1).Type(), takes.At(0).Type()) ||
		sig.Results().Len() != 1 || !isBytes(sig.Results().At(0).Type()) {
		return nil
	}
	return found
}

func isBytes(t types.Type) bool {
	return types.Identical(t, types.NewSlice(types.Universe.Lookup("byte").Type()))
}

// hasAppend says whether a type is an exec.Appender, also by its address.
func hasAppend(t types.Type) bool {
	found, _, _ := types.LookupFieldOrMethod(t, true, nil, "AppendGQL")
	method, ok := found.(*types.Func)
	if !ok {
		return false
	}
	sig := method.Signature()
	return sig.Params().Len() == 1 && isBytes(sig.Params().At(0).Type()) &&
		sig.Results().Len() == 1 && isBytes(sig.Results().At(0).Type())
}
