package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"workflowfactory/exec"
	"workflowfactory/model"
	"workflowfactory/server"
)

// executions counts how often events were executed: each time, their cursors are resolved once.
type executions struct{ atomic.Int64 }

func (n *executions) counted(c *server.Config) {
	c.Limits.SocketsPerCaller = 2000
	c.Executor = []exec.Option{exec.OnCall(func(object, field string, _ int) {
		if field == "cursor" && strings.HasSuffix(object, "Event") {
			n.Add(1)
		}
	})}
}

const joined = "subscription joined"

// watch opens a socket with one subscription.
func (w *world) watch(key, query string) *socket {
	w.t.Helper()
	s := w.dial(nil)
	s.open(`{"authorization": "Bearer ` + key + `"}`)
	s.subscribe("1", query)
	return s
}

// seen reads the next event of a subscription to `events`.
func (s *socket) seen() seen {
	s.t.Helper()
	m := s.next()
	return seenIn(s.t, m.Payload)
}

type seen struct {
	Typename string `json:"__typename"`
	Cursor   string
	Type     string
}

func seenIn(t testing.TB, payload []byte) seen {
	t.Helper()
	var answer struct{ Data struct{ Events *seen } }
	if err := json.Unmarshal(payload, &answer); err != nil || answer.Data.Events == nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return *answer.Data.Events
}

const everything = `subscription { events { __typename cursor type } }`

// now is a place after all that has been written.
func (w *world) now(key string) string {
	w.t.Helper()
	r := w.query(key, `mutation { createWorkflow(input: {name: "last of the past"}) { cursor } }`, nil)
	if r.code() != "" {
		w.t.Fatalf("%+v", r)
	}
	return r.Data["createWorkflow"].(map[string]any)["cursor"].(string)
}

func (w *world) workflow(key, name string) string {
	w.t.Helper()
	r := w.query(key, `mutation($name: String!) { createWorkflow(input: {name: $name}) { workflow { id } } }`, map[string]any{"name": name})
	if r.code() != "" {
		w.t.Fatalf("%+v", r)
	}
	return r.Data["createWorkflow"].(map[string]any)["workflow"].(map[string]any)["id"].(string)
}

func TestOneExecutionServesAllWhoAskTheSame(t *testing.T) {
	t.Parallel()
	const sockets, events = 100, 5
	var n executions
	w := start(t, n.counted)
	_, writer := w.key(model.RoleManager)
	_, other := w.key(model.RoleManager) // who may see the same
	now := w.now(writer)
	query := strings.Replace(everything, "events", `events(after: "`+now+`")`, 1)
	var watching []*socket
	for i := range sockets {
		watching = append(watching, w.watch([]string{writer, other}[i%2], query))
	}
	stream := w.listen(writer, query, "")
	w.log.await(t, joined, sockets+1)
	before := n.Load()
	for i := range events {
		w.workflow(writer, fmt.Sprint(i))
	}
	var cursors []string
	for range events {
		cursors = append(cursors, watching[0].seen().Cursor)
	}
	for _, s := range watching[1:] {
		for i := range events {
			if got := s.seen(); got.Cursor != cursors[i] {
				t.Fatalf("event %d: %+v, not %s", i, got, cursors[i])
			}
		}
	}
	for i := range events {
		if got := stream.next(); got.id != cursors[i] || seenIn(t, got.data).Cursor != cursors[i] {
			t.Errorf("event %d of the stream: %+v", i, got)
		}
	}
	if got := n.Load() - before; got != events {
		t.Errorf("%d events were executed %d times", events, got)
	}
}

func TestEventsTouchOnlyThoseWhomTheyConcern(t *testing.T) {
	t.Parallel()
	const sockets = 1000
	var n executions
	w := start(t, n.counted)
	_, writer := w.key(model.RoleManager)
	var ids []string
	for i := range sockets {
		id := model.NewID(model.KindWorkflow).String()
		if i%250 == 0 {
			id = w.workflow(writer, "watched")
		}
		ids = append(ids, id)
	}
	watching := map[string]*socket{}
	now := w.now(writer)
	for _, id := range ids {
		watching[id] = w.watch(writer, `subscription { workflowEvents(workflowId: "`+id+`", after: "`+now+`") { cursor type workflowId } }`)
	}
	w.log.await(t, joined, sockets)
	before := n.Load()
	for _, id := range []string{ids[0], ids[500], ids[750]} {
		if r := w.query(writer, `mutation($id: ID!) { updateWorkflow(input: {id: $id, name: "changed"}) { workflow { id } } }`, map[string]any{"id": id}); r.code() != "" {
			t.Fatalf("%+v", r)
		}
		if m := watching[id].next(); !strings.Contains(string(m.Payload), id) {
			t.Errorf("%s: %s", id, m.Payload)
		}
	}
	if got := n.Load() - before; got != 3 {
		t.Errorf("3 events were executed %d times", got)
	}
}

