package exectest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// args writes a field's arguments; those that need not be given are left out at times.
func (w *writer) args(defs ast.ArgumentDefinitionList) string {
	var parts []string
	for _, def := range defs {
		required := def.Type.NonNull && def.DefaultValue == nil
		if required || w.one(2) {
			parts = append(parts, def.Name+": "+w.argument(def.Type, def.DefaultValue != nil))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// argument writes a value, or a variable in its place.
func (w *writer) argument(t *ast.Type, hasDefault bool) string {
	if w.one(3) {
		return w.variable(t, hasDefault)
	}
	return w.literal(t, w.value(t, 3))
}

// variable declares a variable for a place of the type.
func (w *writer) variable(t *ast.Type, placeHasDefault bool) string {
	name := fmt.Sprintf("v%d", len(w.variables))
	if t.NonNull && placeHasDefault && w.one(3) { // such a place takes a variable that may be absent
		nullable := *t
		nullable.NonNull = false
		t = &nullable
	}
	w.declare(name, t)
	return "$" + name
}

func (w *writer) declare(name string, t *ast.Type) {
	for _, declared := range w.variables {
		if strings.HasPrefix(declared, "$"+name+":") {
			return
		}
	}
	declaration := "$" + name + ": " + t.String()
	hasDefault := w.one(4)
	if hasDefault {
		value := w.value(t, 2)
		hasDefault = value != nil
		if hasDefault {
			declaration += " = " + w.literal(t, value)
		}
	}
	w.variables = append(w.variables, declaration)
	w.give(w.values, name, t, hasDefault)
}

// give gives a variable a value, or none if it needs none.
func (w *writer) give(values map[string]any, name string, t *ast.Type, hasDefault bool) {
	if (!t.NonNull || hasDefault) && w.one(4) {
		return
	}
	values[name] = w.value(t, 3)
}

// value makes a value of an input type, as it would come out of JSON.
func (w *writer) value(t *ast.Type, depth int) any {
	if !t.NonNull && w.one(6) {
		return nil
	}
	if t.Elem != nil {
		list := make([]any, w.Rand.IntN(3))
		for i := range list {
			list[i] = w.value(t.Elem, depth-1)
		}
		return list
	}
	if make := w.Values[t.NamedType]; make != nil {
		return make(w.Rand)
	}
	def := w.Schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Enum:
		return pick(w, def.EnumValues).Name
	case ast.InputObject:
		return w.object(def, depth)
	}
	return w.scalar(t.NamedType)
}

func (w *writer) scalar(name string) any {
	switch name {
	case "Int":
		return json.Number(strconv.Itoa(w.Rand.IntN(5)))
	case "Float":
		return json.Number(strconv.FormatFloat(w.Rand.Float64()*10, 'f', 2, 64))
	case "Boolean":
		return w.one(2)
	}
	return pick(w, []string{"", "x", "text", "a longer text", "quote \" \\ \n", "ünïcode"})
}

func (w *writer) object(def *ast.Definition, depth int) map[string]any {
	object := map[string]any{}
	for _, f := range def.Fields {
		required := f.Type.NonNull && f.DefaultValue == nil
		if required || depth > 0 && w.one(3) {
			object[f.Name] = w.value(f.Type, depth-1)
		}
	}
	return object
}

// literal writes a value as it stands in a document.
func (w *writer) literal(t *ast.Type, value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case []any:
		var parts []string
		for _, elem := range value {
			parts = append(parts, w.literal(elemOf(t), elem))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			parts = append(parts, name+": "+w.literal(w.memberOf(t, name), value[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case string:
		if t != nil && t.Elem == nil && w.Schema.Types[t.NamedType].Kind == ast.Enum {
			return value
		}
		quoted, _ := json.Marshal(value) // which no string fails
		return string(quoted)
	}
	return fmt.Sprint(value)
}

// elemOf gives the type of a list's elements. A scalar may hold lists of anything.
func elemOf(t *ast.Type) *ast.Type {
	if t == nil {
		return nil
	}
	return t.Elem
}

func (w *writer) memberOf(t *ast.Type, name string) *ast.Type {
	if t == nil {
		return nil
	}
	if f := w.Schema.Types[t.Name()].Fields.ForName(name); f != nil {
		return f.Type
	}
	return nil
}
