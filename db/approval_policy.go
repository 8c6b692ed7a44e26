package db

import (
	"context"
	"fmt"

	"workflowfactory/model"
)

var policyTable = table[model.ApprovalPolicy]{
	name: "approval_policies",
	columns: whole("x.id, x.created_at, x.updated_at, x.version, x.name, x.description, x.enabled, x.rank, x.action_pattern, x.min_confidence, "+
		"x.capability, x.priorities, x.effect, x.required_approvals, x.spot_check_share", func(r *row, p *model.ApprovalPolicy) {
		scanNoun(r, &p.Noun)
		p.Name, p.Description, p.Enabled, p.Rank, p.ActionPattern = r.text(), r.textOrNil(), r.bool(), r.int(), r.text()
		p.MinConfidence, p.Capability, p.Priorities = r.float(), r.textOrNil(), r.priorities()
		p.Effect, p.RequiredApprovals, p.SpotCheckShare = word[model.PolicyEffect](r), r.int(), r.float()
	}),
	key: "x.id",
	id:  (*model.ApprovalPolicy).GetID,
	orders: orders[model.ApprovalPolicy]{
		created: byInt("x.rank", func(p *model.ApprovalPolicy) int { return p.Rank }),
	},
}

// Page lists the policies in the order in which they are asked. A malformed page is BAD_USER_INPUT. Index:
// approval_policies_rank.
func (r ApprovalPolicies) Page(ctx context.Context, p model.Page) (*model.ApprovalPolicyConnection, error) {
	w := &where{}
	w.must("x.removed_at IS NULL")
	l := &list[model.ApprovalPolicy]{DB: r.DB, table: &policyTable, where: w, sort: policyTable.sorting(created, oldestFirst)}
	return connectOne[model.ApprovalPolicyConnection](ctx, l, p)
}

// ByIDs gives the policies with these ids, each at the place of its id; nil for the others. Agents see none.
func (r ApprovalPolicies) ByIDs(ctx context.Context, ids []model.ID) ([]*model.ApprovalPolicy, error) {
	w := &where{}
	w.must("x.removed_at IS NULL")
	if model.CallerFrom(ctx).Role == model.RoleAgent {
		w.must("false")
	}
	return byIDs(ctx, r.DB, &policyTable, w, ids)
}

// Referenced gives the policies with these ids, whoever asks, and those that were deleted too: for what something that
// the caller may see refers to.
func (r ApprovalPolicies) Referenced(ctx context.Context, ids []model.ID) ([]*model.ApprovalPolicy, error) {
	return byIDs(ctx, r.DB, &policyTable, &where{}, ids)
}

// Create makes a policy, which new suggestions are asked by from then on.
func (r ApprovalPolicies) Create(ctx context.Context, in model.CreateApprovalPolicyInput) (*model.ApprovalPolicyPayload, error) {
	return r.payload(ctx, func(ctx context.Context, c *change) (*model.ApprovalPolicy, error) {
		return idempotent(ctx, c, "createApprovalPolicy", in.IdempotencyKey, in, func() (*model.ApprovalPolicy, error) {
			p, err := model.NewApprovalPolicy(in, c.now)
			if err != nil {
				return nil, err
			}
			if err := c.checkRoomForPolicy(ctx); err != nil {
				return nil, err
			}
			return p, insert(ctx, c, model.EventTypeApprovalPolicyCreated, p)
		})
	})
}

// checkRoomForPolicy refuses more policies than are asked. Until the change ends nobody else makes one.
func (c *change) checkRoomForPolicy(ctx context.Context) error {
	if _, err := c.ExecContext(ctx, "LOCK TABLE approval_policies IN SHARE ROW EXCLUSIVE MODE"); err != nil {
		return err
	}
	n, err := c.NewSelect().Table("approval_policies").Where("removed_at IS NULL").Count(ctx)
	if err == nil && n >= model.MaxPolicies {
		err = model.Errorf(model.Conflict, "there are %d approval policies, which is as many as there can be; delete one first", n)
	}
	return err
}

