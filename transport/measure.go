package transport

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// measure refuses documents over the limits, before anything whose time grows faster than the document looks at them. It
// knows no schema yet, and the document may be any nonsense that parses.
func measure(doc *ast.QueryDocument, limits *Limits) *gqlerror.Error {
	switch {
	case len(doc.Operations) > limits.Operations:
		return tooComplex("the document has more than %d operations", limits.Operations)
	case len(doc.Fragments) > limits.Fragments:
		return tooComplex("the document has more than %d fragments", limits.Fragments)
	}
	if err := (&counter{limits: limits}).document(doc); err != nil {
		return err
	}
	return (&flattener{limits: limits, fragments: byName(doc.Fragments)}).document(doc)
}

func byName(fragments ast.FragmentDefinitionList) map[string]*ast.FragmentDefinition {
	named := make(map[string]*ast.FragmentDefinition, len(fragments))
	for _, f := range fragments {
		if named[f.Name] == nil { // the first of a name, as validation has it
			named[f.Name] = f
		}
	}
	return named
}

// counter counts what is written in a document, each selection once.
type counter struct {
	limits         *Limits
	aliases        int
	directives     int
	introspections int
}

func (c *counter) document(doc *ast.QueryDocument) *gqlerror.Error {
	for _, op := range doc.Operations {
		for _, v := range op.VariableDefinitions {
			if err := firstOf(c.name(v.Variable), c.use(v.Directives), c.value(v.DefaultValue, 0), c.typeName(v.Type)); err != nil {
				return err
			}
		}
		if err := firstOf(c.name(op.Name), c.use(op.Directives), c.selections(op.SelectionSet)); err != nil {
			return err
		}
	}
	for _, f := range doc.Fragments {
		if err := firstOf(c.name(f.Name), c.name(f.TypeCondition), c.use(f.Directives), c.selections(f.SelectionSet)); err != nil {
			return err
		}
	}
	return nil
}

func (c *counter) selections(set ast.SelectionSet) *gqlerror.Error {
	for _, selection := range set {
		if err := c.selection(selection); err != nil {
			return err
		}
	}
	return nil
}

func (c *counter) selection(selection ast.Selection) *gqlerror.Error {
	switch s := selection.(type) {
	case *ast.Field:
		return firstOf(c.field(s), c.arguments(s.Arguments), c.use(s.Directives), c.selections(s.SelectionSet))
	case *ast.InlineFragment:
		return firstOf(c.name(s.TypeCondition), c.use(s.Directives), c.selections(s.SelectionSet))
	case *ast.FragmentSpread:
		return firstOf(c.name(s.Name), c.use(s.Directives))
	}
	return nil
}

func (c *counter) field(f *ast.Field) *gqlerror.Error {
	if f.Alias != f.Name {
		c.aliases++
	}
	if isIntrospection(f) {
		c.introspections++
	}
	switch {
	case c.aliases > c.limits.Aliases:
		return tooComplex("the document has more than %d aliases", c.limits.Aliases)
	case c.introspections > c.limits.Introspections:
		return tooComplex("the document asks for the schema more than %d times", c.limits.Introspections)
	}
	return firstOf(c.name(f.Name), c.name(f.Alias))
}

func (c *counter) use(directives ast.DirectiveList) *gqlerror.Error {
	c.directives += len(directives)
	if c.directives > c.limits.Directives {
		return tooComplex("the document has more than %d directives", c.limits.Directives)
	}
	for _, d := range directives {
		if err := firstOf(c.name(d.Name), c.arguments(d.Arguments)); err != nil {
			return err
		}
	}
	return nil
}

func (c *counter) arguments(arguments ast.ArgumentList) *gqlerror.Error {
	for _, a := range arguments {
		if err := firstOf(c.name(a.Name), c.value(a.Value, 0)); err != nil {
			return err
		}
	}
	return nil
}

func (c *counter) value(v *ast.Value, depth int) *gqlerror.Error {
	if v == nil {
		return nil
	}
	if depth > c.limits.JSONDepth {
		return badInput("a value nests deeper than %d levels", c.limits.JSONDepth)
	}
	switch v.Kind {
	case ast.StringValue, ast.BlockValue:
		if strings.ContainsRune(v.Raw, 0) {
			return errNUL()
		}
	case ast.IntValue, ast.FloatValue:
		return checkNumber([]byte(v.Raw))
	case ast.Variable, ast.EnumValue:
		return c.name(v.Raw)
	}
	for _, child := range v.Children {
		if err := firstOf(c.name(child.Name), c.value(child.Value, depth+1)); err != nil {
			return err
		}
	}
	return nil
}

func (c *counter) typeName(t *ast.Type) *gqlerror.Error {
	if t == nil {
		return nil
	}
	return c.name(t.Name())
}

