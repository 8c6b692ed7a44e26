package server_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"workflowfactory/model"
)

// oversight is a world with an agent at work and two people who decide.
type oversight struct {
	*world
	agent, ada, eve string // what they show
	adaID           string
	agentID         string
}

func overseen(t *testing.T) *oversight {
	t.Helper()
	o := &oversight{world: start(t, nil)}
	_, o.agent = o.key(model.RoleAgent)
	o.adaID = o.person("ada@example.com", model.RoleManager)
	o.person("eve@example.com", model.RoleManager)
	o.ada, _ = o.login("ada@example.com", passphrase)
	o.eve, _ = o.login("eve@example.com", passphrase)
	o.agentID = text(o.must(o.agent, `mutation { registerAgent(input: {name: "A", maxConcurrency: 100}) { agent { id } } }`, nil), "registerAgent", "agent", "id")
	return o
}

// must runs an operation that goes well, and gives its data.
func (o *oversight) must(key, query string, variables map[string]any) any {
	o.t.Helper()
	r := o.query(key, query, variables)
	if r.code() != "" {
		o.t.Fatalf("%s %v: %+v", query, variables, r.Errors)
	}
	return r.Data
}

// refused wants an error of that code, about that field if one is named.
func (o *oversight) refused(code, field, key, query string, variables map[string]any) {
	o.t.Helper()
	if r := o.query(key, query, variables); r.code() != code || field != "" && r.Errors[0].Extensions["field"] != field {
		o.t.Errorf("%s %v: %+v, want %s %s", query, variables, r.Errors, code, field)
	}
}

// at follows names into an answer.
func at(data any, path ...string) any {
	for _, name := range path {
		data = data.(map[string]any)[name]
	}
	return data
}

func text(data any, path ...string) string {
	s, _ := at(data, path...).(string)
	return s
}

// held gives a task that the agent holds.
func (o *oversight) held() string {
	o.t.Helper()
	o.must(o.ada, `mutation { createWorkflow(input: {name: "w", start: true, tasks: [{key: "t", name: "t"}]}) { cursor } }`, nil)
	leases := at(o.must(o.agent, `mutation ($a: ID!) { claimTasks(input: {agentId: $a}) { task { id } } }`, map[string]any{"a": o.agentID}), "claimTasks").([]any)
	return text(leases[0], "task", "id")
}

const suggest = `mutation ($i: CreateSuggestionInput!) { createSuggestion(input: $i) { suggestion { id actionHash status spotCheck requiredApprovals onExpiry } } }`

func (o *oversight) input(more map[string]any) map[string]any {
	o.t.Helper()
	in := map[string]any{"taskId": o.held(), "action": "pay", "reasoning": "because", "confidence": 0.9, "data": map[string]any{"amount": 1}}
	for k, v := range more {
		in[k] = v
	}
	return map[string]any{"i": in}
}

func (o *oversight) suggest(more map[string]any) any {
	o.t.Helper()
	return at(o.must(o.agent, suggest, o.input(more)), "createSuggestion", "suggestion")
}

const (
	approve = `mutation ($id: ID!, $hash: String!, $data: JSON) { approveSuggestion(input: {id: $id, actionHash: $hash, data: $data}) {
		suggestion { id status actionHash data approvedData decisions { actionHash data } } } }`
	withdraw = `mutation ($id: ID!) { withdrawSuggestion(input: {id: $id}) { suggestion { status } } }`
	policy   = `mutation ($i: CreateApprovalPolicyInput!) { createApprovalPolicy(input: $i) { approvalPolicy { id } } }`
)

func (o *oversight) approve(key string, of any, data any) any {
	o.t.Helper()
	return at(o.must(key, approve, map[string]any{"id": text(of, "id"), "hash": text(of, "actionHash"), "data": data}), "approveSuggestion", "suggestion")
}

// What two people have approved is what both of them saw.
func TestPeopleApproveTheSameData(t *testing.T) {
	t.Parallel()
	o := overseen(t)
	s := o.suggest(map[string]any{"requiredApprovals": 2})
	first := o.approve(o.ada, s, nil)
	changed := o.approve(o.eve, first, map[string]any{"amount": 1_000_000})
	if text(changed, "status") != "PENDING" || text(changed, "actionHash") == text(s, "actionHash") || at(changed, "data", "amount") != 1e6 {
		t.Fatalf("after the second changed what the first approved: %v", changed)
	}
	o.refused("CONFLICT", "actionHash", o.ada, approve, map[string]any{"id": text(s, "id"), "hash": text(s, "actionHash")})
	o.refused("ALREADY_DECIDED", "", o.eve, approve, map[string]any{"id": text(s, "id"), "hash": text(changed, "actionHash")})
	done := o.approve(o.ada, changed, nil)
	if text(done, "status") != "APPROVED" || at(done, "approvedData", "amount") != 1e6 || strings.Count(mustJSON(t, at(done, "decisions")), text(changed, "actionHash")) != 2 {
		t.Errorf("after both approved the same: %v", done)
	}
}

