package exec

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// survey is what is known of an operation before its variables are.
type survey struct {
	conditions []string // the variables that @skip and @include look at
	foreign    bool     // it uses other directives: @defer, or executable ones of the schema's own
}

func surveyOperation(op *ast.OperationDefinition, fragments ast.FragmentDefinitionList) survey {
	s := surveyor{fragments: fragments, seen: map[string]bool{}}
	s.directives(op.Directives)
	s.set(op.SelectionSet)
	return s.survey
}

type surveyor struct {
	survey
	fragments ast.FragmentDefinitionList
	seen      map[string]bool // fragments and, with a $, variables
}

func (s *surveyor) set(set ast.SelectionSet) {
	for _, selected := range set {
		switch node := selected.(type) {
		case *ast.Field:
			s.directives(node.Directives)
			s.set(node.SelectionSet)
		case *ast.InlineFragment:
			s.directives(node.Directives)
			s.set(node.SelectionSet)
		case *ast.FragmentSpread:
			s.directives(node.Directives)
			if !s.seen[node.Name] {
				s.seen[node.Name] = true
				s.set(s.fragments.ForName(node.Name).SelectionSet)
			}
		}
	}
}

func (s *surveyor) directives(list ast.DirectiveList) {
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			s.foreign = true
			continue
		}
		condition := d.Arguments.ForName("if").Value
		if name := "$" + condition.Raw; condition.Kind == ast.Variable && !s.seen[name] {
			s.seen[name] = true
			s.conditions = append(s.conditions, condition.Raw)
		}
	}
}

// bits packs the values of the conditions, the identity of one variant of the operation. It fails
// where one is not a boolean: null, given for a variable that has a default.
func (s *survey) bits(variables map[string]any) (uint64, error) {
	var bits uint64
	for i, name := range s.conditions {
		value, ok := variables[name].(bool)
		if !ok {
			return 0, fmt.Errorf("variable $%s decides about @skip or @include and must not be null", name)
		}
		if value {
			bits |= 1 << (i % 64)
		}
	}
	return bits, nil
}

// chosen is what an operation asks of objects of one type under one response key.
type chosen struct {
	key   string
	nodes []*ast.Field
}

// collector gathers the fields that selection sets ask of one object type, in the order in which
// their response keys first appear.
type collector struct {
	*compiler
	satisfies map[string]bool // the type's own name, its interfaces and unions
	visited   map[string]bool // fragments
	place     map[string]int  // of each response key in fields
	fields    []chosen
}

func (c *compiler) collect(typ *ast.Definition, sets []ast.SelectionSet) []chosen {
	col := collector{
		compiler:  c,
		satisfies: c.namesOf(typ),
		visited:   map[string]bool{},
		place:     map[string]int{},
	}
	for _, set := range sets {
		col.add(set)
	}
	return col.fields
}

func (c *collector) add(set ast.SelectionSet) {
	for _, selected := range set {
		switch node := selected.(type) {
		case *ast.Field:
			if c.included(node.Directives) {
				c.field(node)
			}
		case *ast.InlineFragment:
			if c.included(node.Directives) && c.applies(node.TypeCondition) {
				c.add(node.SelectionSet)
			}
		case *ast.FragmentSpread:
			if !c.visited[node.Name] && c.included(node.Directives) {
				c.visited[node.Name] = true
				c.fragment(c.fragments.ForName(node.Name))
			}
		}
	}
}

func (c *collector) fragment(def *ast.FragmentDefinition) {
	if c.applies(def.TypeCondition) {
		c.add(def.SelectionSet)
	}
}

func (c *collector) applies(condition string) bool {
	return condition == "" || c.satisfies[condition]
}

func (c *collector) field(node *ast.Field) {
	i, known := c.place[node.Alias]
	if !known {
		i = len(c.fields)
		c.place[node.Alias] = i
		c.fields = append(c.fields, chosen{key: node.Alias})
	}
	c.fields[i].nodes = append(c.fields[i].nodes, node)
}

func (c *compiler) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		if c.condition(d) == (d.Name == "skip") {
			return false
		}
	}
	return true
}

func (c *compiler) condition(d *ast.Directive) bool {
	value := d.Arguments.ForName("if").Value
	if value.Kind == ast.Variable {
		return c.variables[value.Raw].(bool) // bits has seen to it
	}
	return value.Raw == "true"
}

func (c *compiler) namesOf(typ *ast.Definition) map[string]bool {
	if names, ok := c.names[typ]; ok {
		return names
	}
	names := map[string]bool{typ.Name: true}
	for _, abstract := range c.schema.GetImplements(typ) {
		names[abstract.Name] = true
	}
	c.names[typ] = names
	return names
}
