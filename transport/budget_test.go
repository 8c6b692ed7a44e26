package transport_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"workflowfactory/transport"
)

// budgeted makes a server with such rates; who sends the header Caller is known.
func budgeted(t *testing.T, rates transport.Rates) *world {
	t.Helper()
	rates.Who = func(ctx context.Context) (string, bool) { return callerOf(ctx), callerOf(ctx) != "" }
	return serve(t, func(c *transport.Config) { c.Budgets = transport.NewBudgets(rates) })
}

const hello = `{"query":"{hello}"}`

func TestNobodySpendsMoreThanTheyHave(t *testing.T) {
	t.Parallel()
	w := budgeted(t, transport.Rates{Bucket: 3, PerSecond: 1, Anonymous: 1})
	for name, c := range map[string]struct {
		headers []string
		has     int
	}{"known": {[]string{"Caller", "a"}, 3}, "somebody else": {[]string{"Caller", "b"}, 3}, "nobody": {nil, 1}} {
		t.Run(name, func(t *testing.T) {
			refused := 0
			for i := range c.has + 10 { // far more than can have come back meanwhile
				response, body := w.post(hello, c.headers...)
				switch {
				case response.StatusCode == http.StatusOK && strings.Contains(body, `"hello"`):
					continue
				case i < c.has:
					t.Fatalf("operation %d of %d: %d %s", i+1, c.has, response.StatusCode, body)
				}
				refused++
				seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
				if response.StatusCode != http.StatusTooManyRequests || err != nil || seconds < 1 || seconds > 3 ||
					!strings.Contains(body, fmt.Sprintf(`"retryAfterSeconds":%d`, seconds)) || !strings.Contains(body, `"code":"RATE_LIMITED"`) {
					t.Fatalf("%d Retry-After %q: %s", response.StatusCode, response.Header.Get("Retry-After"), body)
				}
			}
			if refused == 0 {
				t.Error("nothing was refused")
			}
		})
	}
}

// What may be touched is paid for before it is, also by operations that are then refused for other reasons.
func TestOperationsCostWhatTheyMayTouch(t *testing.T) {
	t.Parallel()
	w := budgeted(t, transport.Rates{Bucket: 1000, PerSecond: 1})
	for _, c := range []struct{ query, header, extensions, want string }{
		{`{hello}`, "1", "", `"cost":{"limit":1000,"remaining":999,"requested":1,"restoredPerSecond":1}`},
		{`{hello}`, "", `{"cost":true}`, `"cost":{"limit":1000,"remaining":998,"requested":1,"restoredPerSecond":1}`},
		{`{hello}`, "", `{"cost":false}`, ``},
		{`{nonsense}`, "", "", `GRAPHQL_VALIDATION_FAILED`},
		{`{hello}`, "1", "", `"remaining":99`},
	} {
		body := fmt.Sprintf(`{"query":%q}`, c.query)
		if c.extensions != "" {
			body = fmt.Sprintf(`{"query":%q,"extensions":%s}`, c.query, c.extensions)
		}
		headers := []string{"Caller", "a"}
		if c.header != "" {
			headers = append(headers, transport.CostHeader, c.header)
		}
		_, answer := w.post(body, headers...)
		if !strings.Contains(answer, c.want) || c.want == "" && strings.Contains(answer, "cost") {
			t.Errorf("%s gives %s, which lacks %s", body, answer, c.want)
		}
	}
}

