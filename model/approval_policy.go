package model

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"
)

// ApprovalPolicy is a rule by which new suggestions are decided, or which says how many people must. A deleted one stays
// in the database, since decisions name it.
type ApprovalPolicy struct {
	Noun              `bun:",embed"`
	Name              string       `json:"name"`
	Description       *string      `json:"description"`
	Enabled           bool         `json:"enabled"`
	Rank              int          `json:"rank"` // the lowest is asked first
	ActionPattern     string       `json:"actionPattern"`
	MinConfidence     float64      `json:"minConfidence"`
	Capability        *string      `json:"capability"`
	Priorities        []Priority   `json:"priorities" bun:",array"`
	Effect            PolicyEffect `json:"effect"`
	RequiredApprovals int          `json:"requiredApprovals"`
	SpotCheckShare    float64      `json:"spotCheckShare"`
	RemovedAt         *time.Time   `json:"-"`
}

// MaxPolicies bounds how many policies are asked about a suggestion.
const MaxPolicies = 100

const (
	standardRank = 100
	maxRank      = 10_000
)

// NewApprovalPolicy makes a policy, or says what is wrong with the input.
func NewApprovalPolicy(in CreateApprovalPolicyInput, now time.Time) (*ApprovalPolicy, error) {
	p := &ApprovalPolicy{
		Noun: NewNoun(KindApprovalPolicy, now), Name: in.Name, Description: in.Description, Enabled: orDefault(in.Enabled, true),
		Rank: orDefault(in.Rank, standardRank), ActionPattern: orDefault(in.ActionPattern, "*"), MinConfidence: orDefault(in.MinConfidence, 0),
		Capability: in.Capability, Priorities: priorities(in.Priorities), Effect: in.Effect,
		RequiredApprovals: orDefault(in.RequiredApprovals, 1), SpotCheckShare: orDefault(in.SpotCheckShare, 0),
	}
	return p, p.Check()
}

// priorities gives a list without repeats, never nil.
func priorities(list []Priority) []Priority {
	sorted := append(make([]Priority, 0, len(list)), list...)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// Check says what is wrong with the policy's fields.
func (p *ApprovalPolicy) Check() error {
	if p.Capability != nil {
		if err := CheckName("capability", *p.Capability); err != nil {
			return err
		}
	}
	return firstError(
		CheckName("name", p.Name), CheckText("description", p.Description), CheckRange("rank", &p.Rank, 0, maxRank),
		CheckName("actionPattern", p.ActionPattern), CheckRange("minConfidence", &p.MinConfidence, 0, 1),
		CheckRange("requiredApprovals", &p.RequiredApprovals, 1, 10), CheckRange("spotCheckShare", &p.SpotCheckShare, 0, 1),
	)
}

// Update takes the given fields over, or says what is wrong with them.
func (p *ApprovalPolicy) Update(in UpdateApprovalPolicyInput) error {
	set(&p.Description, in.Description)
	set(&p.Capability, in.Capability)
	if list, ok := in.Priorities.ValueOK(); ok {
		p.Priorities = priorities(list)
	}
	return firstError(
		setRequired("name", &p.Name, in.Name), setRequired("enabled", &p.Enabled, in.Enabled), setRequired("rank", &p.Rank, in.Rank),
		setRequired("actionPattern", &p.ActionPattern, in.ActionPattern), setRequired("minConfidence", &p.MinConfidence, in.MinConfidence),
		setRequired("effect", &p.Effect, in.Effect), setRequired("requiredApprovals", &p.RequiredApprovals, in.RequiredApprovals),
		setRequired("spotCheckShare", &p.SpotCheckShare, in.SpotCheckShare), p.Check(),
	)
}

// Applies says whether the policy is about such a suggestion, which is about that task. Where an agent asks for more than
// one person no policy approves.
func (p *ApprovalPolicy) Applies(s *Suggestion, t *Task) bool {
	return s.Kind == SuggestionKindAction &&
		(p.Effect != PolicyEffectAutoApprove || s.RequiredApprovals == 1) &&
		s.Confidence >= p.MinConfidence &&
		(p.Capability == nil || slices.Contains(t.RequiredCapabilities, *p.Capability)) &&
		(len(p.Priorities) == 0 || slices.Contains(p.Priorities, t.Priority)) &&
		matchPattern(p.ActionPattern, s.Action)
}

// matchPattern compares a text with a pattern in which * stands for any number of characters.
func matchPattern(pattern, text string) bool {
	head, rest, more := strings.Cut(pattern, "*")
	text, ok := strings.CutPrefix(text, head)
	if !ok || !more {
		return ok && text == ""
	}
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

// IsSpotCheck says whether a suggestion that the policy approves is left to people all the same. The hash of its id
// decides, so that nobody can choose and everybody can check.
func (p *ApprovalPolicy) IsSpotCheck(suggestion ID) bool {
	sum := sha256.Sum256(suggestion[:])
	return float64(binary.BigEndian.Uint64(sum[:])) < p.SpotCheckShare*math.MaxUint64
}

// Ruling is what the policies say about one suggestion. The zero Ruling says nothing.
type Ruling struct {
	Policy    *ApprovalPolicy // the first that applies
	SpotCheck bool            // it would approve, but people decide
}

// Rule asks policies in their order.
func Rule(policies []*ApprovalPolicy, s *Suggestion, t *Task) Ruling {
	for _, p := range policies {
		if p.Applies(s, t) {
			return Ruling{Policy: p, SpotCheck: p.Effect == PolicyEffectAutoApprove && p.IsSpotCheck(s.ID)}
		}
	}
	return Ruling{}
}

// Verdict is what the ruling decides; "" when it leaves that to people.
func (r Ruling) Verdict() Verdict {
	switch {
	case r.Policy == nil || r.SpotCheck:
		return ""
	case r.Policy.Effect == PolicyEffectAutoApprove:
		return VerdictApprove
	case r.Policy.Effect == PolicyEffectDeny:
		return VerdictReject
	}
	return ""
}

// Heed notes on a new suggestion which policy applies to it, and what that asks of people.
func (s *Suggestion) Heed(r Ruling) {
	if r.Policy == nil {
		return
	}
	s.PolicyID, s.SpotCheck = r.Policy.ID, r.SpotCheck
	if r.Policy.Effect == PolicyEffectRequire {
		s.RequiredApprovals = max(s.RequiredApprovals, r.Policy.RequiredApprovals)
	}
	if r.Verdict() == "" {
		s.OnExpiry = ExpiryActionReject // or the agent would only have to wait
	}
}

// Obey decides as the ruling says; "" when it leaves that to people.
func (s *Suggestion) Obey(r Ruling, now time.Time) EventType {
	verdict := r.Verdict()
	if verdict == "" {
		return ""
	}
	d := &Decision{Verdict: verdict, ByID: SystemID, PolicyID: r.Policy.ID, Note: new("policy: " + r.Policy.Name), At: now}
	s.decided(d)
	if verdict == VerdictReject {
		s.settle(SuggestionStatusRejected, SystemID, now)
		return EventTypeSuggestionRejected
	}
	d.ActionHash, s.ApprovedData = new(s.ActionHash), s.Data
	s.settle(SuggestionStatusApproved, SystemID, now)
	return EventTypeSuggestionApproved
}
