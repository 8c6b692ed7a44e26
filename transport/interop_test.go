package transport_test

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"

	"workflowfactory/transport/transporttest"
)

// The 61 audits: 13 MUST, 23 SHOULD, 25 MAY.
func TestAuditsOfGraphQLOverHTTP(t *testing.T) {
	t.Parallel()
	w := serve(t)
	passed := map[string]int{}
	lines := bufio.NewScanner(strings.NewReader(transporttest.Script(t, "audit.mjs", w.server.URL)))
	for lines.Scan() {
		var audit struct{ ID, Name, Status, Reason string }
		if err := json.Unmarshal(lines.Bytes(), &audit); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if audit.Status != "ok" {
			t.Errorf("%s %s: %s: %s", audit.ID, audit.Name, audit.Status, audit.Reason)
			continue
		}
		level, _, _ := strings.Cut(audit.Name, " ")
		passed[level]++
	}
	if passed["MUST"] != 13 || passed["SHOULD"] != 23 || passed["MAY"] != 25 {
		t.Errorf("passed %v, want 13 MUST, 23 SHOULD, 25 MAY", passed)
	}
}

func TestPublishedClients(t *testing.T) {
	t.Parallel()
	const operations = `{"data":{"hello":"hello"}}
{"data":{"set":0}}
{"error":["GRAPHQL_VALIDATION_FAILED"]}
`
	for _, client := range []string{"graphql-ws", "urql", "apollo"} {
		for how, want := range map[string]string{
			"resume": "1\n2\n3\n4\n5\n6\n",
			"repeat": "1\n2\n3\n1\n2\n3\n4\n5\n6\n", // so it is `resume` that makes the difference
		} {
			t.Run(client+" "+how, func(t *testing.T) {
				t.Parallel()
				w := serve(t)
				go func() {
					for n := range 2 { // once for each connection of the subscriber
						if w.Feed.AwaitBegun(t.Context(), n+1) == nil {
							w.Feed.Publish("a", 3, 0)
						}
					}
				}()
				if got := transporttest.Script(t, "ws.mjs", client, w.server.URL, how); got != operations+want {
					t.Errorf("the client saw\n%s\nwant\n%s", got, operations+want)
				}
			})
		}
	}
}

func TestReferenceEventStreamClient(t *testing.T) {
	t.Parallel()
	w := serve(t)
	const want = `{"data":{"hello":"hello"}}
{"data":{"count":1}}
{"data":{"count":2}}
{"data":{"count":3}}
"GRAPHQL_VALIDATION_FAILED"
`
	if got := transporttest.Script(t, "sse.mjs", w.server.URL); got != want {
		t.Errorf("the client saw\n%s\nwant\n%s", got, want)
	}
}

func TestIntrospectionOfToolsPasses(t *testing.T) {
	t.Parallel()
	w := serve(t)
	for line := range strings.Lines(transporttest.Script(t, "introspection.mjs")) {
		_, body := w.post(`{"query":` + strings.TrimSpace(line) + `}`)
		if strings.Contains(body, `"errors"`) {
			t.Errorf("%s\n%.1000s", line, body)
			continue
		}
		if sdl := transporttest.Script(t, "introspection.mjs", body); !strings.Contains(sdl, "type NodeConnection {") {
			t.Errorf("the schema is\n%s", sdl)
		}
	}
}
