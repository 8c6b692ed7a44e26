package exec

import (
	"runtime"
	"sync"
	"unsafe"
	"weak"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	// maxConditions is how many variables may decide about @skip and @include in an operation whose
	// plans are kept.
	maxConditions = 64
	// maxVariants is how many plans are kept for one operation. Further combinations of conditions
	// are planned anew each time.
	maxVariants = 64
)

// planCache keeps the plans of an operation for as long as somebody holds on to the operation:
// gqlgen's document cache, or a request. It never keeps one alive itself.
type planCache struct {
	mu         sync.RWMutex
	operations map[uintptr]*variants // by the operation's address; guarded by mu
}

// variants are the plans of one operation, by the values of its conditions.
type variants struct {
	survey
	of    weak.Pointer[ast.OperationDefinition] // another operation may come to the same address
	mu    sync.RWMutex
	plans map[uint64]*selection // guarded by mu
}

func (c *planCache) variants(op *graphql.OperationContext) *variants {
	c.mu.RLock()
	known := c.operations[addressOf(op)]
	c.mu.RUnlock()
	if known != nil && known.of.Value() == op.Operation {
		return known
	}
	return c.add(op)
}

func addressOf(op *graphql.OperationContext) uintptr { return uintptr(unsafe.Pointer(op.Operation)) }

func (c *planCache) add(op *graphql.OperationContext) *variants {
	fresh := &variants{
		survey: surveyOperation(op.Operation, op.Doc.Fragments),
		of:     weak.Make(op.Operation),
		plans:  map[uint64]*selection{},
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	address := addressOf(op)
	if known := c.operations[address]; known != nil && known.of == fresh.of {
		return known // somebody else has been first
	}
	if c.operations == nil {
		c.operations = map[uintptr]*variants{}
	}
	c.operations[address] = fresh
	runtime.AddCleanup(op.Operation, func(fresh *variants) { c.forget(address, fresh) }, fresh)
	return fresh
}

// forget leaves alone what has taken the place of the forgotten.
func (c *planCache) forget(address uintptr, gone *variants) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.operations[address] == gone {
		delete(c.operations, address)
	}
}

// plan gives the plan of the operation for the variables' values, or nil if there can be none: it
// would be too large, or the table does not know the schema.
func (v *variants) plan(s *Schema, op *graphql.OperationContext) (*selection, error) {
	bits, err := v.bits(op.Variables)
	if err != nil {
		return nil, err
	}
	v.mu.RLock()
	plan, ok := v.plans[bits]
	v.mu.RUnlock()
	if ok {
		return plan, nil
	}
	plan = s.compile(op)
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.plans) < maxVariants && len(v.conditions) <= maxConditions {
		v.plans[bits] = plan
	}
	return plan, nil
}