// What an operation may touch has to be there before it runs; what it did not touch is there again afterwards.
func TestWhatWasNotTouchedIsGivenBack(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Bounds = map[string]transport.Bound{"Query.some": {Argument: "input.max"}}
		c.Budgets = transport.NewBudgets(transport.Rates{Bucket: 1000, PerSecond: 1, Who: func(context.Context) (string, bool) { return "a", true }})
	})
	for _, c := range []struct {
		arguments                    string
		requested, actual, remaining int
	}{
		{`input:{max:900}`, 901, 1, 999},
		{`ids:["a","b"] input:{max:900}`, 901, 3, 996},
		{`ids:["a","b","c"] input:{max:1}`, 2, 4, 992}, // more than was thought
		{`input:{max:940}`, 941, 1, 991},
	} {
		cost := w.cost(`{some(` + c.arguments + `){id}}`)
		come := cost["remaining"] - c.remaining // back meanwhile
		if cost["requested"] != c.requested || cost["actual"] != c.actual || come < 0 || come > 50 {
			t.Errorf("%s: %v, want %+v", c.arguments, cost, c)
		}
	}
	query := `{some(ids:["a"] input:{max:4000}){id}}`
	w.cost(query)
	if body := w.answer(query); !strings.Contains(body, "RATE_LIMITED") {
		t.Errorf("more than is there: %s", body)
	}
}

func (w *world) answer(query string) string {
	body, _ := json.Marshal(map[string]any{"query": query, "extensions": map[string]any{"cost": true}})
	_, answer := w.post(string(body))
	return answer
}

// cost is what an answer says that it cost.
func (w *world) cost(query string) map[string]int {
	w.t.Helper()
	var answer struct{ Extensions struct{ Cost map[string]int } }
	body := w.answer(query)
	if decode(w.t, body, &answer); answer.Extensions.Cost == nil {
		w.t.Errorf("%s: %s", query, body)
	}
	return answer.Extensions.Cost
}

func TestMetersMeasureEachByItself(t *testing.T) {
	t.Parallel()
	meter := transport.NewMeter(3, 0.01)
	for _, name := range []string{"a", "b"} {
		for i := range 3 {
			if wait := meter.Take(name); wait != 0 {
				t.Errorf("%s waits for %s before number %d", name, wait, i)
			}
		}
		for range 2 { // what is refused is not charged
			if wait := meter.Take(name); wait < 90*time.Second || wait > 100*time.Second {
				t.Errorf("%s waits for %s", name, wait)
			}
		}
	}
	for _, none := range []*transport.Meter{transport.NewMeter(0, 1), transport.NewMeter(1, 0)} {
		for range 3 {
			if wait := none.Take("a"); wait != 0 {
				t.Errorf("nothing bounds, yet it waits for %s", wait)
			}
		}
	}
}

func TestSocketsSpendToo(t *testing.T) {
	t.Parallel()
	w := budgeted(t, transport.Rates{Bucket: 2, PerSecond: 1})
	c := w.open("Caller", "a")
	refused := 0
	for i := range 10 {
		id := strconv.Itoa(i)
		c.subscribe(id, `{hello}`, "")
		if r := c.reply(); r.Type == "error" {
			refused++
			if !strings.Contains(string(r.Payload), `"retryAfterSeconds":1`) {
				t.Errorf("%s", r.Payload)
			}
			continue
		}
		c.expect(fmt.Sprintf(`{"id":%q,"type":"complete"}`, id))
	}
	if refused < 5 {
		t.Errorf("%d of 10 were refused", refused)
	}
}

// Any number of strangers takes a bounded place, and pushes no caller's budget out.
func TestBudgetsAreBounded(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	name, known := "", false
	budgets := transport.NewBudgets(transport.Rates{Bucket: 10, PerSecond: 1, Anonymous: 1, Who: func(context.Context) (string, bool) {
		mu.Lock()
		defer mu.Unlock()
		return name, known
	}})
	w := serve(t, func(c *transport.Config) { c.Budgets = budgets })
	as := func(who string, is bool) { mu.Lock(); name, known = who, is; mu.Unlock() }
	as("caller", true)
	for range 5 {
		w.post(hello)
	}
	for i := range 30_000 {
		as(strconv.Itoa(i), false)
		budgets.Left(t.Context())
	}
	as("caller", true)
	if left, _ := budgets.Left(t.Context()); left.Remaining > 9 {
		t.Errorf("the caller's budget was forgotten: %+v", left)
	}
}
