package server_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"workflowfactory/model"
	"workflowfactory/server"
	"workflowfactory/transport"
)

func TestCallersSeeWhatTheyHaveLeft(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *server.Config) { c.Rates = transport.Rates{Bucket: 1105, PerSecond: 1, Anonymous: 50} })
	_, manager := w.key(model.RoleManager)
	_, other := w.key(model.RoleViewer)
	remaining := func(key string) int {
		r := w.query(key, `{ rateLimit { limit remaining restoredPerSecond } }`, nil)
		if r.code() != "" || r.Data["rateLimit"] == nil {
			t.Fatalf("%+v", r)
		}
		return int(r.Data["rateLimit"].(map[string]any)["remaining"].(float64))
	}
	if has := remaining(manager); has < 1100 { // with the object that RateLimit is
		t.Errorf("%d are there before anything was asked for", has)
	}
	const page = `{ workflows(first: 100) { edges { node { tasks(first: 10) { edges { node { id } } } } } } }` // 1 + 100 + 1,000
	r := w.query(manager, page, nil)
	if cost := r.Extensions.Cost; cost["requested"] != 1101.0 || cost["actual"] != 1.0 {
		t.Errorf("an empty page cost %+v", r)
	}
	w.query(manager, twoWorkflows, nil)
	r = w.query(manager, `{ workflows(first: 10) { edges { node { tasks(first: 10) { edges { node { id } } } } } } }`, nil)
	if cost := r.Extensions.Cost; cost["requested"] != 111.0 || cost["actual"] != 1+2+5.0 {
		t.Errorf("a page with 2 workflows of 5 tasks cost %+v", r)
	}
	if r := w.query(manager, page, nil); r.code() != "RATE_LIMITED" || r.Status != http.StatusTooManyRequests {
		t.Errorf("more than is left: %+v", r)
	}
	if has := remaining(other); has < 1100 {
		t.Errorf("somebody else has %d left", has)
	}
	if has := remaining(""); has > 50 {
		t.Errorf("nobody has %d left", has)
	}
}

const twoWorkflows = `mutation {
	a: createWorkflow(input: {name: "a", start: true, tasks: [{key: "a", name: "a"}, {key: "b", name: "b"}, {key: "c", name: "c"}]}) { workflow { id } }
	b: createWorkflow(input: {name: "b", start: true, tasks: [{key: "a", name: "a"}, {key: "b", name: "b"}]}) { workflow { id } }
}`

// What is asked for bounds what is thought that lists without a page size have.
func TestListsAreEstimatedByWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, manager := w.key(model.RoleManager)
	_, worker := w.key(model.RoleAgent)
	w.query(manager, twoWorkflows, nil)
	agent := w.query(worker, `mutation { registerAgent(input: {name: "a", maxConcurrency: 9}) { agent { id } } }`, nil).
		Data["registerAgent"].(map[string]any)["agent"].(map[string]any)["id"].(string)
	ids := func(n int) []string { return slices.Repeat([]string{agent}, n) }
	for _, c := range []struct {
		key, query        string
		variables         map[string]any
		requested, actual float64
	}{
		{worker, claim, map[string]any{"input": map[string]any{"agentId": agent}}, 1 + 3 + 10 + 20*11, 1 + 3},
		{worker, claim, map[string]any{"input": map[string]any{"agentId": agent, "max": 3}}, 1 + 3*(3+10+20*11), 1 + 3*3},
		{worker, `mutation ($a: ID!) { heartbeat(input: {agentId: $a}) { agent { id } leases { taskId } } }`, map[string]any{"a": agent}, 1 + 1 + 1 + 1, 1 + 1 + 1},
		{manager, `query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": ids(7)}, 1 + 7, 1 + 7},
		{manager, `mutation ($ids: [ID!]) { retryTasks(input: {ids: $ids}) { outcomes { id task { id } } } }`, map[string]any{"ids": ids(2)}, 1 + 1 + 2*2, 1 + 1 + 1},
		{manager, `mutation { cancelTasks(input: {filter: {status: {in: [SKIPPED]}}}) { outcomes { id } } }`, nil, 1 + 1 + 500, 1 + 1},
	} {
		r := w.query(c.key, c.query, c.variables)
		if cost := r.Extensions.Cost; cost["requested"] != c.requested || cost["actual"] != c.actual {
			t.Errorf("%s: %v, want requested %g, actual %g; %v %v", c.query, cost, c.requested, c.actual, r.Data, r.Errors)
		}
	}
}

// claim asks for what the kit for agents asks for.
const claim = `mutation ($input: ClaimTasksInput!) { claimTasks(input: $input) { leaseToken task {
	id workflow { id } dependsOn { key result } suggestions(last: 20) { edges { node { id notes: decisions { note } } } }
} } }`

func TestNothingBoundsWithoutRates(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	if r := w.query("", `{ rateLimit { limit } }`, nil); r.code() != "" || r.Data["rateLimit"] != nil {
		t.Errorf("%+v", r)
	}
}

// Strangers are told apart by address, for which only a trusted proxy's word is taken.
func TestStrangersAreBoundedByAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		proxies   []netip.Prefix
		forwarded string // with a %d for each request
		bounded   bool
	}{
		"no proxy":             {nil, "192.0.2.%d", true},
		"another proxy":        {[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, "192.0.2.%d", true},
		"the proxy":            {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "192.0.2.%d", false},
		"what the client says": {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "192.0.2.%d, 198.51.100.7", true},
		"two proxies":          {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}, "192.0.2.%d, 10.1.2.3", false},
		"one network":          {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "2001:db8::%d", true},
		"many networks":        {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "2001:db8:0:%d::1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, func(s *server.Config) { s.Rates, s.Proxies = transport.Rates{Anonymous: 1}, c.proxies })
			refused := 0
			for i := range 10 {
				response, body := w.ask(http.MethodPost, "/graphql", `{"query": "{ __typename }"}`, "Content-Type: application/json",
					"X-Forwarded-For: "+fmt.Sprintf(c.forwarded, i+1))
				if response.StatusCode == http.StatusTooManyRequests && strings.Contains(body, "RATE_LIMITED") {
					refused++
				}
			}
			if bounded := refused > 5; bounded != c.bounded || !bounded && refused > 0 {
				t.Errorf("%d of 10 were refused", refused)
			}
		})
	}
}
