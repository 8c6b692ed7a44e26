package db

import (
	"context"
	"errors"
	"maps"
	"slices"

	"workflowfactory/model"
)

// DecideMany decides on many suggestions, with an outcome for each, by the rules that hold for each alone. All that can
// be decided is decided in one change.
func (r Suggestions) DecideMany(ctx context.Context, in model.DecideSuggestionsInput) (*model.BulkSuggestionsPayload, error) {
	if n := len(in.Decisions); n < 1 || n > maxBulk {
		return nil, model.BadInput("decisions", "give 1 to %d decisions at a time", maxBulk)
	}
	p := &model.BulkSuggestionsPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) (err error) {
		p.Outcomes, err = idempotent(ctx, c, "decideSuggestions", in.IdempotencyKey, in, func() ([]*model.SuggestionOutcome, error) {
			return c.decideMany(ctx, in.Decisions)
		})
		return err
	})
	for _, o := range p.Outcomes {
		if o.Error == nil {
			p.Succeeded++
		} else {
			p.Failed++
		}
	}
	return p, err
}

func (c *change) decideMany(ctx context.Context, decisions []*model.SuggestionDecisionInput) ([]*model.SuggestionOutcome, error) {
	ids := make([]model.ID, len(decisions))
	for i, d := range decisions {
		ids[i] = d.ID
	}
	found, err := c.lockSuggestions(ctx, distinct(ids))
	if err != nil {
		return nil, err
	}
	outcomes := make([]*model.SuggestionOutcome, len(decisions))
	changed := map[model.ID]*model.Suggestion{}
	for i, d := range decisions {
		refusal := c.decideOne(found[d.ID], *d)
		if refusal != nil {
			outcomes[i] = &model.SuggestionOutcome{ID: d.ID, Error: outcomeError(refusal)}
			continue
		}
		outcomes[i] = &model.SuggestionOutcome{ID: d.ID, Suggestion: found[d.ID]}
		changed[d.ID] = found[d.ID]
	}
	rows := slices.Collect(maps.Values(changed))
	if err := updateAll(ctx, c, rows); err != nil {
		return nil, err
	}
	return outcomes, c.goOn(ctx, rows...)
}

// decideOne decides on a locked suggestion, which is for the caller to write, or says why it cannot.
func (c *change) decideOne(s *model.Suggestion, d model.SuggestionDecisionInput) *model.Error {
	if s == nil {
		return model.Missing("suggestion", d.ID)
	}
	was := *s
	what, err := s.Decide(d, c.caller.ActorID(), c.lapsed, c.now)
	if refusal, ok := errors.AsType[*model.Error](err); ok {
		return refusal
	}
	record(c, what, &was, s)
	return nil
}
