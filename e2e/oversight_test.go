package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

type suggestion struct {
	ID, Status, ActionHash string
	RequiredApprovals      int
	Decisions              []struct {
		Verdict string
		By      struct{ Name string }
	}
}

const suggestionFields = `{ id status actionHash requiredApprovals decisions { verdict by { name } } }`

// asking is an agent with a task in hand, about which it asks.
type asking struct {
	worker
	lease
}

// asking makes a workflow of one task of that priority, which the agent holds.
func (s *server) asking(w worker, manager *client, priority string) asking {
	s.t.Helper()
	var made struct {
		CreateWorkflow struct{ Workflow struct{ ID string } }
	}
	manager.must(&made, `mutation ($i: CreateWorkflowInput!) { createWorkflow(input: $i) { workflow { id } } }`, vars{"i": vars{
		"name": "Ask", "start": true, "tasks": []vars{{"key": "ask", "name": "Ask", "priority": priority}}}})
	var got struct{ ClaimTasks []lease }
	w.must(&got, `mutation ($a: ID!, $w: ID!) { claimTasks(input: {agentId: $a, workflowId: $w, leaseSeconds: 600}) { leaseToken task { id key } } }`,
		vars{"a": w.id, "w": made.CreateWorkflow.Workflow.ID})
	return asking{w, got.ClaimTasks[0]}
}

func (a asking) suggest(more vars) suggestion {
	a.s.t.Helper()
	in := vars{"taskId": a.Task.ID, "action": "refund", "reasoning": "it is due", "confidence": 0.5, "data": vars{"amount": 10}}
	for k, v := range more {
		in[k] = v
	}
	var made struct {
		CreateSuggestion struct{ Suggestion suggestion }
	}
	a.must(&made, `mutation ($i: CreateSuggestionInput!) { createSuggestion(input: $i) { suggestion `+suggestionFields+` cursor } }`, vars{"i": in})
	return made.CreateSuggestion.Suggestion
}

func (c *client) suggestion(id string) suggestion {
	c.s.t.Helper()
	var got struct{ Suggestion suggestion }
	c.must(&got, `query ($id: ID!) { suggestion(id: $id) `+suggestionFields+` }`, vars{"id": id})
	return got.Suggestion
}

const (
	approve    = `mutation ($id: ID!, $hash: String!) { approveSuggestion(input: {id: $id, actionHash: $hash}) { suggestion { status } } }`
	reject     = `mutation ($id: ID!) { rejectSuggestion(input: {id: $id, reason: "no"}) { suggestion { status } } }`
	withdraw   = `mutation ($id: ID!) { withdrawSuggestion(input: {id: $id}) { suggestion { status } } }`
	decideMany = `mutation ($d: [SuggestionDecisionInput!]!, $key: String) { decideSuggestions(input: {decisions: $d, idempotencyKey: $key}) {
		outcomes { id suggestion { status } error { code message } } succeeded failed cursor } }`
)

