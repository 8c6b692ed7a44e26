package db

import (
	"context"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"workflowfactory/model"
)

// Create asks people to decide. A blocking suggestion suspends its task: the agent's slot is free and its lease
// over. What a policy decides at once suspends nothing.
func (r Suggestions) Create(ctx context.Context, in model.CreateSuggestionInput) (*model.SuggestionPayload, error) {
	return r.payload(ctx, func(ctx context.Context, c *change) (*model.Suggestion, error) {
		return idempotent(ctx, c, "createSuggestion", in.IdempotencyKey, in, func() (*model.Suggestion, error) {
			return c.createSuggestion(ctx, in)
		})
	})
}

func (c *change) createSuggestion(ctx context.Context, in model.CreateSuggestionInput) (*model.Suggestion, error) {
	g, t, err := c.lockGraphOf(ctx, in.TaskID)
	if err != nil {
		return nil, err
	}
	s, err := model.NewSuggestion(in, t, c.caller, c.now)
	if err != nil {
		return nil, err
	}
	ruling, err := c.rule(ctx, s, t)
	if err != nil {
		return nil, err
	}
	s.Heed(ruling)
	if err := insert(ctx, c, model.EventTypeSuggestionCreated, s); err != nil {
		return nil, err
	}
	if err := c.obey(ctx, s, ruling); err != nil || !s.Blocking || s.Status != model.SuggestionStatusPending {
		return s, err
	}
	c.endAttempt(t, model.AttemptOutcomeSuspended, nil, nil)
	if err := t.Suspend(); err != nil {
		return nil, err
	}
	g.record(t, model.EventTypeTaskAwaitingApproval)
	return s, nil
}

// Approve lets the agent act, with the data that the person saw or with changed data. It binds to the actionHash:
// another one is CONFLICT.
func (r Suggestions) Approve(ctx context.Context, in model.ApproveSuggestionInput) (*model.SuggestionPayload, error) {
	return r.decide(ctx, in.ID, "approveSuggestion", in.IdempotencyKey, in, func(s *model.Suggestion, c *change) (model.EventType, error) {
		return s.Approve(in, c.caller.ActorID(), c.lapsed, c.now)
	})
}

// Reject refuses.
func (r Suggestions) Reject(ctx context.Context, in model.RejectSuggestionInput) (*model.SuggestionPayload, error) {
	return r.decide(ctx, in.ID, "rejectSuggestion", in.IdempotencyKey, in, func(s *model.Suggestion, c *change) (model.EventType, error) {
		return s.Reject(in.Reason, c.caller.ActorID(), c.now)
	})
}

// Answer answers a QUESTION.
func (r Suggestions) Answer(ctx context.Context, in model.AnswerSuggestionInput) (*model.SuggestionPayload, error) {
	return r.decide(ctx, in.ID, "answerSuggestion", in.IdempotencyKey, in, func(s *model.Suggestion, c *change) (model.EventType, error) {
		return s.GiveAnswer(in.Answer, c.caller.ActorID(), c.now)
	})
}

// Withdraw takes a suggestion back; only its own agent or a manager may.
func (r Suggestions) Withdraw(ctx context.Context, in model.WithdrawSuggestionInput) (*model.SuggestionPayload, error) {
	return r.decide(ctx, in.ID, "", nil, in, func(s *model.Suggestion, c *change) (model.EventType, error) {
		c.reason = in.Reason
		if err := s.CheckWithdrawal(c.caller); err != nil {
			return "", err
		}
		return s.Withdraw(c.caller.ActorID(), c.now)
	})
}

// expireAtMost bounds how often a hundred suggestions are settled at a time before other sweeps have their turn.
const expireAtMost = 20