// Everybody asks the same; each must get what they may see and nothing else, though much of it is one payload.
func TestRightsAreNeverShared(t *testing.T) {
	t.Parallel()
	const rounds = 20
	var n executions
	w := start(t, n.counted)
	_, admin := w.key(model.RoleAdmin)
	_, viewer := w.key(model.RoleViewer)
	var agents [2]string
	for i := range agents {
		_, agents[i] = w.key(model.RoleAgent)
		w.register(agents[i], 0)
	}
	asked := `subscription { events(after: "` + w.now(admin) + `") { __typename cursor type actor { name } ... on AgentEvent { agentId agent { description } } ... on AccessEvent { apiKeyId } } }`
	keys := []string{admin, viewer, agents[0], agents[1]}
	var watching []*socket
	for range 3 {
		for _, key := range keys {
			watching = append(watching, w.watch(key, asked))
		}
	}
	w.log.await(t, joined, len(watching))
	before := n.Load()
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := range rounds {
			w.workflow(admin, fmt.Sprint(i))
		}
	})
	writing.Go(func() {
		for range rounds {
			w.key(model.RoleViewer)
		}
	})
	for i := range agents {
		writing.Go(func() {
			for j := range rounds {
				w.register(agents[i], j+1)
			}
		})
	}
	writing.Wait()
	sees := []map[string]int{ // by whom
		{"WORKFLOW_CREATED": rounds, "API_KEY_CREATED": rounds, "AGENT_REGISTERED": 2 * rounds},
		{"WORKFLOW_CREATED": rounds, "AGENT_REGISTERED": 2 * rounds},
		{"AGENT_REGISTERED": rounds},
		{"AGENT_REGISTERED": rounds},
	}
	most := 0
	var payloads [4][]string
	for i, s := range watching {
		got := map[string]int{}
		total := 0
		for _, times := range sees[i%4] {
			total += times
		}
		var all []string
		for range total {
			m := s.next()
			got[seenIn(t, m.Payload).Type]++
			all = append(all, string(m.Payload))
		}
		if fmt.Sprint(got) != fmt.Sprint(sees[i%4]) {
			t.Errorf("subscriber %d saw %v, not %v", i, got, sees[i%4])
		}
		if i < 4 {
			payloads[i], most = all, most+total
		} else if !slices.Equal(all, payloads[i%4]) {
			t.Errorf("subscriber %d saw other payloads than those who may see the same", i)
		}
	}
	for _, payload := range payloads[2] {
		if slices.Contains(payloads[3], payload) {
			t.Errorf("two agents saw %s", payload)
		}
	}
	if got := n.Load() - before; got != int64(most) {
		t.Errorf("what four may see was executed %d times, not %d", got, most)
	}
}

func (w *world) register(key string, version int) {
	w.t.Helper()
	name := "agent " + key[len(key)-8:]
	r := w.query(key, `mutation($name: String!, $text: String) { registerAgent(input: {name: $name, description: $text}) { agent { id } } }`,
		map[string]any{"name": name, "text": fmt.Sprint(name, " ", version)})
	if r.code() != "" {
		w.t.Errorf("%+v", r)
	}
}

// Connections come and go while events are written; whoever goes on where they were misses nothing and gets nothing twice.
func TestSharedStreamsHaveNoGaps(t *testing.T) {
	t.Parallel()
	const events, every = 60, 7
	var n executions
	w := start(t, n.counted)
	_, writer := w.key(model.RoleManager)
	w.watch(writer, everything) // keeps the group going
	w.log.await(t, joined, 1)
	begin := w.now(writer)
	var all sync.WaitGroup
	all.Go(func() {
		for i := range events {
			w.workflow(writer, fmt.Sprint(i))
		}
	})
	bySocket, byStream := make([]string, 0, events), make([]string, 0, events)
	all.Go(func() {
		for after := begin; len(bySocket) < events; {
			s := w.watch(writer, `subscription { events(after: "`+after+`") { __typename cursor type } }`)
			for range min(every, events-len(bySocket)) {
				after = s.seen().Cursor
				bySocket = append(bySocket, after)
			}
			s.conn.Close()
		}
	})
	all.Go(func() {
		for last := begin; len(byStream) < events; {
			s := w.listen(writer, `subscription { events { type } }`, last) // whose document asks for no cursor
			for range min(every, events-len(byStream)) {
				last = s.next().id
				byStream = append(byStream, last)
			}
			s.close()
		}
	})
	all.Wait()
	answer := w.query(writer, `query($after: EventCursor) { events(after: $after, first: 100) { edges { node { cursor } } } }`, map[string]any{"after": begin})
	if answer.code() != "" {
		t.Fatalf("%+v", answer)
	}
	var want []string
	for _, edge := range answer.Data["events"].(map[string]any)["edges"].([]any) {
		want = append(want, edge.(map[string]any)["node"].(map[string]any)["cursor"].(string))
	}
	if len(want) != events || !slices.Equal(bySocket, want) || !slices.Equal(byStream, want) {
		t.Errorf("of %d events sockets saw %d and streams %d, or not in order", len(want), len(bySocket), len(byStream))
	}
}

// eventStream is one of server-sent events.
type eventStream struct {
	t     testing.TB
	lines *bufio.Scanner
	close func() error
}

type sentEvent struct {
	id   string
	data []byte
}

func (w *world) listen(key, query, last string) *eventStream {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		w.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header = http.Header{"Accept": {"text/event-stream"}, "Content-Type": {"application/json"}, "Authorization": {"Bearer " + key}}
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { response.Body.Close() })
	return &eventStream{t: w.t, lines: bufio.NewScanner(response.Body), close: response.Body.Close}
}

// next reads one event.
func (s *eventStream) next() (e sentEvent) {
	s.t.Helper()
	for s.lines.Scan() {
		line := s.lines.Text()
		switch name, value, _ := strings.Cut(line, ": "); {
		case name == "id":
			e.id = value
		case name == "data":
			e.data = []byte(value)
		case line == "" && e.data != nil:
			return e
		}
	}
	s.t.Fatalf("the stream ended: %v", s.lines.Err())
	return e
}