// What must hold whoever decides when.
func TestDecisions(t *testing.T) {
	t.Parallel()
	s := serve(t)
	dana, eli := s.newPerson("Dana", "MANAGER"), s.newPerson("Eli", "MANAGER")
	w := s.worker("Asker")
	s.admin().must(nil, `mutation ($id: ID!) { updateAgent(input: {id: $id, maxConcurrency: 100}) { agent { id } } }`, vars{"id": w.id})

	t.Run("of two hundred at once one stands", func(t *testing.T) { oneStands(t, s.asking(w, dana, "MEDIUM"), dana, eli) })
	t.Run("the same person counts once", func(t *testing.T) {
		a := s.asking(w, dana, "MEDIUM")
		of := a.suggest(vars{"requiredApprovals": 2, "blocking": true})
		v := vars{"id": of.ID, "hash": of.ActionHash}
		dana.must(nil, approve, v)
		dana.refused("ALREADY_DECIDED", approve, v)
		if got := dana.suggestion(of.ID); got.Status != "PENDING" || len(got.Decisions) != 1 {
			t.Errorf("after one person: %+v", got)
		}
		eli.must(nil, approve, v)
		if got := dana.suggestion(of.ID); got.Status != "APPROVED" || len(got.Decisions) != 2 {
			t.Errorf("after two: %+v", got)
		}
	})
	t.Run("an approval is of what was seen", func(t *testing.T) {
		a := s.asking(w, dana, "MEDIUM")
		old := a.suggest(nil)
		a.must(nil, withdraw, vars{"id": old.ID})
		changed := a.suggest(vars{"data": vars{"amount": 1000}})
		dana.refused("CONFLICT", approve, vars{"id": changed.ID, "hash": old.ActionHash})
		dana.refused("ALREADY_DECIDED", approve, vars{"id": old.ID, "hash": old.ActionHash})
		dana.must(nil, approve, vars{"id": changed.ID, "hash": changed.ActionHash})
	})
	t.Run("what nobody decides expires in time", func(t *testing.T) { expiresInTime(t, s.asking(w, dana, "MEDIUM"), dana) })
	t.Run("many at once", func(t *testing.T) { manyAtOnce(t, s, w, dana) })
	t.Run("the inbox", func(t *testing.T) { inbox(t, s, w, dana) })
	t.Run("agents do not decide", func(t *testing.T) {
		of := s.asking(w, dana, "MEDIUM").suggest(nil)
		w.refused("FORBIDDEN", decideMany, vars{"d": []vars{{"id": of.ID, "verdict": "REJECT"}}})
	})
}

func oneStands(t *testing.T, a asking, people ...*client) {
	of := a.suggest(vars{"blocking": true})
	var wg sync.WaitGroup
	codes := make([]string, 200)
	for i := range codes {
		wg.Go(func() {
			who, query, v := people[i/2%len(people)], reject, vars{"id": of.ID}
			if i%2 == 0 {
				query, v = approve, vars{"id": of.ID, "hash": of.ActionHash}
			}
			errs, err := who.do(nil, query, v)
			switch {
			case err != nil:
				codes[i] = err.Error()
			case len(errs) > 0:
				codes[i] = errs[0].code()
			}
		})
	}
	wg.Wait()
	slices.Sort(codes)
	if codes[0] != "" || codes[1] != "ALREADY_DECIDED" || codes[199] != "ALREADY_DECIDED" {
		t.Errorf("one answer should be good and the others ALREADY_DECIDED: %v", slices.Compact(codes))
	}
	if got := people[0].suggestion(of.ID); len(got.Decisions) != 1 || got.Status == "PENDING" {
		t.Errorf("what stands: %+v", got)
	}
}

func expiresInTime(t *testing.T, a asking, c *client) {
	var head struct{ Cursor string }
	c.must(&head, `{ cursor }`, nil)
	watching := c.mustSubscribe(everything, vars{"after": head.Cursor})
	due := time.Now().Add(3 * time.Second).UTC().Truncate(time.Millisecond) // still to come when the server hears of it
	of := a.suggest(vars{"blocking": true, "expiresAt": due.Format(time.RFC3339Nano)})
	before := watching.until("the expiry", func(e event) bool { return e.Type == "SUGGESTION_EXPIRED" })
	if expired := before[len(before)-1]; expired.At.Before(due) {
		t.Errorf("it expired %v early", due.Sub(expired.At))
	} else {
		t.Logf("it expired %v late", expired.At.Sub(due)) // which is the machine's business too
	}
	watching.until("the task", func(e event) bool { return e.Type == "TASK_READY" })
	c.refused("EXPIRED", approve, vars{"id": of.ID, "hash": of.ActionHash})
}