// ExpireDue settles suggestions that nobody decided in time. Index: suggestions_pending.
func (r Suggestions) ExpireDue(ctx context.Context) error {
	for range expireAtMost {
		var due []model.ID
		err := r.bun.NewSelect().Table("suggestions").Column("id").Where("status = 'PENDING' AND expires_at <= now()").
			OrderExpr("expires_at").Limit(sweepSize).Scan(ctx, &due)
		if err != nil || len(due) == 0 {
			return err
		}
		if _, err := r.change(ctx, func(ctx context.Context, c *change) error { return c.expire(ctx, due) }); err != nil || len(due) < sweepSize {
			return err
		}
	}
	return nil
}

// expire settles those that nobody decided or deleted meanwhile.
func (c *change) expire(ctx context.Context, due []model.ID) error {
	found, err := c.lockSuggestions(ctx, due)
	if err != nil {
		return err
	}
	var settled []*model.Suggestion
	for _, id := range due {
		s := found[id]
		if s == nil {
			continue
		}
		was := *s
		what, err := s.Expire(c.now)
		if err != nil {
			continue
		}
		record(c, what, &was, s)
		settled = append(settled, s)
	}
	if err := updateAll(ctx, c, settled); err != nil {
		return err
	}
	return c.goOn(ctx, settled...)
}

// decide runs a decision on a locked suggestion; when it settles a blocking one, its task goes on.
func (r Suggestions) decide(ctx context.Context, id model.ID, verb string, key *string, in any, rule func(*model.Suggestion, *change) (model.EventType, error)) (*model.SuggestionPayload, error) {
	return r.payload(ctx, func(ctx context.Context, c *change) (*model.Suggestion, error) {
		return idempotent(ctx, c, verb, key, in, func() (*model.Suggestion, error) {
			s, err := c.lockSuggestion(ctx, id)
			if err != nil {
				return nil, err
			}
			was := *s
			what, err := rule(s, c)
			if err != nil {
				return nil, err
			}
			if err := update(ctx, c, what, &was, s); err != nil {
				return nil, err
			}
			return s, c.goOn(ctx, s)
		})
	})
}

// lockSuggestion locks a suggestion, after its workflow.
func (c *change) lockSuggestion(ctx context.Context, id model.ID) (*model.Suggestion, error) {
	found, err := c.lockSuggestions(ctx, []model.ID{id})
	if err == nil && found[id] == nil {
		err = model.Missing("suggestion", id)
	}
	return found[id], err
}

// lockSuggestions locks suggestions, after their workflows. Those that are not there are left out.
func (c *change) lockSuggestions(ctx context.Context, ids []model.ID) (map[model.ID]*model.Suggestion, error) {
	var in []model.ID
	err := c.NewSelect().Table("suggestions").ColumnExpr("DISTINCT workflow_id").Where("id IN (?)", bun.List(ids)).Scan(ctx, &in)
	if err != nil {
		return nil, err
	}
	workflows, err := lockAll[model.Workflow](ctx, c, in)
	if err != nil {
		return nil, err
	}
	for _, w := range workflows {
		c.holdGraph(w)
	}
	if err := c.stamp(ctx); err != nil {
		return nil, err
	}
	rows, err := lockAll[model.Suggestion](ctx, c, ids)
	found := make(map[model.ID]*model.Suggestion, len(rows))
	for _, s := range rows {
		found[s.ID] = s
	}
	if err != nil {
		return nil, err
	}
	return found, c.noteLapsed(ctx, rows)
}

// noteLapsed finds out who approved one of the suggestions and may decide no more: people who were deactivated since, and
// keys that were revoked. Indexes: primary keys.
func (c *change) noteLapsed(ctx context.Context, suggestions []*model.Suggestion) error {
	var approvers []model.ID
	for _, s := range suggestions {
		if s.Status != model.SuggestionStatusPending {
			continue
		}
		for _, d := range s.Decisions {
			approvers = append(approvers, d.ByID)
		}
	}
	if len(approvers) == 0 {
		return nil
	}
	t := c.trip()
	t.add(`SELECT id FROM users WHERE id = ANY($1) AND NOT active UNION ALL
		SELECT id FROM api_keys WHERE id = ANY($1) AND revoked_at IS NOT NULL`, func(r *row) error {
		c.lapsed = append(c.lapsed, r.id())
		return nil
	}, uuids(distinct(approvers)))
	return t.send(ctx)
}

