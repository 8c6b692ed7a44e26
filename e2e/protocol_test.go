package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// create starts a workflow with one task for each key, and gives the ids of the tasks by their keys.
func (c *client) create(requires []string, keys ...string) (workflow string, tasks map[string]string) {
	c.s.t.Helper()
	inputs := []vars{}
	for _, key := range keys {
		inputs = append(inputs, vars{"key": key, "name": "Task " + key, "requiredCapabilities": requires})
	}
	var created struct {
		CreateWorkflow struct {
			Workflow struct {
				ID    string
				Tasks struct {
					Edges []struct{ Node struct{ ID, Key string } }
				}
			}
		}
	}
	c.must(&created, `mutation ($i: CreateWorkflowInput!) { createWorkflow(input: $i) { workflow { id tasks { edges { node { id key } } } } } }`,
		vars{"i": vars{"name": c.s.t.Name(), "start": true, "tasks": inputs}})
	tasks = map[string]string{}
	for _, e := range created.CreateWorkflow.Workflow.Tasks.Edges {
		tasks[e.Node.Key] = e.Node.ID
	}
	return created.CreateWorkflow.Workflow.ID, tasks
}

// next wants one more event of a stream, decoded into out.
func (s *stream) take(out any) {
	s.t.Helper()
	select {
	case data, open := <-s.next:
		if !open {
			s.t.Fatalf("the stream ended: %v", s.end)
		}
		if err := json.Unmarshal(data, out); err != nil {
			s.t.Fatal(err)
		}
	case <-time.After(patience):
		s.t.Fatal("nothing comes")
	}
}

func TestAClaimWaitsForWork(t *testing.T) {
	t.Parallel()
	s := serve(t)
	admin, w := s.admin(), s.worker("a", "x")
	claim := func() (leases []lease) {
		var got struct{ ClaimTasks []lease }
		if errs, err := w.do(&got, `mutation ($a: ID!) { claimTasks(input: {agentId: $a, waitSeconds: 30}) { leaseToken task { id key } } }`, vars{"a": w.id}); err != nil || len(errs) > 0 {
			t.Errorf("%v %v", err, errs)
		}
		return got.ClaimTasks
	}
	t.Run("and gets what becomes ready", func(t *testing.T) {
		got := make(chan []lease, 1)
		begin := time.Now()
		go func() { got <- claim() }()
		admin.create([]string{"y"}, "not for it")
		admin.create([]string{"x"}, "for it")
		leases := <-got
		if took := time.Since(begin); len(leases) != 1 || leases[0].Task.Key != "for it" || took > 25*time.Second {
			t.Errorf("after %v: %+v", took, leases)
		}
	})
	t.Run("and gets nothing when there is none", func(t *testing.T) {
		var got struct{ ClaimTasks []lease }
		begin := time.Now()
		w.must(&got, `mutation ($a: ID!) { claimTasks(input: {agentId: $a, waitSeconds: 1}) { leaseToken } }`, vars{"a": w.id})
		if took := time.Since(begin); len(got.ClaimTasks) != 0 || took < time.Second {
			t.Errorf("after %v: %+v", took, got)
		}
	})
	w.refused("BAD_USER_INPUT", `mutation ($a: ID!) { claimTasks(input: {agentId: $a, waitSeconds: 31}) { leaseToken } }`, vars{"a": w.id})
}

