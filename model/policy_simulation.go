package model

import "time"

const (
	standardSimulated = 1000
	maxSimulated      = 10_000
	maxDisagreements  = 100
)

// PolicyDisagreement is a suggestion that a rule would have decided otherwise than people did.
type PolicyDisagreement struct {
	SuggestionID ID
	Effect       PolicyEffect
}

// Policy gives the rule as a policy, and on how many suggestions to try it; or says what is wrong with the input.
func (in SimulateApprovalPolicyInput) Policy(now time.Time) (p *ApprovalPolicy, last int, err error) {
	p, err = NewApprovalPolicy(CreateApprovalPolicyInput{
		Name: "simulated", ActionPattern: in.ActionPattern, MinConfidence: in.MinConfidence, Capability: in.Capability,
		Priorities: in.Priorities, Effect: in.Effect, RequiredApprovals: in.RequiredApprovals, SpotCheckShare: in.SpotCheckShare,
	}, now)
	last = orDefault(in.Last, standardSimulated)
	return p, last, firstError(err, CheckRange("last", &last, 1, maxSimulated))
}

// Try counts what the policy would have decided on one more suggestion.
func (o *PolicySimulation) Try(p *ApprovalPolicy, s *Suggestion, t *Task) {
	o.Considered++
	r := Rule([]*ApprovalPolicy{p}, s, t)
	if r.Policy == nil {
		return
	}
	o.Matched++
	switch verdict := r.Verdict(); {
	case r.SpotCheck:
		o.SpotChecks++
	case verdict == "":
		o.Required++
	case verdict == VerdictApprove:
		o.Approved++
		o.compare(p, s, SuggestionStatusApproved)
	default:
		o.Denied++
		o.compare(p, s, SuggestionStatusRejected)
	}
}

// compare counts whether people decided the same, if they did decide.
func (o *PolicySimulation) compare(p *ApprovalPolicy, s *Suggestion, would SuggestionStatus) {
	if s.DecidedByID == SystemID || s.Status != SuggestionStatusApproved && s.Status != SuggestionStatusRejected {
		return
	}
	if s.Status == would {
		o.Agreed++
		return
	}
	o.Disagreed++
	if len(o.Disagreements) < maxDisagreements {
		o.Disagreements = append(o.Disagreements, &PolicyDisagreement{SuggestionID: s.ID, Effect: p.Effect})
	}
}
