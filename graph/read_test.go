package graph

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"workflowfactory/exec/exectest"
	"workflowfactory/model"
)

// ask runs a query as a caller and gives its data. Errors fail the test.
func (w *world) ask(c model.Caller, query string, variables map[string]any) map[string]any {
	w.Helper()
	r := w.answer(c, query, variables)
	if len(r.Errors) > 0 {
		w.Fatalf("%v\n%s", r.Errors, query)
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(r.Data), &data); err != nil {
		w.Fatal(err)
	}
	return data
}

func (w *world) answer(c model.Caller, query string, variables map[string]any) exectest.Response {
	w.Helper()
	subject := w.runner(NewSchema(w.Resolver))
	return subject.Run(model.WithCaller(w.Context(), c), exectest.Document{Query: query, Variables: variables})[0]
}

var admin = model.Caller{ID: model.ID{1}, Role: model.RoleAdmin}

func (w *world) agent(i int) model.Caller {
	return model.Caller{ID: w.ids[i], Role: model.RoleAgent, AgentID: w.ids[i]}
}

// under gives the values at a path, through lists: "workflows.edges.node.id".
func under(data any, path string) []any {
	switch data := data.(type) {
	case []any:
		var all []any
		for _, d := range data {
			all = append(all, under(d, path)...)
		}
		return all
	case map[string]any:
		if path == "" {
			return []any{data}
		}
		name, rest, _ := strings.Cut(path, ".")
		return under(data[name], rest)
	}
	if path != "" {
		return nil
	}
	return []any{data}
}

func texts(values []any) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = fmt.Sprint(v)
	}
	return all
}

