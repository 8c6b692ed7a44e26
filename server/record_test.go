package server_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"workflowfactory/model"
	"workflowfactory/server"
)

// Whoever may oversee is told from where it was asked for, as far as the word of a trusted proxy goes; agents are not.
func TestTheRecordTellsWhence(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for name, c := range map[string]struct {
		proxies         []netip.Prefix
		forwarded, want string
	}{
		"a client":                         {nil, "", "127.0.0.1"},
		"a client that says it is a proxy": {nil, "192.0.2.1", "127.0.0.1"},
		"behind a proxy":                   {proxies, "192.0.2.1", "192.0.2.1"},
		"a forged hop before it":           {proxies, "192.0.2.1, 2001:db8::7", "2001:db8::7"},
		"a hop of nonsense":                {proxies, "unknown", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, func(s *server.Config) { s.Proxies = c.proxies })
			_, agent := w.key(model.RoleAgent)
			headers := []string{"Content-Type: application/json", "Authorization: Bearer " + agent}
			if c.forwarded != "" {
				headers = append(headers, "X-Forwarded-For: "+c.forwarded)
			}
			w.ask(http.MethodPost, "/graphql", `{"query": "mutation { registerAgent(input: {name: \"A\"}) { agent { id } cursor } }"}`, headers...)
			for role, want := range map[model.Role]string{
				model.RoleAdmin: c.want, model.RoleManager: c.want, model.RoleViewer: c.want, model.RoleAgent: "",
			} {
				key := agent
				if role != model.RoleAgent {
					_, key = w.key(role)
				}
				r := w.query(key, `{ events(first: 2, filter: {type: {eq: AGENT_REGISTERED}}) { edges { node { address } } }
					agents(first: 2) { edges { node { history(first: 2) { edges { node { address } } } } } } }`, nil)
				told := fmt.Sprintf(`"address":%s`, mustJSON(t, want))
				if want == "" {
					told = `"address":null`
				}
				if got := mustJSON(t, r.Data); r.code() != "" || strings.Count(got, told) < 2 || strings.Count(got, "address") != strings.Count(got, told) {
					t.Errorf("%s is told %s %+v, want %s alone", role, got, r.Errors, told)
				}
			}
		})
	}
}

// events(filter: {entityId}) finds the events about one thing or several, whatever they are, and nothing that the caller may
// not see.
func TestEventsAboutOneThing(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, admin := w.key(model.RoleAdmin)
	_, manager := w.key(model.RoleManager)
	viewer, _ := w.key(model.RoleViewer)
	_, agent := w.key(model.RoleAgent)
	made := w.query(manager, `mutation { a: createWorkflow(input: {name: "a", tasks: [{key: "t", name: "t"}]}) { workflow { id tasks { edges { node { id } } } } }
		b: createWorkflow(input: {name: "b"}) { workflow { id } cursor } }`, nil)
	w.query(agent, `mutation { registerAgent(input: {name: "A"}) { cursor } }`, nil)
	id := func(path ...any) string {
		var at any = made.Data
		for _, p := range path {
			switch p := p.(type) {
			case string:
				at = at.(map[string]any)[p]
			case int:
				at = at.([]any)[p]
			}
		}
		return at.(string)
	}
	a, b, task := id("a", "workflow", "id"), id("b", "workflow", "id"), id("a", "workflow", "tasks", "edges", 0, "node", "id")
	for name, c := range map[string]struct {
		key    string
		filter map[string]any
		want   string // the types, in order
	}{
		"a workflow":                   {manager, map[string]any{"eq": a}, "WORKFLOW_CREATED"},
		"a task":                       {manager, map[string]any{"eq": task}, "TASK_CREATED"},
		"several":                      {manager, map[string]any{"in": []string{a, b, task}}, "WORKFLOW_CREATED TASK_CREATED WORKFLOW_CREATED"},
		"both":                         {manager, map[string]any{"in": []string{a, b}, "eq": b}, "WORKFLOW_CREATED"},
		"none of any":                  {manager, map[string]any{"in": []string{}}, ""},
		"nothing":                      {manager, map[string]any{"eq": model.NewID(model.KindTask).String()}, ""},
		"a key":                        {admin, map[string]any{"eq": viewer.String()}, "API_KEY_CREATED"},
		"a key, for a manager":         {manager, map[string]any{"eq": viewer.String()}, ""},
		"what an agent has no part in": {agent, map[string]any{"in": []string{a, task}}, ""},
	} {
		r := w.query(c.key, `query ($f: IDFilter!) { events(filter: {entityId: $f}) { totalCount edges { node { type } } } }`, map[string]any{"f": c.filter})
		events, _ := r.Data["events"].(map[string]any)
		var types []string
		edges, _ := events["edges"].([]any)
		for _, e := range edges {
			types = append(types, e.(map[string]any)["node"].(map[string]any)["type"].(string))
		}
		if got := strings.Join(types, " "); r.code() != "" || got != c.want || events["totalCount"] != float64(len(types)) {
			t.Errorf("%s: %q of %v, want %q; %+v", name, got, events["totalCount"], c.want, r.Errors)
		}
	}
}
