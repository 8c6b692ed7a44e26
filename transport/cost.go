package transport

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// cost refuses an operation that may touch too many objects. Each field that answers with objects costs as many as the
// lists around it can have, which is their page size; Relay's connections, edges and page infos are only the way to
// objects and cost nothing. Fields that are merged when they run cost once. The document has been measured before, so
// writing its fragments out takes a bounded time.
func (g *guard) cost(doc *document, op *graphql.OperationContext) (int, *gqlerror.Error) {
	known := &doc.costs[slices.Index(doc.Operations, op.Operation)]
	if cost := known.Load(); cost > 0 {
		return int(cost - 1), nil
	}
	c := &coster{variables: op.Variables, limits: &g.limits, bounds: g.bounds}
	err := c.selections([]ast.SelectionSet{op.Operation.SelectionSet}, place{objects: 1})
	if err == nil && !c.varies {
		known.Store(int64(c.cost) + 1)
	}
	return c.cost, err
}

type coster struct {
	variables map[string]any
	limits    *Limits
	bounds    map[string]Bound
	cost      int
	varies    bool // variables decide about it
}

// place is where in the answer a selection stands.
type place struct {
	objects int // how many there may be of it
	page    int // the page size that the connection around it was given, 0 outside of connections
}

// branch is a field that answers with objects, and all that is selected of them.
type branch struct {
	field *ast.Field
	below []ast.SelectionSet
}

// branches are those of one place, merged as execution merges them.
type branches struct {
	list   []branch
	spread []*ast.FragmentDefinition
}

func (b *branches) collect(set ast.SelectionSet) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			b.add(s)
		case *ast.InlineFragment:
			b.collect(s.SelectionSet)
		case *ast.FragmentSpread:
			if !slices.Contains(b.spread, s.Definition) {
				b.spread = append(b.spread, s.Definition)
				b.collect(s.Definition.SelectionSet)
			}
		}
	}
}

func (b *branches) add(f *ast.Field) {
	if len(f.SelectionSet) == 0 || f.Definition == nil || isIntrospection(f) {
		return
	}
	for i, same := range b.list {
		if same.field.Alias == f.Alias && same.field.ObjectDefinition == f.ObjectDefinition {
			b.list[i].below = append(same.below, f.SelectionSet)
			return
		}
	}
	b.list = append(b.list, branch{field: f, below: []ast.SelectionSet{f.SelectionSet}})
}

func (c *coster) selections(sets []ast.SelectionSet, at place) *gqlerror.Error {
	var all branches
	for _, set := range sets {
		all.collect(set)
	}
	for _, b := range all.list {
		if err := c.branch(b, at); err != nil {
			return err
		}
	}
	return nil
}

func (c *coster) branch(b branch, at place) *gqlerror.Error {
	page, err := c.page(b.field)
	if err != nil {
		return err
	}
	answer := b.field.Definition.Type
	below := place{objects: at.objects, page: page}
	if answer.Elem != nil {
		below = place{objects: c.times(at.objects, firstPositive(page, at.page, c.limits.UnpagedSize))}
	}
	if Counts(answer.Name()) {
		if c.cost += below.objects; c.cost > c.limits.Cost {
			return tooComplex("the operation may touch more than %d objects: ask for smaller pages or fewer levels", c.limits.Cost)
		}
	}
	return c.selections(b.below, below)
}

// times stays just above the limit once it is reached, so that no product can overflow.
func (c *coster) times(a, b int) int { return min(a*b, c.limits.Cost+1) }

func firstPositive(numbers ...int) int {
	for _, n := range numbers {
		if n > 0 {
			return n
		}
	}
	return 1
}

// Counts is true for types whose objects cost something; the others are only the way to objects.
func Counts(typeName string) bool {
	return typeName != "PageInfo" && !strings.HasSuffix(typeName, "Connection") && !strings.HasSuffix(typeName, "Edge")
}

// page is the largest page that a field may answer with, 0 for one that has no pages.
func (c *coster) page(f *ast.Field) (int, *gqlerror.Error) {
	if bound, ok := c.bounds[f.ObjectDefinition.Name+"."+f.Name]; ok {
		c.varies = c.varies || len(f.Arguments) > 0
		return bound.of(f, c.variables), nil
	}
	size, paged := 0, false
	for _, name := range []string{"first", "last"} {
		definition := f.Definition.Arguments.ForName(name)
		if definition == nil || definition.Type.Name() != "Int" {
			continue
		}
		paged = true
		n, given := c.number(f.Arguments.ForName(name), definition)
		if given && (n < 1 || n > c.limits.PageSize) {
			err := badInput("%s has to be 1 to %d", name, c.limits.PageSize)
			err.Extensions["field"] = name
			return 0, err
		}
		size = max(size, n)
	}
	if paged && size == 0 {
		size = c.limits.PageSize // what the resolver will make of it is not known here
	}
	return size, nil
}

// number is the value of an integer argument; not given also means null.
func (c *coster) number(argument *ast.Argument, definition *ast.ArgumentDefinition) (int, bool) {
	value := definition.DefaultValue
	if argument != nil {
		value = argument.Value
		c.varies = c.varies || value.Kind == ast.Variable
	}
	if value == nil {
		return 0, false
	}
	given, err := value.Value(c.variables)
	if err != nil {
		return c.limits.PageSize + 1, true // an integer out of any range
	}
	if given == nil && argument != nil && argument.Value.Kind == ast.Variable && !has(c.variables, argument.Value.Raw) {
		return c.number(nil, definition)
	}
	return integer(given)
}

func has(variables map[string]any, name string) bool {
	_, ok := variables[name]
	return ok
}

func integer(value any) (int, bool) {
	switch n := value.(type) {
	case int64:
		return int(n), true
	case int:
		return n, true
	case float64:
		return int(n), true
	case json.Number:
		i, err := n.Int64()
		return int(i), err == nil
	case string:
		i, err := strconv.Atoi(n)
		return i, err == nil
	}
	return 0, false
}
