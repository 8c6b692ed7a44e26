package transport

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// hub finds the group of everybody who asked the same.
type hub struct {
	config *Config
	exec   *Executor

	running sync.WaitGroup // the groups
	lane    *lane
	replays replays

	mu     sync.Mutex // protects groups, and the users of each
	groups map[[sha256.Size]byte]*group
}

func newHub(exec *Executor) *hub {
	return &hub{config: &exec.config, exec: exec, lane: newLane(), groups: map[[sha256.Size]byte]*group{}}
}

// acquire returns the group for an operation, begun if need be. Who acquires it has to release it.
func (h *hub) acquire(ctx context.Context, op *graphql.OperationContext, as scope) (*group, error) {
	key, err := groupKey(op, as.key)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	g := h.groups[key]
	if g == nil {
		g = newGroup(h, key, op, as)
		h.groups[key] = g
		h.running.Go(g.run)
	}
	g.users++
	h.mu.Unlock()
	select {
	case <-g.opened:
		err = g.refused
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		h.release(g)
		return nil, err
	}
	return g, nil
}

// release ends the group when nobody needs it any more.
func (h *hub) release(g *group) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if g.users--; g.users == 0 {
		h.forget(g)
		g.cancel()
	}
}

// retire lets those who come from now on begin another group: this one's stream has ended.
func (h *hub) retire(g *group) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(g)
}

func (h *hub) forget(g *group) {
	if h.groups[g.key] == g {
		delete(h.groups, g.key)
	}
}

// groupKey is equal for operations that have the same answer to every event: the document, which of its operations,
// the variables but the one that says where to begin, and what the viewer may see.
func groupKey(op *graphql.OperationContext, scope string) (key [sha256.Size]byte, err error) {
	variables := op.Variables
	if name := resumeVariable(op); name != "" {
		variables = make(map[string]any, len(op.Variables))
		for k, v := range op.Variables {
			if k != name {
				variables[k] = v
			}
		}
	}
	b, err := json.Marshal([]any{op.RawQuery, op.OperationName, variables, scope}) // sorts by key, so it is canonical
	if err != nil {
		return key, err
	}
	return sha256.Sum256(b), nil
}

// resumeVariable is the variable that stands for the cursor and for nothing else in the document.
func resumeVariable(op *graphql.OperationContext) string {
	field := rootField(op.Operation.SelectionSet)
	if field == nil {
		return ""
	}
	argument := field.Arguments.ForName(resumeArgument)
	if argument == nil || argument.Value.Kind != ast.Variable {
		return ""
	}
	const definitionAndUse = 2
	if name := argument.Value.Raw; strings.Count(op.RawQuery, "$"+name) == definitionAndUse {
		return name
	}
	return ""
}

// rootField is the one field of a subscription; nil if it is not written in the operation itself.
func rootField(selections ast.SelectionSet) *ast.Field {
	if len(selections) != 1 {
		return nil
	}
	field, _ := selections[0].(*ast.Field)
	return field
}