// TestNodes finds everything by its id alone, in the order asked for.
func TestNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.populate(2, func(int) int { return 3 })
	events := texts(under(w.ask(admin, `{ events(first: 3) { edges { node { id } } } }`, nil), "events.edges.node.id"))
	ids := append(events, "nonsense", model.NewID(model.KindTask).String(), events[0], model.SystemID.String())
	for _, id := range w.ids {
		ids = append(ids, id.String())
	}
	got := texts(under(w.ask(admin, `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, map[string]any{"ids": ids}), "nodes"))
	typeOf := map[string]string{"wf": "Workflow", "task": "Task", "agent": "Agent", "sug": "Suggestion", "com": "Comment", "user": "User", "key": "ApiKey"}
	for i, id := range ids {
		prefix, _, _ := strings.Cut(id, "_")
		want := fmt.Sprint(map[string]any{"__typename": typeOf[prefix], "id": id})
		switch i {
		case 3, 4, 6:
			want = "<nil>"
		case 0, 1, 2, 5:
			want = fmt.Sprint(map[string]any{"__typename": "AgentEvent", "id": id})
		}
		if got[i] != want {
			t.Errorf("%s is %s, want %s", id, got[i], want)
		}
		if node := texts(under(w.ask(admin, `query ($id: ID!) { node(id: $id) { __typename id } }`, map[string]any{"id": id}), "node")); node[0] != want {
			t.Errorf("node %s is %s, want %s", id, node[0], want)
		}
	}
	r := w.answer(admin, `query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": slices.Repeat(ids[:1], 101)})
	if len(r.Errors) != 1 || r.Errors[0].Extensions["code"] != "BAD_USER_INPUT" || r.Errors[0].Extensions["field"] != "ids" {
		t.Errorf("101 ids: %v", r.Errors)
	}
}

// everything is what an agent could look at.
const everything = `query ($id: ID!, $workflow: ID!) {
	workflows(first: 100) { totalCount edges { node { id tasks { edges { node { id agent { id name tasks { edges { node { workflow { id } } } }
		recentTasks { workflow { id } } currentTask { workflow { id } } suggestions { edges { node { workflow { id } } } }
		history { edges { node { ... on TaskEvent { workflowId } ... on WorkflowEvent { workflowId } ... on SuggestionEvent { suggestion { workflow { id } } } } } } } } } } } } }
	tasks(first: 100) { totalCount edges { node { workflow { id } } } }
	suggestions(first: 100) { edges { node { workflow { id } comments { edges { node { task { workflow { id } } } } } } } }
	agents(first: 100) { edges { node { id } } }
	events(first: 100) { edges { node { __typename ... on TaskEvent { workflowId } ... on WorkflowEvent { workflowId } } } }
	workflow(id: $workflow) { id }
	agent(id: $id) { id }
	node(id: $workflow) { id }
	nodes(ids: [$id, $workflow]) { id }
}`

// TestAgentSeesItsOwnWorkflowsAlone looks at everything as an agent, and finds nothing of a workflow in which it takes
// no part, however it goes there.
func TestAgentSeesItsOwnWorkflowsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.populate(9, func(i int) int { return 3 + i%2 })
	me, other := w.agent(0), w.agent(1)
	mine := w.partOf(me.AgentID)
	var theirs string
	for id := range w.partOf(other.AgentID) {
		if !mine[id] {
			theirs = id
		}
	}
	if len(mine) == 0 || theirs == "" {
		t.Fatal("there is nothing to tell apart")
	}
	query := func(c model.Caller) map[string]any {
		return w.ask(c, everything, map[string]any{"id": other.AgentID.String(), "workflow": theirs})
	}
	data := query(me)
	for _, path := range []string{
		"workflows.edges.node.id", "workflows.edges.node.tasks.edges.node.agent.tasks.edges.node.workflow.id",
		"workflows.edges.node.tasks.edges.node.agent.recentTasks.workflow.id", "workflows.edges.node.tasks.edges.node.agent.suggestions.edges.node.workflow.id",
		"workflows.edges.node.tasks.edges.node.agent.history.edges.node.workflowId",
		"tasks.edges.node.workflow.id", "suggestions.edges.node.workflow.id", "suggestions.edges.node.comments.edges.node.task.workflow.id",
		"events.edges.node.workflowId",
	} {
		found := slices.DeleteFunc(texts(under(data, path)), func(id string) bool { return id == "<nil>" })
		if len(found) == 0 {
			t.Errorf("%s: there is nothing", path)
		}
		for _, id := range found {
			if !mine[id] {
				t.Errorf("%s: %s is not for this agent", path, id)
			}
		}
	}
	if got := texts(under(data, "workflows.totalCount")); got[0] != fmt.Sprint(len(mine)) {
		t.Errorf("%s workflows in all, want %d", got[0], len(mine))
	}
	if got := texts(under(data, "agents.edges.node.id")); !slices.Equal(got, []string{me.AgentID.String()}) {
		t.Errorf("agents %v", got)
	}
	for _, path := range []string{"workflow", "agent", "node", "nodes"} {
		for _, v := range under(data, path) {
			if v != nil {
				t.Errorf("%s: %v is not for this agent", path, v)
			}
		}
	}
	// The control: an administrator finds what the agent must not.
	if all := texts(under(query(admin), "tasks.edges.node.workflow.id")); !slices.Contains(all, theirs) {
		t.Error("an administrator does not find it either")
	}
	// A key that belongs to no agent yet sees nothing at all.
	nothing := query(model.Caller{ID: w.ids[4], Role: model.RoleAgent})
	for _, path := range []string{"workflows.edges.node.id", "tasks.edges.node.workflow.id", "suggestions.edges.node.workflow.id", "agents.edges.node.id", "events.edges.node"} {
		if found := under(nothing, path); len(found) > 0 {
			t.Errorf("a free key finds %s: %v", path, found)
		}
	}
}

// partOf gives the workflows in which the agent held a task, as an administrator sees them.
func (w *world) partOf(agent model.ID) map[string]bool {
	w.Helper()
	part := map[string]bool{}
	for _, id := range under(w.ask(admin, `query ($id: ID) { workflows(first: 100, filter: {agentId: {eq: $id}}) { edges { node { id } } } }`, map[string]any{"id": agent.String()}), "workflows.edges.node.id") {
		part[fmt.Sprint(id)] = true
	}
	return part
}

// TestAccessEventsAreForAdministrators looks for what happened to accounts and keys.
func TestAccessEventsAreForAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.populate(1, func(int) int { return 1 })
	const query = `{ events(first: 100, filter: {entityType: {in: [USER, API_KEY]}}) { totalCount edges { node { id __typename ... on AccessEvent { userId apiKeyId } } } } }`
	data := w.ask(admin, query, nil)
	if got := texts(under(data, "events.edges.node.__typename")); !slices.Equal(got, []string{"AccessEvent", "AccessEvent"}) {
		t.Fatalf("an administrator finds %v", got)
	}
	if got := texts(append(under(data, "events.edges.node.userId"), under(data, "events.edges.node.apiKeyId")...)); !slices.Equal(got, []string{w.ids[3].String(), "<nil>", "<nil>", w.ids[4].String()}) {
		t.Errorf("they are about %v", got)
	}
	ids := under(data, "events.edges.node.id")
	for _, role := range []model.Role{model.RoleManager, model.RoleViewer, model.RoleAgent} {
		c := model.Caller{ID: w.ids[4], Role: role}
		if got := under(w.ask(c, query, nil), "events.totalCount"); fmt.Sprint(got[0]) != "0" {
			t.Errorf("%s finds %v", role, got)
		}
		if got := under(w.ask(c, `query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": ids}), "nodes"); fmt.Sprint(got) != "[<nil> <nil>]" {
			t.Errorf("%s finds %v by id", role, got)
		}
	}
}

// TestHistoryIsThePullTwinOfTheStream reads the log in pages, from its beginning to the cursor of the same request, and
// goes on from there.
func TestHistoryIsThePullTwinOfTheStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.populate(2, func(int) int { return 4 })
	const page = `query ($after: EventCursor) { cursor events(first: 7, after: $after) {
		pageInfo { hasNextPage endCursor } edges { cursor node { id cursor type actor { id name } changes { field before after }
			... on TaskEvent { taskId task { id status } } ... on WorkflowEvent { workflow { id } } } } } }`
	var after any
	var seen []string
	for more := true; more; {
		data := w.ask(admin, page, map[string]any{"after": after})
		edges, nodes := texts(under(data, "events.edges.cursor")), texts(under(data, "events.edges.node.cursor"))
		if !slices.Equal(edges, nodes) {
			t.Fatalf("edges have the cursors %v, events %v", edges, nodes)
		}
		for i, id := range texts(under(data, "events.edges.node.taskId")) {
			if task := texts(under(data, "events.edges.node.task.id")); id != "<nil>" && !slices.Contains(task, id) {
				t.Errorf("event %s is about %s and holds another task", edges[i], id)
			}
		}
		seen = append(seen, edges...)
		after, more = under(data, "events.pageInfo.endCursor")[0], under(data, "events.pageInfo.hasNextPage")[0].(bool)
		if !more && after != under(data, "cursor")[0] {
			t.Errorf("the log ends at %v, the cursor is %v", after, under(data, "cursor")[0])
		}
	}
	for i, text := range seen {
		if c, err := model.ParseCursor(text); err != nil || c.Position != int64(i+1) {
			t.Fatalf("number %d has the cursor %+v, %v", i+1, c, err)
		}
	}
	if data := w.ask(admin, page, map[string]any{"after": after}); len(under(data, "events.edges.cursor")) > 0 {
		t.Error("there is something after the end")
	}
	must(w.Agents.Register(t.Context(), model.RegisterAgentInput{Name: "Late"}))(w)
	w.settle()
	if got := texts(under(w.ask(admin, page, map[string]any{"after": after}), "events.edges.node.type")); !slices.Equal(got, []string{"AGENT_REGISTERED"}) {
		t.Errorf("after the end came %v", got)
	}
	for cursor, code := range map[model.Cursor]string{
		{Epoch: 1, Position: 1 << 40}: "BAD_USER_INPUT",
		{Epoch: 9, Position: 1}:       "BAD_USER_INPUT",
	} {
		r := w.answer(admin, page, map[string]any{"after": cursor.String()})
		if len(r.Errors) != 1 || r.Errors[0].Extensions["code"] != code {
			t.Errorf("after %+v: %v", cursor, r.Errors)
		}
	}
}
