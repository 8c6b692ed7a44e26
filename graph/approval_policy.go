package graph

import (
	"context"
	"time"

	"workflowfactory/graph/gen"
	"workflowfactory/model"
)

func (r queryResolver) ApprovalPolicies(ctx context.Context, first *int, after *string, last *int, before *string) (*model.ApprovalPolicyConnection, error) {
	return r.Policies.Page(ctx, page(first, after, last, before))
}

func (r queryResolver) SimulateApprovalPolicy(ctx context.Context, input model.SimulateApprovalPolicyInput) (*model.PolicySimulation, error) {
	policy, last, err := input.Policy(time.Now())
	if err != nil {
		return nil, err
	}
	return r.Policies.Simulate(ctx, policy, last)
}

func (r mutationResolver) CreateApprovalPolicy(ctx context.Context, input model.CreateApprovalPolicyInput) (*model.ApprovalPolicyPayload, error) {
	return r.Policies.Create(ctx, input)
}

func (r mutationResolver) UpdateApprovalPolicy(ctx context.Context, input model.UpdateApprovalPolicyInput) (*model.ApprovalPolicyPayload, error) {
	return r.Policies.Update(ctx, input)
}

func (r mutationResolver) DeleteApprovalPolicy(ctx context.Context, input model.DeleteApprovalPolicyInput) (*model.ApprovalPolicyDeletedPayload, error) {
	return r.Policies.Delete(ctx, input)
}

func (r suggestionResolver) Policy(ctx context.Context, objs []*model.Suggestion) ([]*model.ApprovalPolicy, error) {
	return r.Policies.Referenced(ctx, idsOf(objs, func(s *model.Suggestion) model.ID { return s.PolicyID }))
}

func (r decisionResolver) Policy(ctx context.Context, objs []*model.Decision) ([]*model.ApprovalPolicy, error) {
	return r.Policies.Referenced(ctx, idsOf(objs, func(d *model.Decision) model.ID { return d.PolicyID }))
}

// PolicyDisagreement answers what a rule and people disagree about.
func (r *Resolver) PolicyDisagreement() gen.PolicyDisagreementResolver {
	return policyDisagreementResolver{r}
}

type policyDisagreementResolver struct{ *Resolver }

func (r policyDisagreementResolver) Suggestion(ctx context.Context, objs []*model.PolicyDisagreement) ([]*model.Suggestion, error) {
	return r.Suggestions.Referenced(ctx, idsOf(objs, func(d *model.PolicyDisagreement) model.ID { return d.SuggestionID }))
}

// ApprovalPolicyConnection answers the fields of pages that cost a question of their own.
func (r *Resolver) ApprovalPolicyConnection() gen.ApprovalPolicyConnectionResolver {
	return approvalPolicyConnectionResolver{}
}

type approvalPolicyConnectionResolver struct{}

func (approvalPolicyConnectionResolver) TotalCount(ctx context.Context, objs []*model.ApprovalPolicyConnection) ([]int, error) {
	return totals(ctx, objs, func(c *model.ApprovalPolicyConnection) model.Count { return c.Count })
}

// ApprovalPolicyEvent answers the fields of events about approval policies.
func (r *Resolver) ApprovalPolicyEvent() gen.ApprovalPolicyEventResolver {
	return logEvent[*model.ApprovalPolicyEvent]{r}
}

// ApprovalPolicyPayload resolves the position of a change.
func (r *Resolver) ApprovalPolicyPayload() gen.ApprovalPolicyPayloadResolver {
	return payload[*model.ApprovalPolicyPayload]{r}
}

// ApprovalPolicyDeletedPayload resolves the position of a change.
func (r *Resolver) ApprovalPolicyDeletedPayload() gen.ApprovalPolicyDeletedPayloadResolver {
	return payload[*model.ApprovalPolicyDeletedPayload]{r}
}
