package server_test

import (
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"workflowfactory/model"
	"workflowfactory/server"
)

// figures reads /metrics: each series with its value.
func (w *world) figures(key string) map[string]float64 {
	w.t.Helper()
	response, text := w.ask(http.MethodGet, "/metrics", "", "Authorization: Bearer "+key)
	if response.StatusCode != http.StatusOK {
		w.t.Fatalf("%d %s", response.StatusCode, text)
	}
	all := map[string]float64{}
	for _, line := range regexp.MustCompile(`(?m)^([^#\n]+) (\S+)$`).FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(line[2], 64)
		if err != nil {
			w.t.Fatal(err)
		}
		all[line[1]] = value
	}
	return all
}

func TestMetricsMove(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, key := w.key(model.RoleAdmin)
	before := w.figures(key)
	begin := w.now(key)
	watching := w.watch(key, `subscription { events(after: "`+begin+`") { __typename cursor type } }`)
	stream := w.listen(key, everything, "")
	id := w.workflow(key, "counted")
	watching.seen()
	agent := w.query(key, `mutation { registerAgent(input: {name: "A"}) { agent { id } } }`, nil)
	agentID := agent.Data["registerAgent"].(map[string]any)["agent"].(map[string]any)["id"].(string)
	for _, q := range []string{
		`mutation { createTask(input: {workflowId: "` + id + `", name: "T"}) { cursor } }`,
		`mutation { startWorkflow(input: {id: "` + id + `"}) { cursor } }`,
		`mutation { claimTasks(input: {agentId: "` + agentID + `", max: 2}) { attempt } }`,
		`{ workflows { totalCount } }`,
	} {
		if r := w.query(key, q, nil); r.code() != "" {
			t.Fatalf("%s: %+v", q, r)
		}
	}
	if r := w.query(key, `{ nonsense }`, nil); r.code() != "GRAPHQL_VALIDATION_FAILED" {
		t.Fatalf("%+v", r)
	}
	w.ask(http.MethodGet, "/nowhere", "")
	after := w.figures(key)
	for series, least := range map[string]float64{
		"wfd_stream_head_position":                                   5,
		"wfd_stream_sequencer_runs_total":                            1,
		"wfd_stream_batches_total":                                   1,
		"wfd_stream_events_total":                                    5,
		"wfd_stream_ring_reads_total":                                1,
		"wfd_stream_ring_events":                                     5,
		"wfd_stream_ring_bytes":                                      1000,
		"wfd_stream_subscribers":                                     1,
		"wfd_open_sockets":                                           1,
		"wfd_open_event_streams":                                     1,
		"wfd_claims_total":                                           1,
		"wfd_claimed_tasks_total":                                    1,
		`wfd_http_requests_total{operation="mutation",status="200"}`: 5,
		`wfd_http_requests_total{operation="query",status="200"}`:    1,
		`wfd_http_requests_total{operation="none",status="404"}`:     1,
		`wfd_http_requests_total{operation="none",status="101"}`:     1,
		`wfd_graphql_operation_seconds_count{operation="mutation"}`:  5,
		`wfd_graphql_operation_seconds_count{operation="query"}`:     1,
		`wfd_graphql_errors_total{code="GRAPHQL_VALIDATION_FAILED"}`: 1,
	} {
		if moved := after[series] - before[series]; moved < least {
			t.Errorf("%s moved by %v, want %v at least", series, moved, least)
		}
	}
	for _, series := range []string{
		"wfd_stream_epoch", `wfd_database_connections_max{pool="requests"}`, `wfd_database_connections_max{pool="stream"}`, "go_goroutines",
		"process_resident_memory_bytes",
	} {
		if after[series] <= 0 {
			t.Errorf("%s is %v", series, after[series])
		}
	}
	for series := range after {
		if strings.Contains(series, id) || strings.Contains(series, "wf_") || strings.Contains(series, "key_") {
			t.Errorf("%s names a noun", series)
		}
	}
	stream.close()
	for file, pattern := range map[string]string{"../docs/operations.md": "`(wfd_[a-z_]+)[`{]", "../deploy/grafana.json": `(wfd_[a-z_]+)`} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile(pattern).FindAllSubmatch(text, -1)
		if len(named) < 10 {
			t.Errorf("%s names %d series only", file, len(named))
		}
		for _, name := range named {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(after)), func(series string) bool { return strings.HasPrefix(series, string(name[1])) }) {
				t.Errorf("%s names %s, which there is not", file, name[1])
			}
		}
	}
}

func TestMetricsAreNotForStrangers(t *testing.T) {
	t.Parallel()
	closed := start(t, func(c *server.Config) { c.Closed = true })
	open := start(t, nil)
	if r, _ := open.ask(http.MethodGet, "/metrics", ""); r.StatusCode != http.StatusOK {
		t.Errorf("open: %d", r.StatusCode)
	}
	for role, status := range map[model.Role]int{
		"": http.StatusUnauthorized, model.RoleAgent: http.StatusForbidden, model.RoleViewer: http.StatusOK, model.RoleManager: http.StatusOK, model.RoleAdmin: http.StatusOK,
	} {
		var headers []string
		if role != "" {
			_, key := closed.key(role)
			headers = append(headers, "Authorization: Bearer "+key)
		}
		if r, text := closed.ask(http.MethodGet, "/metrics", "", headers...); r.StatusCode != status || (status == http.StatusOK) != strings.Contains(text, "wfd_stream_head_position") {
			t.Errorf("%q: %d, want %d", role, r.StatusCode, status)
		}
	}
}