// An approval counts no more when its giver was deactivated before the last one came.
func TestApprovalsOfTheDeactivatedDoNotCount(t *testing.T) {
	t.Parallel()
	o := overseen(t)
	s := o.suggest(map[string]any{"requiredApprovals": 2})
	o.approve(o.ada, s, nil)
	_, admin := o.key(model.RoleAdmin)
	o.must(admin, `mutation ($id: ID!) { deactivateUser(input: {id: $id}) { cursor } }`, map[string]any{"id": o.adaID})
	if got := o.approve(o.eve, s, nil); text(got, "status") != "PENDING" {
		t.Errorf("with one who may and one who may no more: %v", got)
	}
	if got := o.approve(admin, s, nil); text(got, "status") != "APPROVED" {
		t.Errorf("with two who may: %v", got)
	}
}

// An agent gets around no policy by what it asks for.
func TestAgentsDoNotGetAroundPolicies(t *testing.T) {
	t.Parallel()
	o := overseen(t)
	o.must(o.ada, policy, map[string]any{"i": map[string]any{"name": "two people pay", "actionPattern": "pay", "effect": "REQUIRE", "requiredApprovals": 2}})
	o.must(o.ada, policy, map[string]any{"i": map[string]any{"name": "look", "actionPattern": "look", "effect": "AUTO_APPROVE", "spotCheckShare": 1}})
	soon := map[string]any{"expiresAt": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "onExpiry": "APPROVE"}

	s := o.suggest(soon)
	if text(s, "onExpiry") != "REJECT" || at(s, "requiredApprovals") != 2.0 || text(s, "status") != "PENDING" {
		t.Errorf("what two people must approve: %v", s)
	}
	soon["action"] = "look"
	s = o.suggest(soon)
	if text(s, "onExpiry") != "REJECT" || at(s, "spotCheck") != true || text(s, "status") != "PENDING" {
		t.Errorf("what people are to look at: %v", s)
	}
	o.refused("FORBIDDEN", "", o.agent, withdraw, map[string]any{"id": text(s, "id")})
	o.must(o.ada, withdraw, map[string]any{"id": text(s, "id")})
	soon["action"] = "anything else"
	if s = o.suggest(soon); text(s, "onExpiry") != "APPROVE" {
		t.Errorf("what no policy is about: %v", s)
	}
	o.must(o.agent, withdraw, map[string]any{"id": text(s, "id")})
	o.refused("FORBIDDEN", "", o.agent, approve, map[string]any{"id": text(s, "id"), "hash": text(s, "actionHash")})

	soon["kind"] = "QUESTION"
	o.refused("BAD_USER_INPUT", "onExpiry", o.agent, suggest, o.input(soon))
	o.refused("BAD_USER_INPUT", "requiredApprovals", o.agent, suggest, o.input(map[string]any{"kind": "QUESTION", "requiredApprovals": 2}))
}

// Agents comment where they take part.
func TestAgentsCommentOnWhatTheySee(t *testing.T) {
	t.Parallel()
	o := overseen(t)
	const add = `mutation ($t: ID!) { addComment(input: {taskId: $t, body: "hello"}) { comment { task { name } } } }`
	mine := o.held()
	o.must(o.agent, add, map[string]any{"t": mine})
	_, other := o.key(model.RoleAgent)
	o.refused("NOT_FOUND", "", other, add, map[string]any{"t": mine}) // which is no agent yet
	o.must(other, `mutation { registerAgent(input: {name: "B"}) { cursor } }`, nil)
	o.refused("NOT_FOUND", "", other, add, map[string]any{"t": mine})
	o.must(o.eve, add, map[string]any{"t": mine})
}

// Who comments on what somebody is just deleting hears that it is gone.
func TestCommentsOnWhatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	o := overseen(t)
	const add = `mutation ($t: ID!, $p: ID) { addComment(input: {taskId: $t, parentId: $p, body: "hello"}) { comment { id } } }`
	task := o.held()
	parent := text(o.must(o.ada, add, map[string]any{"t": task}), "addComment", "comment", "id")
	for _, c := range []struct{ delete, code, field string }{
		{"DELETE FROM comments", "BAD_USER_INPUT", "parentId"},
		{"DELETE FROM tasks", "NOT_FOUND", ""},
	} {
		variables := map[string]any{"t": task}
		if c.field != "" {
			variables["p"] = parent
		}
		tx, err := o.data.Bun().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := tx.ExecContext(t.Context(), c.delete); err != nil {
			t.Fatal(err)
		}
		var answered sync.WaitGroup
		answered.Go(func() { o.refused(c.code, c.field, o.eve, add, variables) })
		o.awaitWaiting(1)
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		answered.Wait()
	}
}