func manyAtOnce(t *testing.T, s *server, w worker, c *client) {
	first, second := s.asking(w, c, "MEDIUM"), s.asking(w, c, "MEDIUM")
	yes, no, twice := first.suggest(vars{"blocking": true}), second.suggest(nil), second.suggest(vars{"requiredApprovals": 2})
	answer := second.suggest(vars{"kind": "QUESTION"})
	decisions := []vars{
		{"id": yes.ID, "verdict": "APPROVE", "actionHash": yes.ActionHash, "note": "fine"},
		{"id": no.ID, "verdict": "REJECT", "note": "no"},
		{"id": twice.ID, "verdict": "APPROVE", "actionHash": twice.ActionHash},
		{"id": twice.ID, "verdict": "APPROVE", "actionHash": twice.ActionHash},
		{"id": answer.ID, "verdict": "APPROVE", "actionHash": answer.ActionHash},
		{"id": answer.ID, "verdict": "ANSWER", "answer": 42},
		{"id": no.ID, "verdict": "APPROVE", "actionHash": no.ActionHash},
		{"id": yes.ID + "x", "verdict": "REJECT"},
	}
	type outcomes struct {
		DecideSuggestions struct {
			Outcomes []struct {
				ID         string
				Suggestion *struct{ Status string }
				Error      *struct{ Code string }
			}
			Succeeded, Failed int
		}
	}
	var got, again outcomes
	c.must(&got, decideMany, vars{"d": decisions, "key": "many"})
	var told []string
	for _, o := range got.DecideSuggestions.Outcomes {
		if o.Error != nil {
			told = append(told, o.Error.Code)
		} else {
			told = append(told, o.Suggestion.Status)
		}
	}
	want := []string{"APPROVED", "REJECTED", "PENDING", "ALREADY_DECIDED", "INVALID_TRANSITION", "ANSWERED", "ALREADY_DECIDED", "NOT_FOUND"}
	if !slices.Equal(told, want) || got.DecideSuggestions.Succeeded != 4 || got.DecideSuggestions.Failed != 4 {
		t.Errorf("got  %v\nwant %v", told, want)
	}
	var freed struct{ Task struct{ Status string } }
	if c.must(&freed, `query ($id: ID!) { task(id: $id) { status } }`, vars{"id": first.Task.ID}); freed.Task.Status != "READY" {
		t.Errorf("the task that was decided about is %s", freed.Task.Status)
	}
	before := len(c.log())
	c.must(&again, decideMany, vars{"d": decisions, "key": "many"})
	if fmt.Sprint(again.DecideSuggestions.Succeeded, len(c.log())) != fmt.Sprint(4, before) {
		t.Error("the same key again is not the same answer")
	}
	c.refused("BAD_USER_INPUT", decideMany, vars{"d": []vars{}})
	c.refused("BAD_USER_INPUT", decideMany, vars{"d": slices.Repeat([]vars{{"id": yes.ID, "verdict": "REJECT"}}, 501)})
}

