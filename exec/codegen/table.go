package main

import (
	"fmt"
	"go/types"
	"sort"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

// table is what the template shows.
type table struct {
	*codegen.Data
	enums map[string]enum // those met while the fields were written
	binds []guard         // likewise
}

func (*table) ExecPath() string { return execPath() }

// object is one object type.
type object struct {
	*codegen.Object
	table *table
}

func (t *table) Types() []object {
	var all []object
	for _, o := range objects(t.Data) {
		all = append(all, object{Object: o, table: t})
	}
	return all
}

// Entries are the object's fields.
func (o object) Entries() []entry {
	var all []entry
	for _, f := range o.Fields {
		all = append(all, entry{Field: f, table: o.table})
	}
	return all
}

// abstract is an interface or a union.
type abstract struct{ *codegen.Interface }

func (t *table) Abstract() []abstract {
	var all []abstract
	for _, i := range interfaces(t.Data) {
		all = append(all, abstract{i})
	}
	return all
}

// kindCase is one Go type of an interface's: an object type may have two, a struct and a pointer
// to it.
type kindCase struct {
	codegen.InterfaceImplementor
	Model types.Type // behind the pointer
	Kind  int
}

// Cases are the Go types of the interface's object types.
func (a abstract) Cases() []kindCase {
	var all []kindCase
	for _, implementor := range a.Implementors {
		if implementor.Kind != ast.Object { // an interface, whose object types are listed too
			continue
		}
		next := kindCase{InterfaceImplementor: implementor, Model: implementor.Type}
		if p, ok := implementor.Type.(*types.Pointer); ok {
			next.Model = p.Elem()
		}
		if len(all) > 0 {
			last := all[len(all)-1]
			next.Kind = last.Kind
			if last.Name != next.Name {
				next.Kind++
			}
		}
		all = append(all, next)
	}
	return all
}

// Kinds are the names of its object types, each at the place that Kind tells.
func (a abstract) Kinds() []string {
	var names []string
	for _, c := range a.Cases() {
		if c.Kind == len(names) {
			names = append(names, c.Name)
		}
	}
	return names
}

// enum is a variable by which an enum type is written.
type enum struct {
	Type   types.Type
	Values []string
	Var    string
}

func (t *table) Enums() []enum {
	var all []enum
	for _, e := range t.enums {
		all = append(all, e)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Var < all[j].Var })
	return all
}

// InputUnmarshalers are gqlgen's, for resolvers that ask for one by context.
func (t *table) InputUnmarshalers() []string {
	if t.Config.OmitTypedInputUnmarshalers { // there is nothing that would ask for them
		return nil
	}
	var all []string
	for _, input := range t.Inputs {
		if input.HasUnmarshal() {
			continue
		}
		unmarshal := "ec.(*executionContext).unmarshalInput" + input.Name
		if t.Config.UseFunctionSyntaxForExecutionContext {
			unmarshal = "graphql.BindUnmarshaler(ec.(*executionContext), unmarshalInput" + input.Name + ")"
		}
		all = append(all, fmt.Sprintf("graphql.NewInputUnmarshaler(%q, %s)", input.Name, unmarshal))
	}
	return all
}

// guard is a directive with its arguments, as it stands on definitions that belong to objects of one
// Go type.
type guard struct {
	*codegen.Directive
	entry entry
	Bind  string // the function by which all of them are asked
}

// Guards are in the order in which gqlgen asks them: the last one of the schema stands outermost.
func (e entry) Guards() []guard {
	directives := e.ImplDirectives()
	var all []guard
	for i := len(directives) - 1; i >= 0; i-- {
		all = append(all, e.table.shared(guard{Directive: directives[i], entry: e}))
	}
	return all
}

// shared gives guards that do the same the same function.
func (t *table) shared(g guard) guard {
	for _, known := range t.binds {
		if known.text() == g.text() {
			return known
		}
	}
	g.Bind = fmt.Sprintf("planGuard%s%d", ucFirst(g.Name), len(t.binds))
	t.binds = append(t.binds, g)
	return g
}

func (g guard) text() string {
	return g.CallPath() + g.Object() + g.Values() + strings.Join(g.Unmarshal(), "")
}

// Binds are the functions of all guards.
func (t *table) Binds() []guard { return t.binds }

// UsesContext says whether Bind needs the execution context.
func (g guard) UsesContext() bool { return !g.IsBuiltIn() || len(g.Unmarshal()) > 0 }

// Unmarshal are the lines that turn the directive's constants into Go values.
func (g guard) Unmarshal() []string {
	data := g.entry.table.Data
	var lines []string
	for i, arg := range g.Args {
		if arg.Value != nil {
			lines = append(lines, fmt.Sprintf("arg%d, err := %s%s(c.Ctx, %s%s)", i,
				data.ECDot(), arg.TypeReference.UnmarshalFunc(), data.ECArg(), templates.Dump(arg.Value)))
		}
	}
	return lines
}

// Values are the directive's arguments after the first three.
func (g guard) Values() string {
	var values strings.Builder
	for i, arg := range g.Args {
		if arg.Value == nil {
			values.WriteString(", nil")
			continue
		}
		fmt.Fprintf(&values, ", arg%d", i)
	}
	return values.String()
}

// Object is the object as the directive gets it.
func (g guard) Object() string {
	if g.entry.IsRoot() {
		return "nil"
	}
	return "exec.Model[" + typeName(g.entry.Object.Type) + "](obj)"
}

func typeName(t types.Type) string { return templates.CurrentImports.LookupType(t) }
