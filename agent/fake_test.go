package agent_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"time"

	"workflowfactory/agent"
)

// fake speaks the protocol for one task, which it gives away until it has ended, and can lose answers.
type fake struct {
	*httptest.Server

	mu      sync.Mutex // protects what follows
	seen    []request  // in the order in which they came
	lose    map[string]int
	keys    map[string]bool // of claims that were answered with the task
	held    bool
	ended   bool
	called  bool // off
	decided bool
	told    bool // of the decision
	clear   bool // a policy decides
	mute    int  // how many heartbeats lose their answers once something was suggested
	drains  bool
}

type request struct {
	Verb  string
	Input map[string]any
}

// newFake loses the answers to the first so many requests of each verb, after having carried them out.
func newFake(lose map[string]int) *fake {
	f := &fake{lose: map[string]int{}, keys: map[string]bool{}}
	maps.Copy(f.lose, lose)
	f.Server = httptest.NewServer(http.HandlerFunc(f.answer))
	return f
}

var verb = regexp.MustCompile(`\) \{\s*(\w+)\(`)

func (f *fake) answer(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Query     string
		Variables struct{ Input map[string]any }
	}
	json.NewDecoder(r.Body).Decode(&body) // of the one query the input is no object, and left out
	if !slices.Contains(agent.Operations(), body.Query) {
		panic("a server that runs known operations only would refuse " + body.Query)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	q := request{verb.FindStringSubmatch(body.Query)[1], body.Variables.Input}
	f.seen = append(f.seen, q)
	answer := f.carryOut(q)
	if f.lose[q.Verb] > 0 {
		f.lose[q.Verb]--
		panic(http.ErrAbortHandler)
	}
	fmt.Fprintf(w, `{"data": {"%s": %s}}`, q.Verb, answer)
}

const task = `{"leaseToken": "token", "attempt": %d, "task": {"id": "task_1", "key": "greet", "name": "Greet", "maxAttempts": 3,
	"input": {"name": "Ada"}, "workflow": {"id": "wf_1"}, "dependsOn": []}}`

func (f *fake) carryOut(q request) string {
	switch q.Verb {
	case "registerAgent":
		return `{"agent": {"id": "agent_1"}}`
	case "claimTasks":
		return f.claim(q.Input["idempotencyKey"].(string))
	case "heartbeat":
		return f.beat(q.Input)
	case "createSuggestion":
		return f.suggest(q.Input)
	case "task":
		return `{"suggestions": {"edges": [{"node": ` + waving("APPROVED") + `}]}}`
	case "completeTask", "failTask":
		f.ended, f.held = true, false
	case "releaseTask":
		f.held = false
	}
	return "{}"
}

// suggest answers as a server does of which a policy decides at once when clear, and else a person a moment later.
func (f *fake) suggest(input map[string]any) string {
	if f.clear {
		return `{"suggestion": ` + waving("APPROVED") + `}`
	}
	f.decided, f.lose["heartbeat"] = true, f.mute
	if input["blocking"] == true {
		f.held = false
	}
	return `{"suggestion": ` + waving("PENDING") + `}`
}

func waving(status string) string {
	return fmt.Sprintf(`{"id": "sug_1", "kind": "ACTION", "action": "wave", "status": "%s", "approvedData": {"hand": "left"}}`, status)
}

func (f *fake) claim(key string) string {
	if !f.keys[key] && (f.held || f.ended || f.drains) {
		return "[]"
	}
	f.keys[key], f.held = true, true
	attempt := 1
	if f.decided {
		attempt = 2
	}
	return fmt.Sprintf("["+task+"]", attempt)
}

func (f *fake) beat(input map[string]any) string {
	f.drains = input["draining"] == true
	now := time.Now()
	leases, cancelled := []map[string]any{}, []string{}
	for range input["leases"].([]any) {
		leases = append(leases, map[string]any{"leaseExpiresAt": now.Add(time.Minute), "lost": !f.held || f.called})
		if f.called {
			cancelled = append(cancelled, "task_1")
		}
	}
	news := map[string]any{"serverTime": now, "nextHeartbeatSeconds": 1, "leases": leases, "cancelledTaskIds": cancelled}
	if f.decided && !f.told {
		f.told = true
		news["decidedSuggestions"] = []json.RawMessage{json.RawMessage(waving("APPROVED"))}
	}
	text, _ := json.Marshal(news)
	return string(text)
}

// of gives the requests of a verb.
func (f *fake) of(verb string) (found []request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, q := range f.seen {
		if q.Verb == verb {
			found = append(found, q)
		}
	}
	return found
}

func (f *fake) callOff() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.called = true
}