// inbox reads what waits for people by pages of two.
func inbox(t *testing.T, s *server, w worker, c *client) {
	soon := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	low, urgent, high := s.asking(w, c, "LOW"), s.asking(w, c, "URGENT"), s.asking(w, c, "HIGH")
	want := []string{
		urgent.suggest(vars{"expiresAt": soon(time.Hour)}).ID, urgent.suggest(nil).ID,
		high.suggest(nil).ID, high.suggest(nil).ID,
		low.suggest(vars{"expiresAt": soon(time.Hour)}).ID, low.suggest(vars{"expiresAt": soon(2 * time.Hour)}).ID, low.suggest(nil).ID,
	}
	inOrder := func() (ids []string) {
		var after *string
		for {
			var page struct {
				Suggestions struct {
					Edges    []struct{ Node struct{ ID string } }
					PageInfo struct {
						HasNextPage bool
						EndCursor   *string
					}
				}
			}
			c.must(&page, `query ($after: String) { suggestions(filter: {status: {eq: PENDING}}, orderBy: {field: URGENCY}, first: 2, after: $after) {
				edges { node { id } } pageInfo { hasNextPage endCursor } } }`, vars{"after": after})
			for _, e := range page.Suggestions.Edges {
				if slices.Contains(want, e.Node.ID) {
					ids = append(ids, e.Node.ID)
				}
			}
			if after = page.Suggestions.PageInfo.EndCursor; !page.Suggestions.PageInfo.HasNextPage {
				return ids
			}
		}
	}
	if got := inOrder(); !slices.Equal(got, want) {
		t.Errorf("the inbox is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	c.must(nil, `mutation ($id: ID!) { updateTask(input: {id: $id, priority: URGENT}) { task { id } } }`, vars{"id": low.Task.ID})
	want = []string{want[0], want[4], want[5], want[1], want[6], want[2], want[3]}
	if got := inOrder(); !slices.Equal(got, want) {
		t.Errorf("after a task became urgent the inbox is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	s := serve(t)
	dana, eli := s.newPerson("Dana", "MANAGER"), s.newPerson("Eli", "VIEWER")
	w, other := s.worker("Asker"), s.worker("Other")
	a := s.asking(w, dana, "MEDIUM")
	const add = `mutation ($i: AddCommentInput!) { addComment(input: $i) { comment { id mentions { id name } } } }`
	type comment struct {
		ID       string
		Mentions []struct{ ID, Name string }
	}
	var made struct{ AddComment struct{ Comment comment } }
	dana.must(&made, add, vars{"i": vars{"taskId": a.Task.ID, "body": "what do you say?", "mentions": []string{w.id, w.id}}})
	called := made.AddComment.Comment
	if len(called.Mentions) != 1 || called.Mentions[0].Name != "Asker" {
		t.Errorf("it calls on %+v", called.Mentions)
	}
	mine := func(c *client) (ids []string) {
		var got struct {
			Comments struct{ Edges []struct{ Node comment } }
		}
		c.must(&got, `{ comments(filter: {mentionsMe: true}) { edges { node { id mentions { id name } } } } }`, nil)
		for _, e := range got.Comments.Edges {
			ids = append(ids, e.Node.ID)
		}
		return ids
	}
	dana.must(nil, add, vars{"i": vars{"taskId": a.Task.ID, "body": "never mind"}})
	made.AddComment.Comment = comment{}
	dana.must(&made, add, vars{"i": vars{"taskId": a.Task.ID, "body": "Eli should know", "mentions": []string{eli.userID}}})
	if got := mine(eli); !slices.Equal(got, []string{made.AddComment.Comment.ID}) || made.AddComment.Comment.Mentions[0].Name != "Eli" {
		t.Errorf("a person sees %v of %+v", got, made.AddComment.Comment)
	}
	dana.refused("BAD_USER_INPUT", add, vars{"i": vars{"taskId": a.Task.ID, "body": "hey", "mentions": []string{a.Task.ID}}})
	if got := mine(w.client); !slices.Equal(got, []string{called.ID}) {
		t.Errorf("it sees %v", got)
	}
	if got := mine(other.client); len(got) != 0 {
		t.Errorf("who was not called on sees %v", got)
	}
	const update = `mutation ($id: ID!, $m: [ID!]) { updateComment(input: {id: $id, body: "and you?", mentions: $m}) { comment { id } } }`
	const remove = `mutation ($id: ID!) { deleteComment(input: {id: $id}) { deletedId } }`
	for _, stranger := range []*client{w.client, s.admin()} {
		stranger.refused("FORBIDDEN", update, vars{"id": called.ID, "m": []string{}})
		stranger.refused("FORBIDDEN", remove, vars{"id": called.ID})
	}
	dana.must(nil, update, vars{"id": called.ID, "m": []string{other.id}})
	if got := mine(w.client); len(got) != 0 {
		t.Errorf("who is called on no more sees %v", got)
	}
	dana.must(nil, remove, vars{"id": called.ID})
}
