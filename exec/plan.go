package exec

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// maxPlanFields bounds a plan. Only documents made to blow it up come near: the same fields under
// every combination of the types that nested interfaces may have.
const maxPlanFields = 20_000

var (
	errTooLarge = errors.New("the plan would be too large")
	errUnknown  = errors.New("the table does not know a field of the document")
)

// selection is what an operation asks of objects of one type.
type selection struct {
	fields []field  // in the order of the answer
	asked  []*field // those that need work before the answer can be written
	calls  int      // how many of asked lead to resolvers, themselves or further down
	counts bool     // its objects count
}

// field is one response key of a selection. Nothing in it changes once the plan is made.
type field struct {
	key       []byte // `,"key":`, and the value too if it is fixed
	fixed     bool   // __typename
	plain     bool   // read from the object, with nobody to ask
	def       *Field
	object    string // the object type it belongs to
	typ       *ast.Type
	lists     int          // how many lists stand around the named type
	column    int          // among those asked, or -1
	subs      []*selection // by kind
	calls     bool         // it leads to resolvers, itself or further down
	asks      bool         // the objects it gives have fields that need work
	collected graphql.CollectedField
	selects   func(context.Context) context.Context // for the resolver; may be nil
}

// compiler makes one variant of an operation's plan.
type compiler struct {
	schema    *ast.Schema
	table     *Table
	counts    func(object string) bool
	selecting func(Selection) func(context.Context) context.Context
	variables map[string]any
	fragments ast.FragmentDefinitionList
	names     map[*ast.Definition]map[string]bool
	numbers   map[*ast.Field]uint32
	done      map[string]*selection
	fields    int
}

// compile gives nil where no plan can be made.
func (s *Schema) compile(op *graphql.OperationContext) *selection {
	c := &compiler{
		schema:    s.Schema(),
		table:     s.table,
		counts:    s.counts,
		variables: op.Variables,
		fragments: op.Doc.Fragments,
		names:     map[*ast.Definition]map[string]bool{},
		numbers:   map[*ast.Field]uint32{},
		done:      map[string]*selection{},
	}
	if op.Operation.Operation == ast.Query {
		c.selecting = s.selecting
	}
	root := c.root(op.Operation.Operation)
	plan, err := c.selection(root, []ast.SelectionSet{op.Operation.SelectionSet})
	if err != nil {
		return nil
	}
	return plan
}

func (c *compiler) root(operation ast.Operation) *ast.Definition {
	switch operation {
	case ast.Mutation:
		return c.schema.Mutation
	case ast.Subscription:
		return c.schema.Subscription
	default:
		return c.schema.Query
	}
}

func (c *compiler) selection(typ *ast.Definition, sets []ast.SelectionSet) (*selection, error) {
	known, ok := c.table.Objects[typ.Name]
	if !ok {
		return nil, errUnknown
	}
	all := c.collect(typ, sets)
	if c.fields += len(all); c.fields > maxPlanFields {
		return nil, errTooLarge
	}
	sel := &selection{fields: make([]field, len(all)), counts: c.counts != nil && c.counts(typ.Name)}
	for i, ch := range all {
		if err := c.field(&sel.fields[i], typ, known, ch); err != nil {
			return nil, err
		}
		sel.take(&sel.fields[i])
	}
	return sel, nil
}

// take lists a field that needs work before the answer is written.
func (s *selection) take(fd *field) {
	fd.column = -1
	if fd.fixed || fd.plain && fd.def.Leaf != nil {
		return
	}
	fd.column = len(s.asked)
	s.asked = append(s.asked, fd)
	if fd.calls {
		s.calls++
	}
}

func (c *compiler) field(fd *field, typ *ast.Definition, known map[string]Field, ch chosen) error {
	node := ch.nodes[0]
	if node.Name == "__typename" {
		fd.fixed = true
		fd.key = []byte(`,"` + ch.key + `":"` + typ.Name + `"`)
		return nil
	}
	def, ok := known[node.Name]
	if !ok {
		return errUnknown
	}
	fd.key = []byte(`,"` + ch.key + `":`)
	fd.def = &def
	fd.object = typ.Name
	fd.typ = node.Definition.Type
	fd.calls = def.Leaf == nil && def.Get == nil
	fd.plain = !fd.calls && len(def.Guards) == 0 && def.Args == nil
	for t := fd.typ; t.Elem != nil; t = t.Elem {
		fd.lists++
	}
	sets := make([]ast.SelectionSet, len(ch.nodes))
	fd.collected = graphql.CollectedField{Field: node}
	for i, node := range ch.nodes {
		sets[i] = node.SelectionSet
		fd.collected.Selections = append(fd.collected.Selections, node.SelectionSet...)
	}
	err := c.subs(fd, ch.nodes, sets)
	if err == nil && c.selecting != nil && def.Call != nil {
		fd.selects = c.selecting(Selection{fd})
	}
	return err
}

// subs plans what is asked of the objects that a field gives, by type.
func (c *compiler) subs(fd *field, nodes []*ast.Field, sets []ast.SelectionSet) error {
	if fd.def.Raw != nil || len(nodes[0].SelectionSet) == 0 {
		return nil
	}
	names := []string{fd.typ.Name()}
	if kinds, abstract := c.table.Kinds[names[0]]; abstract {
		names = kinds
	}
	fd.subs = make([]*selection, len(names))
	for i, name := range names {
		sub, err := c.shared(name, nodes, sets)
		if err != nil {
			return err
		}
		fd.subs[i] = sub
		fd.calls = fd.calls || sub.calls > 0
		fd.asks = fd.asks || len(sub.asked) > 0
	}
	return nil
}

// shared plans a selection once for all places where the same nodes meet the same type: what an
// interface's implementations have in common would else be planned again for each of them, level
// by level.
func (c *compiler) shared(name string, nodes []*ast.Field, sets []ast.SelectionSet) (*selection, error) {
	key := []byte(name)
	for _, node := range nodes {
		key = binary.LittleEndian.AppendUint32(key, c.number(node))
	}
	if sel, ok := c.done[string(key)]; ok {
		return sel, nil
	}
	sel, err := c.selection(c.schema.Types[name], sets)
	if err != nil {
		return nil, err
	}
	c.done[string(key)] = sel
	return sel, nil
}

func (c *compiler) number(node *ast.Field) uint32 {
	n, ok := c.numbers[node]
	if !ok {
		n = uint32(len(c.numbers))
		c.numbers[node] = n
	}
	return n
}