// goOn makes tasks claimable again that nothing blocks any more, for the same agent first while it is alive. Their
// workflows are locked. Index: suggestions_of_task.
func (c *change) goOn(ctx context.Context, decided ...*model.Suggestion) error {
	asked := map[model.ID]model.ID{} // the agent that asked about each task
	for _, s := range decided {
		if s.Blocking && s.Status != model.SuggestionStatusPending {
			asked[s.TaskID] = s.AgentID
		}
	}
	if len(asked) == 0 {
		return nil
	}
	tasks, err := lockWhere[model.Task](ctx, c, `status = 'AWAITING_APPROVAL' AND id IN (?) AND NOT EXISTS (
		SELECT FROM suggestions AS s WHERE s.task_id = task.id AND s.status = 'PENDING' AND s.blocking)`, bun.List(slices.Collect(maps.Keys(asked))))
	if err != nil {
		return err
	}
	alive, err := c.awake(ctx, slices.Collect(maps.Values(asked)))
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if err := c.graphs[t.WorkflowID].goOn(t, alive[asked[t.ID]]); err != nil {
			return err
		}
	}
	return nil
}

// goOn has a locked task wait no more for people.
func (g *graph) goOn(t *model.Task, first *model.Agent) error {
	t = g.hold(t).task
	if first != nil {
		t.ResumeAgentID = first.ID
	}
	if err := t.Wait(); err != nil {
		return err
	}
	if !t.Settle(g.w.Status, g.c.now) {
		g.record(t, model.EventTypeTaskUpdated)
		return nil
	}
	g.record(t, model.EventTypeTaskReady)
	return nil
}

// awake gives those of the agents that are not OFFLINE. Index: primary key.
func (c *change) awake(ctx context.Context, ids []model.ID) (map[model.ID]*model.Agent, error) {
	var agents []*model.Agent
	err := c.NewSelect().Model(&agents).Where("id IN (?)", bun.List(ids)).Scan(ctx)
	alive := map[model.ID]*model.Agent{}
	for _, a := range agents {
		if a.IsAlive(c.now) {
			alive[a.ID] = a
		}
	}
	return alive, err
}

// pressAs has the suggestions about a task wait for people in the order of its new priority. Nobody hears of it: the
// order is not theirs. Index: suggestions_of_task.
func (c *change) pressAs(ctx context.Context, t *model.Task) error {
	_, err := c.NewUpdate().Table("suggestions").Set("urgency = urgency % ? + ?", model.UrgencyStep, model.UrgencyOf(t.Priority)).
		Where("task_id = ?", t.ID).Exec(ctx)
	return err
}

// withdrawPending takes back what was suggested about tasks that ended otherwise. Index: suggestions_of_task.
func (c *change) withdrawPending(ctx context.Context, tasks []*model.Task) error {
	if len(tasks) == 0 {
		return nil
	}
	pending, err := lockWhere[model.Suggestion](ctx, c, "status = 'PENDING' AND task_id IN (?)", bun.List(idsOf(tasks)))
	if err != nil {
		return err
	}
	for _, s := range pending {
		was := *s
		what, err := s.Withdraw(c.caller.ActorID(), c.now)
		if err != nil {
			return err
		}
		record(c, what, &was, s)
	}
	return updateAll(ctx, c, pending)
}

func (r Suggestions) payload(ctx context.Context, do func(context.Context, *change) (*model.Suggestion, error)) (*model.SuggestionPayload, error) {
	p := &model.SuggestionPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) (err error) {
		p.Suggestion, err = do(ctx, c)
		return err
	})
	return p, err
}
