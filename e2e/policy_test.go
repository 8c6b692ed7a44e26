package e2e

import (
	"fmt"
	"strings"
	"testing"
)

const (
	createPolicy = `mutation ($i: CreateApprovalPolicyInput!) { createApprovalPolicy(input: $i) { approvalPolicy { id version rank } cursor } }`
	updatePolicy = `mutation ($i: UpdateApprovalPolicyInput!) { updateApprovalPolicy(input: $i) { approvalPolicy { id enabled priorities } } }`
	deletePolicy = `mutation ($i: DeleteApprovalPolicyInput!) { deleteApprovalPolicy(input: $i) { deletedId cursor } }`
	ruled        = `query ($id: ID!) { suggestion(id: $id) { status requiredApprovals spotCheck policy { name } decidedBy { __typename }
		decisions { verdict by { __typename } policy { name } } task { status } } }`
)

type ruledSuggestion struct {
	Status            string
	RequiredApprovals int
	SpotCheck         bool
	Policy            *struct{ Name string }
	DecidedBy         *struct {
		Typename string `json:"__typename"`
	}
	Decisions []struct {
		Verdict string
		By      struct {
			Typename string `json:"__typename"`
		}
		Policy *struct{ Name string }
	}
	Task struct{ Status string }
}

func (c *client) policy(in vars) string {
	c.s.t.Helper()
	var made struct {
		CreateApprovalPolicy struct{ ApprovalPolicy struct{ ID string } }
	}
	c.must(&made, createPolicy, vars{"i": in})
	return made.CreateApprovalPolicy.ApprovalPolicy.ID
}

func (c *client) ruled(id string) ruledSuggestion {
	c.s.t.Helper()
	var got struct{ Suggestion ruledSuggestion }
	c.must(&got, ruled, vars{"id": id})
	return got.Suggestion
}

