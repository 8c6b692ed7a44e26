package model_test

import (
	"testing"

	"workflowfactory/model"
)

func TestWhichPolicyApplies(t *testing.T) {
	always := func(change func(*model.ApprovalPolicy)) *model.ApprovalPolicy {
		p := &model.ApprovalPolicy{Name: "p", ActionPattern: "*", Effect: model.PolicyEffectAutoApprove, RequiredApprovals: 1}
		p.ID = model.NewID(model.KindApprovalPolicy)
		change(p)
		return p
	}
	pattern := func(s string) func(*model.ApprovalPolicy) {
		return func(p *model.ApprovalPolicy) { p.ActionPattern = s }
	}
	for name, c := range map[string]struct {
		policy     func(*model.ApprovalPolicy)
		suggestion model.Suggestion
		applies    bool
	}{
		"any action":                  {pattern("*"), model.Suggestion{Action: "refund"}, true},
		"this action":                 {pattern("refund"), model.Suggestion{Action: "refund"}, true},
		"another action":              {pattern("refund"), model.Suggestion{Action: "refunds"}, false},
		"a beginning":                 {pattern("refund*"), model.Suggestion{Action: "refund_all"}, true},
		"an end":                      {pattern("*_all"), model.Suggestion{Action: "refund_all"}, true},
		"not that end":                {pattern("*_all"), model.Suggestion{Action: "refund_all_now"}, false},
		"both":                        {pattern("a*a"), model.Suggestion{Action: "a"}, false},
		"a middle":                    {pattern("a*b*c"), model.Suggestion{Action: "a-b-b-c"}, true},
		"no middle":                   {pattern("a*b*c"), model.Suggestion{Action: "a-c"}, false},
		"other signs are themselves":  {pattern("a.c[?]"), model.Suggestion{Action: "abc?"}, false},
		"sure enough":                 {func(p *model.ApprovalPolicy) { p.MinConfidence = 0.9 }, model.Suggestion{Confidence: 0.9}, true},
		"not sure enough":             {func(p *model.ApprovalPolicy) { p.MinConfidence = 0.9 }, model.Suggestion{Confidence: 0.89}, false},
		"the capability":              {func(p *model.ApprovalPolicy) { p.Capability = new("pay") }, model.Suggestion{}, true},
		"another capability":          {func(p *model.ApprovalPolicy) { p.Capability = new("fly") }, model.Suggestion{}, false},
		"the priority":                {func(p *model.ApprovalPolicy) { p.Priorities = []model.Priority{1, 2} }, model.Suggestion{}, true},
		"another priority":            {func(p *model.ApprovalPolicy) { p.Priorities = []model.Priority{3, 4} }, model.Suggestion{}, false},
		"a question":                  {pattern("*"), model.Suggestion{Kind: model.SuggestionKindQuestion}, false},
		"two people asked for":        {pattern("*"), model.Suggestion{RequiredApprovals: 2}, false},
		"two people, and it demurs":   {func(p *model.ApprovalPolicy) { p.Effect = model.PolicyEffectDeny }, model.Suggestion{RequiredApprovals: 2}, true},
		"two people, and it wants so": {func(p *model.ApprovalPolicy) { p.Effect = model.PolicyEffectRequire }, model.Suggestion{RequiredApprovals: 2}, true},
	} {
		s := c.suggestion
		if s.Kind == "" {
			s.Kind = model.SuggestionKindAction
		}
		s.RequiredApprovals = max(1, s.RequiredApprovals)
		task := &model.Task{Priority: model.PriorityMedium, RequiredCapabilities: []string{"pay"}}
		if got := always(c.policy).Applies(&s, task); got != c.applies {
			t.Errorf("%s: applies %v, want %v", name, got, c.applies)
		}
	}
}

func TestWhatPoliciesRule(t *testing.T) {
	policy := func(effect model.PolicyEffect, approvals int, share float64) *model.ApprovalPolicy {
		p := &model.ApprovalPolicy{Name: string(effect), ActionPattern: "*", Effect: effect, RequiredApprovals: approvals, SpotCheckShare: share}
		p.ID = model.NewID(model.KindApprovalPolicy)
		return p
	}
	yes, check, no := policy(model.PolicyEffectAutoApprove, 1, 0), policy(model.PolicyEffectAutoApprove, 1, 1), policy(model.PolicyEffectDeny, 1, 0)
	three := policy(model.PolicyEffectRequire, 3, 0)
	for _, c := range []struct {
		policies  []*model.ApprovalPolicy
		what      model.EventType
		status    model.SuggestionStatus
		approvals int
		spotCheck bool
	}{
		{nil, "", model.SuggestionStatusPending, 1, false},
		{[]*model.ApprovalPolicy{yes, no}, model.EventTypeSuggestionApproved, model.SuggestionStatusApproved, 1, false},
		{[]*model.ApprovalPolicy{no, yes}, model.EventTypeSuggestionRejected, model.SuggestionStatusRejected, 1, false},
		{[]*model.ApprovalPolicy{check, no}, "", model.SuggestionStatusPending, 1, true},
		{[]*model.ApprovalPolicy{three, yes}, "", model.SuggestionStatusPending, 3, false},
	} {
		s := &model.Suggestion{Noun: model.NewNoun(model.KindSuggestion, now), Kind: model.SuggestionKindAction, Status: model.SuggestionStatusPending,
			RequiredApprovals: 1, Data: model.JSON(`1`), OnExpiry: model.ExpiryActionApprove}
		r := model.Rule(c.policies, s, &model.Task{})
		s.Heed(r)
		if what := s.Obey(r, now); what != c.what || s.Status != c.status || s.RequiredApprovals != c.approvals || s.SpotCheck != c.spotCheck {
			t.Errorf("%v: %q %s, %d approvals, spot check %v; want %+v", r.Policy, what, s.Status, s.RequiredApprovals, s.SpotCheck, c)
		}
		if waits := len(c.policies) > 0 && c.what == ""; waits != (s.OnExpiry == model.ExpiryActionReject) {
			t.Errorf("%v: on expiry it becomes %s", r.Policy, s.OnExpiry)
		}
		if len(c.policies) > 0 && s.PolicyID != c.policies[0].ID {
			t.Errorf("it names %s", s.PolicyID)
		}
		if c.what == "" {
			continue
		}
		if d := s.Decisions[0]; d.ByID != model.SystemID || d.PolicyID != c.policies[0].ID || s.DecidedByID != model.SystemID {
			t.Errorf("the decision is %+v", d)
		}
	}
}

func TestSpotChecksAreAShare(t *testing.T) {
	p := &model.ApprovalPolicy{SpotCheckShare: 0.2}
	checks := 0
	for range 10_000 {
		id := model.NewID(model.KindSuggestion)
		checked := p.IsSpotCheck(id)
		if p.IsSpotCheck(id) != checked {
			t.Fatal("the same id, another answer")
		}
		if checked {
			checks++
		}
	}
	if checks < 1800 || checks > 2200 { // five standard deviations
		t.Errorf("%d of 10000 are spot checks, want a fifth", checks)
	}
	p.SpotCheckShare = 0
	if p.IsSpotCheck(model.NewID(model.KindSuggestion)) {
		t.Error("none should be")
	}
	if p.SpotCheckShare = 1; !p.IsSpotCheck(model.NewID(model.KindSuggestion)) {
		t.Error("each should be")
	}
}
