package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"workflowfactory/model"
	"workflowfactory/transport/transporttest"
)

// theEnd is the name of the workflow whose event is the last that a subscriber waits for.
const theEnd = "the end"

// Published clients and curl, at a proxy that cuts their connections again and again in the middle of what the server
// says, end with the exact log.
func TestClientsWhoseConnectionsAreCutHaveTheExactLog(t *testing.T) {
	t.Parallel()
	const before, meanwhile = 60, 60
	w := start(t, nil)
	_, key := w.key(model.RoleManager)
	begin := w.now(key)
	for i := range before {
		w.workflow(key, fmt.Sprint(i))
	}
	live := func(name string) func(*testing.T, string) []string {
		return func(t *testing.T, address string) []string {
			return strings.Fields(transporttest.Script(t, "live.mjs", name, address, key, begin))
		}
	}
	bearer := []string{"--header", "Authorization: Bearer " + key, "--header", "Accept: text/event-stream"}
	seen := map[string][]string{}
	var mu sync.Mutex // protects seen
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := range meanwhile {
			w.workflow(key, fmt.Sprint(before+i))
		}
		w.workflow(key, theEnd)
	})
	t.Run("clients", func(t *testing.T) {
		for name, watch := range map[string]func(t *testing.T, address string) []string{
			"graphql-ws": live("graphql-ws"), "urql": live("urql"), "apollo": live("apollo"),
			"curl by POST": func(t *testing.T, address string) []string {
				return curl(t, begin, append(bearer, "--header", "Content-Type: application/json", "--data", `{"query": "`+named+`"}`, address)...)
			},
			"curl by GET": func(t *testing.T, address string) []string {
				return curl(t, begin, append(bearer, "--get", "--data-urlencode", "query="+named, address)...)
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				address, cuts := w.cutting()
				ids := watch(t, address+"/graphql")
				if cuts.Load() < 5 {
					t.Errorf("it was cut off %d times only", cuts.Load())
				}
				mu.Lock()
				defer mu.Unlock()
				seen[name] = ids
			})
		}
	})
	writing.Wait()
	want := w.ids(key, begin)
	if len(want) != before+meanwhile+1 || len(seen) != 5 {
		t.Fatalf("the log has %d events, and %d clients saw it", len(want), len(seen))
	}
	for name, ids := range seen {
		if !slices.Equal(ids, want) {
			t.Errorf("%s saw %d events, not the %d of the log in their order", name, len(ids), len(want))
		}
	}
}

const named = `subscription { events { id cursor ... on WorkflowEvent { workflow { name } } } }`

// ids are those of the events after a place.
func (w *world) ids(key, after string) (ids []string) {
	w.t.Helper()
	for more := true; more; {
		r := w.query(key, `query($after: EventCursor) { events(after: $after, first: 100) { nodes: edges { cursor node { id } } pageInfo { hasNextPage } } }`, map[string]any{"after": after})
		if r.code() != "" {
			w.t.Fatalf("%+v", r)
		}
		page := r.Data["events"].(map[string]any)
		for _, edge := range page["nodes"].([]any) {
			after = edge.(map[string]any)["cursor"].(string)
			ids = append(ids, edge.(map[string]any)["node"].(map[string]any)["id"].(string))
		}
		more = page["pageInfo"].(map[string]any)["hasNextPage"].(bool)
	}
	return ids
}

// cutting is a proxy before the server. It passes on what clients say, and cuts a connection when it has passed on some
// kilobytes of what the server says. It counts that.
func (w *world) cutting() (url string, cuts *atomic.Int64) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Error(err)
		return "", new(atomic.Int64)
	}
	w.t.Cleanup(func() { listener.Close() })
	cuts = new(atomic.Int64)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				server, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
				if err != nil {
					return
				}
				defer server.Close()
				go io.Copy(server, client)
				if _, err := io.CopyN(client, server, 1500+rand.Int64N(2500)); err == nil {
					cuts.Add(1)
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String(), cuts
}

// curl follows a stream of server-sent events, each time after the last one that it has got whole, until the end.
func curl(t *testing.T, last string, args ...string) (ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	for over := false; !over; {
		command := exec.CommandContext(ctx, "curl", append([]string{"--silent", "--no-buffer", "--header", "Last-Event-ID: " + last}, args...)...)
		out, err := command.StdoutPipe()
		if err == nil {
			err = command.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		var id, data string
		for lines := bufio.NewScanner(out); !over && lines.Scan(); {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); {
			case name == "id":
				id = value
			case name == "data":
				data = value
			case name == "" && data != "": // an empty line: the event is whole
				last = id
				ids = append(ids, nodeID.FindStringSubmatch(data)[1])
				over, data = strings.Contains(data, `"name":"`+theEnd+`"`), ""
			}
		}
		_ = command.Process.Kill()
		_ = command.Wait() // it was killed, or cut off
		if ctx.Err() != nil {
			t.Fatalf("after %d events: %v", len(ids), ctx.Err())
		}
	}
	return ids
}

var nodeID = regexp.MustCompile(`"id":"([^"]+)"`)