// name keeps names short, since errors repeat them and hints are computed for them.
func (c *counter) name(name string) *gqlerror.Error {
	if len(name) > c.limits.NameBytes {
		return tooComplex("a name is longer than %d bytes", c.limits.NameBytes)
	}
	return nil
}

func firstOf(errs ...*gqlerror.Error) *gqlerror.Error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func isIntrospection(f *ast.Field) bool { return f.Name == "__schema" || f.Name == "__type" }

// flattener walks operations and fragments as if every fragment were written out where it is spread and fields of one
// name in one place were merged: what depth, root fields and the work of validation depend on. A small document can be
// flattened into an endless one; the walk ends with the first limit it meets, which bounds its time as well.
type flattener struct {
	limits    *Limits
	fragments map[string]*ast.FragmentDefinition
	visits    int
	pairs     int
}

func (f *flattener) document(doc *ast.QueryDocument) *gqlerror.Error {
	for _, op := range doc.Operations {
		fields, err := f.merged(op.SelectionSet)
		if err != nil {
			return err
		}
		if most := f.limits.rootFields(op.Operation); fields.count > most {
			return tooComplex("a %s has more than %d root fields", op.Operation, most)
		}
		if err := f.below(fields, 1); err != nil {
			return err
		}
	}
	for _, fragment := range doc.Fragments {
		fields, err := f.merged(fragment.SelectionSet)
		if err != nil {
			return err
		}
		if err := f.below(fields, anyDepth); err != nil {
			return err
		}
	}
	return nil
}

func (l *Limits) rootFields(kind ast.Operation) int {
	if kind == ast.Mutation {
		return l.RootMutations
	}
	return l.RootFields
}

// fields are those of one place in an answer, by the name that they have there.
type fields struct {
	count  int
	named  map[string][]ast.SelectionSet
	schema map[string]bool // the names under which the schema is asked for
	spread map[string]bool // the fragments written out
}

// anyDepth is where depth is not counted: below __schema and __type, which validation has a rule of its own for, and in
// fragments by themselves, which have their depth where they are spread.
const anyDepth = -1

func (f *flattener) merged(sets ...ast.SelectionSet) (*fields, *gqlerror.Error) {
	into := &fields{named: map[string][]ast.SelectionSet{}}
	for _, set := range sets {
		if err := f.collect(set, into, 0); err != nil {
			return nil, err
		}
	}
	return into, nil
}

// collect is told how many inline fragments stand around the selections: validation looks into each from all of them.
func (f *flattener) collect(set ast.SelectionSet, into *fields, inside int) *gqlerror.Error {
	if inside > f.limits.Depth {
		return tooComplex("inline fragments nest deeper than %d levels", f.limits.Depth)
	}
	if f.visits += len(set); f.visits > f.limits.Visits {
		return tooComplex("the document has more than %d fields when its fragments are written out", f.limits.Visits)
	}
	for _, selection := range set {
		var err *gqlerror.Error
		switch s := selection.(type) {
		case *ast.Field:
			err = f.add(s, into)
		case *ast.InlineFragment:
			err = f.collect(s.SelectionSet, into, inside+1)
		case *ast.FragmentSpread:
			err = f.write(s, into)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add pairs a field with all of its name that are there already, as validation will.
func (f *flattener) add(field *ast.Field, into *fields) *gqlerror.Error {
	same := into.named[field.Alias]
	if f.pairs += len(same); f.pairs > f.limits.Repeats {
		return tooComplex("the document repeats fields: more than %d pairs would have to be compared", f.limits.Repeats)
	}
	into.named[field.Alias] = append(same, field.SelectionSet)
	into.count++
	if isIntrospection(field) {
		mark(&into.schema, field.Alias)
	}
	return nil
}

func mark(set *map[string]bool, name string) {
	if *set == nil {
		*set = map[string]bool{}
	}
	(*set)[name] = true
}

func (f *flattener) write(spread *ast.FragmentSpread, into *fields) *gqlerror.Error {
	fragment := f.fragments[spread.Name]
	if fragment == nil || into.spread[spread.Name] {
		return nil
	}
	mark(&into.spread, spread.Name)
	return f.collect(fragment.SelectionSet, into, 0)
}

func (f *flattener) below(fields *fields, depth int) *gqlerror.Error {
	if fields.count > 0 && depth > f.limits.Depth {
		return tooComplex("fields nest deeper than %d levels", f.limits.Depth)
	}
	for name, sets := range fields.named {
		next := depth + 1
		if depth == anyDepth || fields.schema[name] {
			next = anyDepth
		}
		deeper, err := f.merged(sets...)
		if err != nil {
			return err
		}
		if err := f.below(deeper, next); err != nil {
			return err
		}
	}
	return nil
}
