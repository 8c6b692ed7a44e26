package db

import (
	"context"
	"time"

	"workflowfactory/model"
)

var suggestionTable = prepared(table[model.Suggestion]{
	name:   "suggestions",
	object: "Suggestion",
	columns: append(noun(func(s *model.Suggestion) *model.Noun { return &s.Noun }, "comments"), []part[model.Suggestion]{
		{"kind", "x.kind", func(r *row, s *model.Suggestion) { s.Kind = word[model.SuggestionKind](r) }},
		{"task", "x.task_id", func(r *row, s *model.Suggestion) { s.TaskID = r.id() }},
		{"workflow", "x.workflow_id", func(r *row, s *model.Suggestion) { s.WorkflowID = r.id() }},
		{"agent", "x.agent_id", func(r *row, s *model.Suggestion) { s.AgentID = r.id() }},
		{"action", "x.action", func(r *row, s *model.Suggestion) { s.Action = r.text() }},
		{"reasoning", "x.reasoning", func(r *row, s *model.Suggestion) { s.Reasoning = r.text() }},
		{"confidence", "x.confidence", func(r *row, s *model.Suggestion) { s.Confidence = r.float() }},
		{"data", "x.data", func(r *row, s *model.Suggestion) { s.Data = r.json() }},
		{"actionHash", "x.action_hash", func(r *row, s *model.Suggestion) { s.ActionHash = r.text() }},
		{"status", "x.status", func(r *row, s *model.Suggestion) { s.Status = word[model.SuggestionStatus](r) }},
		{"blocking", "x.blocking", func(r *row, s *model.Suggestion) { s.Blocking = r.bool() }},
		{"requiredApprovals", "x.required_approvals", func(r *row, s *model.Suggestion) { s.RequiredApprovals = r.int() }},
		{"decisions", "x.decisions", func(r *row, s *model.Suggestion) { fromJSON(r, &s.Decisions) }},
		{"approvedData", "x.approved_data", func(r *row, s *model.Suggestion) { s.ApprovedData = r.json() }},
		{"answer", "x.answer", func(r *row, s *model.Suggestion) { s.Answer = r.json() }},
		{"expiresAt", "x.expires_at", func(r *row, s *model.Suggestion) { s.ExpiresAt = r.timeOrNil() }},
		{"onExpiry", "x.on_expiry", func(r *row, s *model.Suggestion) { s.OnExpiry = word[model.ExpiryAction](r) }},
		{"decidedAt", "x.decided_at", func(r *row, s *model.Suggestion) { s.DecidedAt = r.timeOrNil() }},
		{"decidedBy", "x.decided_by", func(r *row, s *model.Suggestion) { s.DecidedByID = r.id() }},
		{"policy", "x.policy_id", func(r *row, s *model.Suggestion) { s.PolicyID = r.id() }},
		{"spotCheck", "x.spot_check", func(r *row, s *model.Suggestion) { s.SpotCheck = r.bool() }},
		{"", "x.urgency", func(r *row, s *model.Suggestion) { s.Urgency = int64(r.int()) }},
	}...),
	key: "x.id",
	id:  (*model.Suggestion).GetID,
	orders: orders[model.Suggestion]{
		created:      byTime("x.created_at", func(s *model.Suggestion) time.Time { return s.CreatedAt }),
		"UPDATED_AT": byTime("x.updated_at", func(s *model.Suggestion) time.Time { return s.UpdatedAt }),
		"CONFIDENCE": byFloat("x.confidence", func(s *model.Suggestion) float64 { return s.Confidence }),
		"URGENCY":    byLong("x.urgency", func(s *model.Suggestion) int64 { return s.Urgency }),
		"EXPIRES_AT": byTimeOrNever("x.expires_at", func(s *model.Suggestion) *time.Time { return s.ExpiresAt }),
	},
})

func suggestionSorting(o *model.SuggestionOrder, standard model.OrderDirection) sorting[model.Suggestion] {
	if o == nil {
		return suggestionTable.sorting(created, standard)
	}
	return suggestionTable.sorting(string(o.Field), o.Direction)
}

