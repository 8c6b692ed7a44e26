// Package exectest compares two ways of executing a schema: it makes random documents for any
// schema, runs them, and tells where the answers differ.
package exectest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Document is an operation and the values of its variables.
type Document struct {
	Query     string
	Variables map[string]any
}

// Generator makes random documents that are valid for a schema. Two with the same schema, settings
// and state of Rand make the same documents.
type Generator struct {
	Schema *ast.Schema
	Rand   *rand.Rand
	// Values makes values of scalars and enums, by the type's name, as they would come out of JSON:
	// also ones that the scalar refuses. Without it scalars other than the built-in ones are
	// strings, and enums any of their values.
	Values map[string]func(*rand.Rand) any
	// Skip leaves fields out. Nil leaves out none.
	Skip func(object, field string) bool
	// Fields is about how many fields a document selects, 40 if not set.
	Fields int
	// Depth is how deep selections nest at the most, 7 if not set.
	Depth int
}

// Document makes a document with one operation.
func (g *Generator) Document(operation ast.Operation) Document {
	for {
		if doc := g.draft(operation); g.valid(doc) {
			return doc
		}
	}
}

// Variant gives the same document with other values for its variables.
func (g *Generator) Variant(doc Document) Document {
	query, err := parser.ParseQuery(&ast.Source{Input: doc.Query})
	if err != nil {
		panic("exectest: " + err.Error())
	}
	w := &writer{Generator: g}
	values := map[string]any{}
	for _, v := range query.Operations[0].VariableDefinitions {
		w.give(values, v.Variable, v.Type, v.DefaultValue != nil)
	}
	return Document{Query: doc.Query, Variables: values}
}

// valid sorts out what the generator does not look at, such as selections that cannot be merged.
func (g *Generator) valid(doc Document) bool {
	query, err := parser.ParseQuery(&ast.Source{Input: doc.Query})
	if err != nil {
		panic("exectest: " + err.Error() + " in " + doc.Query)
	}
	if len(validator.ValidateWithRules(g.Schema, query, rules.NewDefaultRules())) > 0 {
		return false
	}
	_, err = validator.VariableValues(g.Schema, query.Operations[0], doc.Variables)
	return err == nil
}

func (g *Generator) draft(operation ast.Operation) Document {
	w := &writer{
		Generator: g,
		left:      or(g.Fields, 40),
		values:    map[string]any{},
		keys:      map[string]string{},
		arguments: map[string]string{},
	}
	body := w.selection(w.root(operation), or(g.Depth, 7), operation == ast.Subscription)
	var query strings.Builder
	fmt.Fprintf(&query, "%s Random", operation)
	if len(w.variables) > 0 {
		fmt.Fprintf(&query, "(%s)", strings.Join(w.variables, ", "))
	}
	query.WriteString(" " + body)
	for _, f := range w.fragments {
		fmt.Fprintf(&query, "\nfragment %s on %s %s", f.name, f.on, f.body)
	}
	return Document{Query: query.String(), Variables: w.values}
}