// Update changes a policy. What it decided stays decided.
func (r ApprovalPolicies) Update(ctx context.Context, in model.UpdateApprovalPolicyInput) (*model.ApprovalPolicyPayload, error) {
	return r.payload(ctx, func(ctx context.Context, c *change) (*model.ApprovalPolicy, error) {
		p, err := c.lockPolicy(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		was := *p
		if err := p.CheckVersion(in.ExpectedVersion); err != nil {
			return nil, err
		}
		if err := p.Update(in); err != nil {
			return nil, err
		}
		return p, update(ctx, c, model.EventTypeApprovalPolicyUpdated, &was, p)
	})
}

// Delete has a policy apply to nothing any more. What it decided goes on to name it.
func (r ApprovalPolicies) Delete(ctx context.Context, in model.DeleteApprovalPolicyInput) (*model.ApprovalPolicyDeletedPayload, error) {
	change, err := r.change(ctx, func(ctx context.Context, c *change) error {
		c.reason = in.Reason
		p, err := c.lockPolicy(ctx, in.ID)
		if err != nil {
			return err
		}
		p.RemovedAt = &c.now
		recordDeletion(c, model.EventTypeApprovalPolicyDeleted, p)
		_, err = c.NewUpdate().Model(p).WherePK().Exec(ctx)
		return err
	})
	return &model.ApprovalPolicyDeletedPayload{Change: change, DeletedID: in.ID}, err
}

// lockPolicy locks a policy that is not deleted. It answers NOT_FOUND when there is none.
func (c *change) lockPolicy(ctx context.Context, id model.ID) (*model.ApprovalPolicy, error) {
	p, err := locked[model.ApprovalPolicy](ctx, c, id, "approval policy")
	if err == nil && p.RemovedAt != nil {
		err = model.Missing("approval policy", id)
	}
	if err != nil {
		return nil, err
	}
	return p, c.stamp(ctx)
}

func (r ApprovalPolicies) payload(ctx context.Context, do func(context.Context, *change) (*model.ApprovalPolicy, error)) (*model.ApprovalPolicyPayload, error) {
	p := &model.ApprovalPolicyPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) (err error) {
		p.ApprovalPolicy, err = do(ctx, c)
		return err
	})
	return p, err
}

// rule asks the policies about a new suggestion. Index: approval_policies_rank.
func (c *change) rule(ctx context.Context, s *model.Suggestion, t *model.Task) (model.Ruling, error) {
	var policies []*model.ApprovalPolicy
	err := c.NewSelect().Model(&policies).Where("removed_at IS NULL AND enabled").OrderExpr("rank, id").Limit(model.MaxPolicies).Scan(ctx)
	return model.Rule(policies, s, t), err
}

// obey carries out what a policy decides, as the system.
func (c *change) obey(ctx context.Context, s *model.Suggestion, r model.Ruling) error {
	was := *s
	what := s.Obey(r, c.now)
	if what == "" {
		return nil
	}
	asked := c.caller
	defer func() { c.caller = asked }()
	c.caller = model.Caller{}.In(asked)
	return update(ctx, c, what, &was, s)
}

// Simulate tries a rule on the latest suggestions. Indexes: suggestions_created, and the primary key of tasks.
func (r ApprovalPolicies) Simulate(ctx context.Context, p *model.ApprovalPolicy, last int) (*model.PolicySimulation, error) {
	o := &model.PolicySimulation{Disagreements: []*model.PolicyDisagreement{}}
	w := &where{}
	err := r.query(ctx, `SELECT x.id, x.action, x.confidence, x.required_approvals, x.status, x.decided_by, t.priority, t.required_capabilities FROM (
		SELECT * FROM suggestions WHERE kind = 'ACTION' ORDER BY created_at DESC, id DESC LIMIT `+w.arg(last)+`) AS x JOIN tasks AS t ON t.id = x.task_id
		ORDER BY x.created_at DESC, x.id DESC`, w, func(r *row) {
		s := &model.Suggestion{Noun: model.Noun{ID: r.id()}, Kind: model.SuggestionKindAction, Action: r.text(), Confidence: r.float(),
			RequiredApprovals: r.int(), Status: word[model.SuggestionStatus](r), DecidedByID: r.id()}
		o.Try(p, s, &model.Task{Priority: model.Priority(r.int()), RequiredCapabilities: r.texts()})
	})
	if err != nil {
		return nil, fmt.Errorf("simulate an approval policy: %w", err)
	}
	return o, nil
}