func TestAgentCommands(t *testing.T) {
	t.Parallel()
	s := serve(t)
	admin, w := s.admin(), s.worker("a", "x")
	s.worker("b", "x").refused("FORBIDDEN", `mutation ($a: ID!) { heartbeat(input: {agentId: $a}) { draining } }`, vars{"a": w.id})
	commands := w.mustSubscribe(`subscription ($a: ID!) { agentCommands(agentId: $a) { type taskId suggestion { status answer } } }`, vars{"a": w.id})
	want := func(kind, task string) {
		t.Helper()
		var got struct{ AgentCommands struct{ Type, TaskID string } }
		if commands.take(&got); got.AgentCommands.Type != kind || got.AgentCommands.TaskID != task {
			t.Errorf("told %+v, want %s %s", got.AgentCommands, kind, task)
		}
	}
	heartbeat := func() (news struct {
		Heartbeat struct {
			Draining, TasksAvailable bool
			CancelledTaskIds         []string
			DecidedSuggestions       []struct{ Status string }
		}
	}) {
		t.Helper()
		w.must(&news, `mutation ($a: ID!) { heartbeat(input: {agentId: $a}) { draining tasksAvailable decidedSuggestions { status } } }`, vars{"a": w.id})
		return news
	}
	_, tasks := admin.create([]string{"x"}, "one")
	want("TASK_AVAILABLE", "")
	if news := heartbeat().Heartbeat; !news.TasksAvailable || news.Draining {
		t.Errorf("the heartbeat tells %+v", news)
	}
	held := w.claim()
	admin.must(nil, `mutation ($t: ID!) { cancelTask(input: {id: $t}) { task { status } } }`, vars{"t": tasks["one"]})
	want("CANCEL_TASK", held.Task.ID)

	admin.create([]string{"x"}, "two")
	want("TASK_AVAILABLE", "")
	asked := w.claim()
	var question struct {
		CreateSuggestion struct{ Suggestion struct{ ID string } }
	}
	w.must(&question, `mutation ($t: ID!) { createSuggestion(input: {taskId: $t, kind: QUESTION, action: "Which colour?", reasoning: "none is given", confidence: 0.5, blocking: true}) { suggestion { id } } }`,
		vars{"t": asked.Task.ID})
	admin.must(nil, `mutation ($s: ID!) { answerSuggestion(input: {id: $s, answer: "blue"}) { suggestion { status } } }`, vars{"s": question.CreateSuggestion.Suggestion.ID})
	var told []string
	for range 2 { // in either order: they come from different places
		var got struct{ AgentCommands struct{ Type string } }
		commands.take(&got)
		told = append(told, got.AgentCommands.Type)
	}
	if slices.Sort(told); !slices.Equal(told, []string{"SUGGESTION_DECIDED", "TASK_AVAILABLE"}) {
		t.Errorf("told %v of the answer", told)
	}
	if news := heartbeat().Heartbeat; len(news.DecidedSuggestions) != 1 || news.DecidedSuggestions[0].Status != "ANSWERED" {
		t.Errorf("the heartbeat tells %+v", news)
	}

	admin.must(nil, `mutation ($a: ID!) { updateAgent(input: {id: $a, draining: true}) { agent { draining } } }`, vars{"a": w.id})
	want("DRAIN", "")
	if news := heartbeat().Heartbeat; !news.Draining || news.TasksAvailable {
		t.Errorf("the heartbeat tells %+v", news)
	}
	var none struct{ ClaimTasks []lease }
	w.must(&none, claimTasks, vars{"a": w.id})
	if len(none.ClaimTasks) != 0 {
		t.Error("a draining agent gets work")
	}
	w.must(nil, `mutation ($a: ID!) { heartbeat(input: {agentId: $a, draining: false}) { draining } }`, vars{"a": w.id})
	want("RESUME", "")
	w.claim()
}

func TestTaskLog(t *testing.T) {
	t.Parallel()
	s := serve(t)
	admin, w := s.admin(), s.worker("a")
	_, tasks := admin.create(nil, "one")
	held := w.claim()
	write := func(messages ...string) {
		t.Helper()
		lines := []vars{}
		for _, m := range messages {
			lines = append(lines, vars{"message": m, "level": "WARN", "fields": vars{"n": len(m)}})
		}
		w.must(nil, `mutation ($t: String!, $l: [TaskLogLineInput!]!) { appendTaskLog(input: {leaseToken: $t, lines: $l}) { lineCount dropped } }`,
			vars{"t": held.LeaseToken, "l": lines})
	}
	type line struct {
		Cursor string
		Node   struct {
			Number  int
			Message string
		}
	}
	follow := `subscription ($t: ID!, $after: String) { taskLog(taskId: $t, after: $after) { cursor node { number message } } }`
	write("first", "second")
	live := admin.mustSubscribe(follow, vars{"t": tasks["one"]})
	write("third")
	var seen []line
	for range 3 {
		var next struct{ TaskLog line }
		live.take(&next)
		seen = append(seen, next.TaskLog)
	}
	if seen[0].Node.Message != "first" || seen[2].Node.Message != "third" || seen[2].Node.Number != 3 {
		t.Errorf("followed %+v", seen)
	}
	late := admin.mustSubscribe(follow, vars{"t": tasks["one"], "after": seen[0].Cursor})
	var next struct{ TaskLog line }
	if late.take(&next); next.TaskLog != seen[1] {
		t.Errorf("after the first line comes %+v", next.TaskLog)
	}
	w.must(nil, completeTask, vars{"t": held.LeaseToken})
	for range live.next { // until its end
	}
	if live.end == nil || !strings.Contains(live.end.Error(), "complete") {
		t.Errorf("the log of a finished task ends with %v", live.end)
	}
	w.refused("STALE_LEASE", `mutation ($t: String!) { appendTaskLog(input: {leaseToken: $t, lines: [{message: "late"}]}) { lineCount } }`, vars{"t": held.LeaseToken})
	var page struct {
		Task struct {
			Logs struct {
				TotalCount int
				Edges      []line
				PageInfo   struct{ HasNextPage bool }
			}
		}
	}
	admin.must(&page, `query ($t: ID!, $after: String) { task(id: $t) { logs(first: 1, after: $after, level: WARN) { totalCount edges { cursor node { number message } } pageInfo { hasNextPage } } } }`,
		vars{"t": tasks["one"], "after": seen[0].Cursor})
	if logs := page.Task.Logs; logs.TotalCount != 3 || len(logs.Edges) != 1 || logs.Edges[0] != seen[1] || !logs.PageInfo.HasNextPage {
		t.Errorf("a page of the log: %+v", logs)
	}
}

func TestManyTasksAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	admin := s.admin()
	workflow, tasks := admin.create(nil, "a", "b", "c")
	type outcomes struct {
		Outcomes []struct {
			ID    string
			Task  *struct{ Status string }
			Error *struct{ Code string }
		}
		Succeeded, Failed int
		HasMore           bool
	}
	var cancelled struct{ CancelTasks outcomes }
	admin.must(&cancelled, `mutation ($ids: [ID!]!) { cancelTasks(input: {ids: $ids, reason: "not now"}) { outcomes { id task { status } error { code } } succeeded failed hasMore cursor } }`,
		vars{"ids": []string{tasks["b"], "task_unknown", tasks["a"]}})
	got := cancelled.CancelTasks
	if got.Succeeded != 2 || got.Failed != 1 || got.Outcomes[0].ID != tasks["b"] || got.Outcomes[0].Task.Status != "CANCELLED" || got.Outcomes[1].Error.Code != "NOT_FOUND" {
		t.Errorf("cancelled: %+v", got)
	}
	var retried struct{ RetryTasks outcomes }
	admin.must(&retried, `mutation ($f: TaskFilter!) { retryTasks(input: {filter: $f}) { outcomes { id task { status } error { code } } succeeded failed } }`,
		vars{"f": vars{"workflowId": vars{"eq": workflow}}})
	if got := retried.RetryTasks; got.Succeeded != 2 || got.Failed != 1 || got.Outcomes[2].Error.Code != "INVALID_TRANSITION" {
		t.Errorf("retried: %+v", got)
	}
	admin.refused("BAD_USER_INPUT", `mutation { cancelTasks(input: {}) { succeeded } }`, nil)
}

func TestWhyATaskIsNotClaimed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	admin := s.admin()
	var created struct {
		CreateWorkflow struct{ Workflow struct{ ID string } }
	}
	admin.must(&created, `mutation { createWorkflow(input: {name: "w", tasks: [
		{key: "a", name: "A", requiredCapabilities: ["fly"]}, {key: "b", name: "B", dependsOn: ["a"]}]}) { workflow { id } } }`, nil)
	why := func() string {
		t.Helper()
		var got struct {
			Workflow struct {
				Tasks struct {
					Edges []struct {
						Node struct {
							Key          string
							Claimability *struct {
								Claimable bool
								Obstacles []struct{ Reason, Message string }
							}
						}
					}
				}
			}
		}
		admin.must(&got, `query ($w: ID!) { workflow(id: $w) { tasks(first: 5) { edges { node { key claimability { claimable obstacles { reason message waitsFor { key } agent { name } } } } } } } }`,
			vars{"w": created.CreateWorkflow.Workflow.ID})
		var text []string
		for _, e := range got.Workflow.Tasks.Edges {
			reasons := []string{}
			for _, o := range e.Node.Claimability.Obstacles {
				reasons = append(reasons, o.Reason)
			}
			text = append(text, e.Node.Key+": "+strings.Join(reasons, " "))
		}
		return strings.Join(text, "; ")
	}
	want := func(expected string) {
		t.Helper()
		if got := why(); got != expected {
			t.Errorf("got %q, want %q", got, expected)
		}
	}
	want("a: NOT_STARTED CAPABILITIES; b: NOT_STARTED DEPENDENCIES CAPABILITIES")
	w := s.worker("plane", "fly")
	want("a: NOT_STARTED; b: NOT_STARTED DEPENDENCIES")
	admin.must(nil, `mutation ($w: ID!) { startWorkflow(input: {id: $w}) { workflow { status } } }`, vars{"w": created.CreateWorkflow.Workflow.ID})
	want("a: ; b: DEPENDENCIES")
	w.must(nil, `mutation ($a: ID!) { heartbeat(input: {agentId: $a, draining: true}) { draining } }`, vars{"a": w.id})
	want("a: CAPACITY; b: DEPENDENCIES CAPACITY")
}
