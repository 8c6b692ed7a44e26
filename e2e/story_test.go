package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const claimTasks = `mutation ($a: ID!) { claimTasks(input: {agentId: $a}) { leaseToken attempt task { id key suggestions(first: 1) { edges { node { status approvedData } } } } } }`

const completeTask = `mutation ($t: String!, $r: JSON) { completeTask(input: {leaseToken: $t, result: $r}) { task { status } cursor } }`

type lease struct {
	LeaseToken string
	Attempt    int
	Task       struct {
		ID, Key     string
		Suggestions struct {
			Edges []struct {
				Node struct {
					Status       string
					ApprovedData map[string]string
				}
			}
		}
	}
}

// worker is an agent with a key of its own.
type worker struct {
	*client
	id string
}

func (s *server) worker(name string, capabilities ...string) worker {
	s.t.Helper()
	w := worker{client: s.newKey(name+"'s key", "AGENT")}
	var registered struct {
		RegisterAgent struct{ Agent struct{ ID string } }
	}
	w.must(&registered, `mutation ($i: RegisterAgentInput!) { registerAgent(input: $i) { agent { id } cursor } }`, // the cursor: what follows comes after it
		vars{"i": vars{"name": name, "capabilities": capabilities}})
	w.id = registered.RegisterAgent.Agent.ID
	return w
}

func (w worker) claim() lease {
	w.s.t.Helper()
	var got struct{ ClaimTasks []lease }
	w.must(&got, claimTasks, vars{"a": w.id})
	if len(got.ClaimTasks) != 1 {
		w.s.t.Fatalf("%s claims %d tasks, want 1", w.name, len(got.ClaimTasks))
	}
	return got.ClaimTasks[0]
}

