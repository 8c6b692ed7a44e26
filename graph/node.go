package graph

import (
	"context"
	"errors"
	"slices"

	"workflowfactory/model"
)

const maxNodes = 100

func (r queryResolver) Node(ctx context.Context, id model.ID) (model.Node, error) {
	nodes, err := r.Nodes(ctx, []model.ID{id})
	if err != nil {
		return nil, err
	}
	return nodes[0], nil
}

// Nodes asks once for each kind among the ids.
func (r queryResolver) Nodes(ctx context.Context, ids []model.ID) ([]model.Node, error) {
	if len(ids) > maxNodes {
		return nil, model.BadInput("ids", "ask for at most %d nodes at once", maxNodes)
	}
	nodes := make([]model.Node, len(ids))
	return nodes, errors.Join(
		find(ctx, nodes, ids, r.Resolver.Workflows.ByIDs, model.KindWorkflow),
		find(ctx, nodes, ids, r.Resolver.Tasks.ByIDs, model.KindTask),
		find(ctx, nodes, ids, r.Resolver.Agents.ByIDs, model.KindAgent),
		find(ctx, nodes, ids, r.Resolver.Suggestions.ByIDs, model.KindSuggestion),
		find(ctx, nodes, ids, r.Resolver.Comments.ByIDs, model.KindComment),
		find(ctx, nodes, ids, r.Policies.ByIDs, model.KindApprovalPolicy),
		find(ctx, nodes, ids, r.History.ByIDs, model.KindEvent),
		find(ctx, nodes, ids, r.Access.ByIDs, model.AccessKinds...))
}

// find fills in the nodes of some kinds.
func find[N interface {
	comparable
	model.Node
}](ctx context.Context, nodes []model.Node, ids []model.ID, byIDs func(context.Context, []model.ID) ([]N, error), kinds ...model.Kind) error {
	wanted := make([]model.ID, len(ids))
	for i, id := range ids {
		if slices.Contains(kinds, id.Kind()) {
			wanted[i] = id
		}
	}
	found, err := byIDs(ctx, wanted)
	if err != nil {
		return err
	}
	var none N
	for i, n := range found {
		if n != none {
			nodes[i] = n
		}
	}
	return nil
}