// Rules decide what they are about, name themselves, and leave the rest to people.
func TestApprovalPolicies(t *testing.T) {
	t.Parallel()
	s := serve(t)
	dana := s.newKey("Dana", "MANAGER")
	w := s.worker("Asker")
	s.admin().must(nil, `mutation ($id: ID!) { updateAgent(input: {id: $id, maxConcurrency: 100}) { agent { id } } }`, vars{"id": w.id})
	asking := s.asking(w, dana, "MEDIUM")

	// What people decided before there were rules: that one would have been right three times out of four.
	for i := range 4 {
		of := asking.suggest(vars{"action": "refund_small", "confidence": 0.95})
		if i == 0 {
			dana.must(nil, reject, vars{"id": of.ID})
		} else {
			dana.must(nil, approve, vars{"id": of.ID, "hash": of.ActionHash})
		}
	}
	simulates(t, dana)

	small := dana.policy(vars{"name": "Small refunds", "rank": 10, "actionPattern": "refund_*", "minConfidence": 0.9, "priorities": []string{"LOW", "MEDIUM"}, "effect": "AUTO_APPROVE"})
	dana.policy(vars{"name": "Never drop", "rank": 5, "actionPattern": "drop*", "effect": "DENY"})
	dana.policy(vars{"name": "Two for the rest", "rank": 20, "effect": "REQUIRE", "requiredApprovals": 2})
	dana.policy(vars{"name": "Look at mails", "rank": 1, "actionPattern": "mail", "effect": "AUTO_APPROVE", "spotCheckShare": 1})
	w.refused("FORBIDDEN", createPolicy, vars{"i": vars{"name": "Mine", "effect": "AUTO_APPROVE"}})
	s.newKey("Vera", "VIEWER").refused("FORBIDDEN", createPolicy, vars{"i": vars{"name": "Mine", "effect": "AUTO_APPROVE"}})
	dana.refused("BAD_USER_INPUT", createPolicy, vars{"i": vars{"name": "Wrong", "effect": "DENY", "minConfidence": 2}})

	for _, c := range []struct{ action, confidence, want string }{
		{"refund_small", "0.95", "APPROVED 1 false Small refunds IN_PROGRESS"},
		{"refund_small", "0.5", "PENDING 2 false Two for the rest IN_PROGRESS"},
		{"drop_table", "1", "REJECTED 1 false Never drop IN_PROGRESS"},
		{"mail", "0.1", "PENDING 1 true Look at mails IN_PROGRESS"},
	} {
		of := asking.suggest(vars{"action": c.action, "confidence": number(c.confidence)})
		got := dana.ruled(of.ID)
		if told := fmt.Sprint(got.Status, " ", got.RequiredApprovals, " ", got.SpotCheck, " ", got.Policy.Name, " ", got.Task.Status); told != c.want {
			t.Errorf("%s, %s sure: %s, want %s", c.action, c.confidence, told, c.want)
		}
	}

	// Blocking or not: what is decided at once stops nobody.
	of := asking.suggest(vars{"action": "refund_big", "confidence": 1, "blocking": true})
	if got := dana.ruled(of.ID); of.Status != "APPROVED" || got.Task.Status != "IN_PROGRESS" || len(got.Decisions) != 1 ||
		got.Decisions[0].By.Typename != "System" || got.Decisions[0].Policy.Name != "Small refunds" || got.DecidedBy.Typename != "System" {
		t.Errorf("decided by a policy: %+v", got)
	}
	log := dana.log()
	last := log[len(log)-1]
	if told := fmt.Sprint(last.Changes); last.Type != "SUGGESTION_APPROVED" || last.Actor.Name != "system" || !strings.Contains(fmt.Sprintf("%s", last.Changes), "Small refunds") {
		t.Errorf("the log tells %s by %s: %s", last.Type, last.Actor.Name, told)
	}

	// Switched off it is asked no more; deleted it is still named.
	dana.must(nil, updatePolicy, vars{"i": vars{"id": small, "enabled": false, "priorities": nil}})
	if got := dana.ruled(asking.suggest(vars{"action": "refund_small", "confidence": 1}).ID); got.Policy.Name != "Two for the rest" {
		t.Errorf("a policy that is off still rules: %+v", got)
	}
	dana.refused("CONFLICT", updatePolicy, vars{"i": vars{"id": small, "expectedVersion": 1, "enabled": true}})
	dana.must(nil, deletePolicy, vars{"i": vars{"id": small, "reason": "too easy"}})
	dana.refused("NOT_FOUND", updatePolicy, vars{"i": vars{"id": small, "enabled": true}})
	if got := dana.ruled(of.ID); got.Decisions[0].Policy == nil {
		t.Error("nobody knows any more which policy decided")
	}
	var page struct {
		ApprovalPolicies struct {
			TotalCount int
			Edges      []struct{ Node struct{ Name string } }
		}
	}
	dana.must(&page, `{ approvalPolicies { totalCount edges { node { name } } } }`, nil)
	if p := page.ApprovalPolicies; p.TotalCount != 3 || fmt.Sprint(p.Edges) != "[{{Look at mails}} {{Never drop}} {{Two for the rest}}]" {
		t.Errorf("the policies in their order: %+v", p)
	}
}

func number(s string) (n float64) {
	fmt.Sscan(s, &n)
	return n
}

func simulates(t *testing.T, c *client) {
	var got struct {
		SimulateApprovalPolicy struct {
			Considered, Matched, Approved, Agreed, Disagreed int
			Disagreements                                    []struct{ Suggestion struct{ Status string } }
		}
	}
	const simulate = `query ($i: SimulateApprovalPolicyInput!) { simulateApprovalPolicy(input: $i) {
		considered matched approved agreed disagreed disagreements { effect suggestion { status } } } }`
	c.must(&got, simulate, vars{"i": vars{"actionPattern": "refund_*", "minConfidence": 0.9, "effect": "AUTO_APPROVE"}})
	if told := fmt.Sprint(got.SimulateApprovalPolicy); told != "{4 4 4 3 1 [{{REJECTED}}]}" {
		t.Errorf("the simulation tells %s", told)
	}
	c.must(&got, simulate, vars{"i": vars{"actionPattern": "refund_*", "minConfidence": 0.96, "effect": "AUTO_APPROVE"}})
	if got.SimulateApprovalPolicy.Matched != 0 {
		t.Errorf("a rule that applies to nothing tells %+v", got)
	}
	c.refused("BAD_USER_INPUT", simulate, vars{"i": vars{"effect": "DENY", "last": 0}})
}