// Three agents work through a support workflow, a person approves what one of them suggests, and everyone watching sees
// every change.
func TestTheWholeStory(t *testing.T) {
	t.Parallel()
	s := serve(t)
	dana := s.newKey("Dana", "MANAGER")
	analyzer := s.worker("TicketAnalyzer", "parse_email", "classify_issue")
	responder := s.worker("EmailResponder", "draft_response")
	escalation := s.worker("EscalationManager", "detect_complexity")

	// Dana reads where the stream stands, then watches.
	var head struct{ Cursor string }
	dana.must(&head, `{ cursor }`, nil)
	watching := dana.mustSubscribe(everything, vars{"after": head.Cursor})

	var created struct {
		CreateWorkflow struct {
			Workflow struct{ ID, Status string }
			Cursor   string
		}
	}
	dana.must(&created, `mutation ($i: CreateWorkflowInput!) { createWorkflow(input: $i) { workflow { id status } cursor } }`, vars{"i": vars{
		"name": "Customer Support Automation", "start": true, "input": vars{"ticket": 4711},
		"tasks": []vars{
			{"key": "analyze", "name": "Analyze Support Ticket", "requiredCapabilities": []string{"parse_email"}},
			{"key": "draft", "name": "Draft Response Email", "requiredCapabilities": []string{"draft_response"}, "dependsOn": []string{"analyze"}},
			{"key": "escalate", "name": "Evaluate Escalation Need", "requiredCapabilities": []string{"detect_complexity"}, "dependsOn": []string{"analyze", "draft"}},
		}}})
	workflow := created.CreateWorkflow.Workflow
	if workflow.Status != "RUNNING" {
		t.Errorf("the workflow is %s, want RUNNING", workflow.Status)
	}

	// The analyzer works; its progress is seen while it does.
	analyze := analyzer.claim()
	analyzer.must(nil, `mutation ($a: ID!, $t: String!) { heartbeat(input: {agentId: $a, leases: [{leaseToken: $t, progress: 40, message: "reading"}]}) { leases { lost } } }`,
		vars{"a": analyzer.id, "t": analyze.LeaseToken})
	seen := watching.until("progress", func(e event) bool { return e.Type == "TASK_PROGRESSED" && e.Task.Progress == 40 })
	analyzer.must(nil, completeTask, vars{"t": analyze.LeaseToken, "r": vars{"category": "billing"}})

	// The responder asks before it sends; agents cannot decide.
	draft := responder.claim()
	var suggested struct {
		CreateSuggestion struct {
			Suggestion struct{ ID, ActionHash string }
		}
	}
	responder.must(&suggested, `mutation ($i: CreateSuggestionInput!) { createSuggestion(input: $i) { suggestion { id actionHash } } }`, vars{"i": vars{
		"taskId": draft.Task.ID, "action": "send_response_email", "reasoning": "a plain refund", "confidence": 0.95, "blocking": true,
		"data": vars{"to": "ann@example.com", "body": "Dear Ann"}}})
	suggestion := suggested.CreateSuggestion.Suggestion
	approve := `mutation ($i: ApproveSuggestionInput!) { approveSuggestion(input: $i) { suggestion { status } } }`
	decision := vars{"i": vars{"id": suggestion.ID, "actionHash": suggestion.ActionHash, "note": "friendlier", "data": vars{"to": "ann@example.com", "body": "Hello Ann!"}}}
	responder.refused("FORBIDDEN", approve, decision)
	responder.refused("STALE_LEASE", completeTask, vars{"t": draft.LeaseToken, "r": nil})
	dana.refused("CONFLICT", approve, vars{"i": vars{"id": suggestion.ID, "actionHash": strings.Repeat("0", 64)}})
	dana.must(nil, approve, decision)
	again := responder.claim()
	if node := again.Task.Suggestions.Edges[0].Node; again.Attempt != 2 || node.Status != "APPROVED" || node.ApprovedData["body"] != "Hello Ann!" {
		t.Errorf("the responder goes on with attempt %d and %+v", again.Attempt, node)
	}
	responder.must(nil, completeTask, vars{"t": again.LeaseToken, "r": vars{"sent": true}})
	responder.refused("STALE_LEASE", completeTask, vars{"t": again.LeaseToken, "r": vars{"sent": false}})

	escalation.must(nil, completeTask, vars{"t": escalation.claim().LeaseToken, "r": vars{"escalate": false}})

	seen = append(seen, watching.until("the end", func(e event) bool { return e.Type == "WORKFLOW_COMPLETED" })...)
	var end struct {
		Workflow struct {
			Status     string
			Progress   int
			TaskCounts struct{ Total, Completed int }
			Agents     struct{ TotalCount int }
		}
	}
	dana.must(&end, `query ($id: ID!) { workflow(id: $id) { status progress taskCounts { total completed } agents { totalCount } } }`, vars{"id": workflow.ID})
	if w := end.Workflow; w.Status != "COMPLETED" || w.Progress != 100 || w.TaskCounts.Completed != 3 || w.Agents.TotalCount != 3 {
		t.Errorf("at the end: %+v", w)
	}

	// The log tells who did what, in the order in which it was seen; keys are the administrator's business alone.
	names := map[string]string{workflow.ID: "the workflow", suggestion.ID: "the suggestion", analyzer.id: "TicketAnalyzer", responder.id: "EmailResponder",
		escalation.id: "EscalationManager"}
	compareGolden(t, "testdata/story.golden", tell(seen, names))
	log := dana.log()
	if from := slices.IndexFunc(log, func(e event) bool { return e.ID == seen[0].ID }); from < 0 || !sameEvents(log[from:from+len(seen)], seen) {
		t.Error("the audit log is not what the stream carried")
	}

	// Somebody who comes back in the middle gets exactly the rest.
	middle := len(seen) / 2
	resumed := s.newKey("Eli", "VIEWER").mustSubscribe(everything, vars{"after": seen[middle].Cursor})
	rest := resumed.until("the end", func(e event) bool { return e.Type == "WORKFLOW_COMPLETED" })
	if !sameEvents(rest, seen[middle+1:]) {
		t.Errorf("after event %d of %d came %d events, want exactly the rest", middle, len(seen), len(rest))
	}
}

func sameEvents(a, b []event) bool {
	return slices.EqualFunc(a, b, func(x, y event) bool { return x.ID == y.ID && x.Cursor == y.Cursor })
}

var update = flag.Bool("update", false, "write the goldens anew")

// compareGolden wants a text to be that of a file, which -update writes.
func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test ./e2e -run Story -update writes it anew):\n%s", file, diff)
	}
}

var (
	anID    = regexp.MustCompile(`(wf|task|agent|sug|com|evt|user|key)_[0-9a-z]{26}`)
	aMoment = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
)

// tell tells events as a story: who did what, and what changed from what to what, with names for ids and without times.
func tell(events []event, names map[string]string) string {
	var story strings.Builder
	for _, e := range events {
		fmt.Fprintf(&story, "%s: %s", e.Actor.Name, strings.ToLower(strings.ReplaceAll(e.Type, "_", " ")))
		if e.Task != nil {
			fmt.Fprintf(&story, " (%s)", e.Task.Key)
		}
		story.WriteString("\n")
		for _, c := range e.Changes {
			fmt.Fprintf(&story, "    %s: %s -> %s\n", c.Field, named(c.Before, names), named(c.After, names))
		}
	}
	return story.String()
}

func named(value json.RawMessage, names map[string]string) string {
	text := anID.ReplaceAllStringFunc(string(value), func(id string) string {
		if name, ok := names[id]; ok {
			return name
		}
		return "someone"
	})
	return aMoment.ReplaceAllString(text, "some time")
}