func or(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func (g *Generator) root(operation ast.Operation) *ast.Definition {
	switch operation {
	case ast.Mutation:
		return g.Schema.Mutation
	case ast.Subscription:
		return g.Schema.Subscription
	default:
		return g.Schema.Query
	}
}

// fragment is a named fragment of the document.
type fragment struct{ name, on, body string }

// writer writes one document.
type writer struct {
	*Generator
	left      int // fields that may still be selected
	variables []string
	values    map[string]any
	fragments []fragment
	keys      map[string]string // response keys that are taken, and by what
	arguments map[string]string // of each field that has been selected, with its variant
}

func (w *writer) one(n int) bool { return w.Rand.IntN(n) == 0 }

func pick[T any](w *writer, from []T) T { return from[w.Rand.IntN(len(from))] }

// selection writes a selection set, with a single field if it must be so.
func (w *writer) selection(typ *ast.Definition, depth int, single bool) string {
	n := 1
	if !single {
		n += w.Rand.IntN(4)
	}
	var parts []string
	for range n {
		parts = append(parts, w.selected(typ, depth, single))
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

func (w *writer) selected(typ *ast.Definition, depth int, single bool) string {
	if !single && w.left > 0 && depth > 1 {
		switch w.Rand.IntN(10) {
		case 0:
			return "..." + w.condition(typ) + w.directives() + " " + w.selection(typ, depth-1, false)
		case 1, 2:
			if sub := w.overlapping(typ); sub != nil {
				return "... on " + sub.Name + w.directives() + " " + w.selection(sub, depth-1, false)
			}
		case 3:
			return w.spread(typ, depth)
		}
	}
	fields := w.fields(typ, depth, single)
	if len(fields) == 0 {
		return w.typename()
	}
	if !single && w.one(12) {
		return w.typename()
	}
	return w.field(pick(w, fields), depth, single)
}

func (w *writer) typename() string {
	if w.one(2) {
		return "kind: __typename"
	}
	return "__typename"
}

// condition is a type condition that says nothing new, or none.
func (w *writer) condition(typ *ast.Definition) string {
	if w.one(2) {
		return ""
	}
	return " on " + typ.Name
}

// overlapping gives a type that shares object types with typ.
func (w *writer) overlapping(typ *ast.Definition) *ast.Definition {
	possible := map[string]bool{}
	for _, object := range w.Schema.GetPossibleTypes(typ) {
		possible[object.Name] = true
	}
	var all []*ast.Definition
	for _, name := range slices.Sorted(maps.Keys(w.Schema.Types)) {
		other := w.Schema.Types[name]
		if !other.IsCompositeType() || strings.HasPrefix(name, "__") || w.isRoot(other) {
			continue
		}
		if slices.ContainsFunc(w.Schema.GetPossibleTypes(other), func(d *ast.Definition) bool { return possible[d.Name] }) {
			all = append(all, other)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return pick(w, all)
}

func (w *writer) isRoot(def *ast.Definition) bool {
	return def == w.Schema.Query || def == w.Schema.Mutation || def == w.Schema.Subscription
}

// spread writes a spread of a named fragment: one that the document has already, or a new one.
func (w *writer) spread(typ *ast.Definition, depth int) string {
	var known []fragment
	for _, f := range w.fragments {
		if f.on == typ.Name {
			known = append(known, f)
		}
	}
	if len(known) > 0 && w.one(2) {
		return "..." + pick(w, known).name + w.directives()
	}
	on := typ
	if sub := w.overlapping(typ); sub != nil && w.one(2) {
		on = sub
	}
	body := w.selection(on, depth-1, false)
	f := fragment{name: fmt.Sprintf("F%d", len(w.fragments)), on: on.Name, body: body}
	w.fragments = append(w.fragments, f)
	return "..." + f.name + w.directives()
}

// fields are those that can be selected at the depth.
func (w *writer) fields(typ *ast.Definition, depth int, single bool) []*ast.FieldDefinition {
	var all []*ast.FieldDefinition
	for _, f := range typ.Fields {
		if strings.HasPrefix(f.Name, "__") || w.Skip != nil && w.Skip(typ.Name, f.Name) {
			continue
		}
		leaf := w.Schema.Types[f.Type.Name()].IsLeafType()
		if leaf || depth > 1 && (w.left > 0 || single) {
			all = append(all, f)
		}
	}
	return all
}

func (w *writer) field(f *ast.FieldDefinition, depth int, single bool) string {
	w.left--
	key, arguments := w.call(f)
	text := f.Name + arguments
	if key != f.Name {
		text = key + ": " + text
	}
	if !single {
		text += w.directives()
	}
	if typ := w.Schema.Types[f.Type.Name()]; typ.IsCompositeType() {
		text += " " + w.selection(typ, depth-1, false)
	}
	return text
}

// call gives a field its arguments and a response key. A field occurs with a few variants of
// arguments only, so that selections often have to be merged.
func (w *writer) call(f *ast.FieldDefinition) (key, arguments string) {
	variant := w.variant(f)
	arguments, known := w.arguments[variant]
	if !known {
		arguments = w.args(f.Arguments)
		w.arguments[variant] = arguments
	}
	for n := 0; ; n++ {
		key = f.Name
		if n > 0 {
			key = fmt.Sprintf("%s_%d", f.Name, n)
		}
		if by, taken := w.keys[key]; !taken || by == variant {
			w.keys[key] = variant
			return key, arguments
		}
	}
}

// variant names one way of calling a field. Those of the same name are the same wherever they occur,
// so that they can be merged.
func (w *writer) variant(f *ast.FieldDefinition) string {
	var name strings.Builder
	fmt.Fprintf(&name, "%s %s %d", f.Name, f.Type, w.Rand.IntN(2))
	for _, arg := range f.Arguments {
		fmt.Fprintf(&name, " %s:%s", arg.Name, arg.Type)
	}
	return name.String()
}

func (w *writer) directives() string {
	if !w.one(8) {
		return ""
	}
	name := pick(w, []string{"skip", "include"})
	condition := pick(w, []string{"true", "false", "$b0", "$b1", "$b2"})
	if name, ok := strings.CutPrefix(condition, "$"); ok {
		w.declare(name, ast.NonNullNamedType("Boolean", nil))
	}
	return fmt.Sprintf(" @%s(if: %s)", name, condition)
}
