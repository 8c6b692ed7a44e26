package exec

import (
	"runtime"
	"sync"
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
	operations sync.Map // weak.Pointer[ast.OperationDefinition] → *variants
}

// variants are the plans of one operation, by the values of its conditions.
type variants struct {
	survey
	mu    sync.RWMutex
	plans map[uint64]*selection // guarded by mu
}

func (c *planCache) variants(op *graphql.OperationContext) *variants {
	key := weak.Make(op.Operation)
	if found, ok := c.operations.Load(key); ok {
		return found.(*variants)
	}
	fresh := &variants{
		survey: surveyOperation(op.Operation, op.Doc.Fragments),
		plans:  map[uint64]*selection{},
	}
	found, known := c.operations.LoadOrStore(key, fresh)
	if !known {
		runtime.AddCleanup(op.Operation, c.forget, key)
	}
	return found.(*variants)
}

func (c *planCache) forget(key weak.Pointer[ast.OperationDefinition]) { c.operations.Delete(key) }

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