// suggestion gives the condition of a filter.
func (w *where) suggestion(f *model.SuggestionFilter) string {
	if f == nil {
		return ""
	}
	return all(
		nested(w, f.And, f.Or, f.Not, (*where).suggestion),
		w.id("x.id", f.ID),
		w.suggestionStatus(f.Status),
		w.suggestionKind(f.Kind),
		w.float("x.confidence", f.Confidence),
		w.text("x.action", f.Action),
		w.id("x.agent_id", f.AgentID),
		w.id("x.task_id", f.TaskID),
		w.id("x.workflow_id", f.WorkflowID),
		w.moment("x.expires_at", f.ExpiresAt),
		w.moment("x.created_at", f.CreatedAt))
}

func (w *where) suggestionStatus(f *model.SuggestionStatusFilter) string {
	if f == nil {
		return ""
	}
	return choice(w, "x.status", f.Eq, f.Neq, f.In, f.Nin, asText)
}

func (w *where) suggestionKind(f *model.SuggestionKindFilter) string {
	if f == nil {
		return ""
	}
	return choice(w, "x.kind", f.Eq, f.Neq, f.In, f.Nin, asText)
}

// ByIDs gives the suggestions with these ids that the caller may see, each at the place of its id; nil for the others.
func (r Suggestions) ByIDs(ctx context.Context, ids []model.ID) ([]*model.Suggestion, error) {
	return byIDs(ctx, r.DB, &suggestionTable, inWorkflow(ctx, "x.workflow_id"), ids)
}

// Referenced gives the suggestions with these ids, whoever asks: for what something that the caller may see refers to.
func (r Suggestions) Referenced(ctx context.Context, ids []model.ID) ([]*model.Suggestion, error) {
	return byIDs(ctx, r.DB, &suggestionTable, &where{}, ids)
}

// Page lists the suggestions that the caller may see, the newest first unless ordered otherwise. A malformed page or
// filter is BAD_USER_INPUT.
func (r Suggestions) Page(ctx context.Context, f *model.SuggestionFilter, o *model.SuggestionOrder, p model.Page) (*model.SuggestionConnection, error) {
	l := r.list(inWorkflows(ctx, "x.workflow_id"), f, suggestionSorting(o, newestFirst))
	return connectOne[model.SuggestionConnection](ctx, l, p)
}

// OfWorkflows lists the suggestions made in each workflow, the oldest first unless ordered otherwise.
func (r Suggestions) OfWorkflows(ctx context.Context, ids []model.ID, f *model.SuggestionFilter, o *model.SuggestionOrder, p model.Page) ([]*model.SuggestionConnection, error) {
	return r.of(ctx, &where{}, "x.workflow_id = p.id", ids, f, o, p)
}

// OfTasks lists the suggestions made about each task, the oldest first unless ordered otherwise.
func (r Suggestions) OfTasks(ctx context.Context, ids []model.ID, f *model.SuggestionFilter, o *model.SuggestionOrder, p model.Page) ([]*model.SuggestionConnection, error) {
	return r.of(ctx, &where{}, "x.task_id = p.id", ids, f, o, p)
}

// OfAgents lists the suggestions of each agent, as far as the caller may see them; the oldest first unless ordered
// otherwise.
func (r Suggestions) OfAgents(ctx context.Context, ids []model.ID, f *model.SuggestionFilter, o *model.SuggestionOrder, p model.Page) ([]*model.SuggestionConnection, error) {
	return r.of(ctx, inWorkflow(ctx, "x.workflow_id"), "x.agent_id = p.id", ids, f, o, p)
}

func (r Suggestions) of(ctx context.Context, w *where, via string, ids []model.ID, f *model.SuggestionFilter, o *model.SuggestionOrder, p model.Page) ([]*model.SuggestionConnection, error) {
	l := r.list(w, f, suggestionSorting(o, oldestFirst))
	l.parents, l.via = ids, []string{via}
	return connect[model.SuggestionConnection](ctx, l, p)
}

func (r Suggestions) list(w *where, f *model.SuggestionFilter, s sorting[model.Suggestion]) *list[model.Suggestion] {
	w.must(w.suggestion(f))
	return &list[model.Suggestion]{DB: r.DB, table: &suggestionTable, where: w, sort: s}
}
