package transport_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/transport"
)

const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

func (w *world) post(body string, header ...string) (*http.Response, string) {
	w.t.Helper()
	return w.request(http.MethodPost, "/", body, append([]string{"Content-Type", jsonType}, header...)...)
}

func TestAnswersByMediaType(t *testing.T) {
	t.Parallel()
	w := serve(t)
	const refusedHard = `{"errors":[{"message":"it failed hard","path":["failsHard"],"locations":[{"line":1,"column":2}]}],"data":null}`
	for name, c := range map[string]struct {
		query, accept string
		status        int
		body          string
	}{
		"data":                        {`{hello}`, jsonType, 200, `{"data":{"hello":"hello"}}`},
		"data, newer type":            {`{hello}`, responseType, 200, `{"data":{"hello":"hello"}}`},
		"field error":                 {`{fails}`, responseType, 200, `{"errors":[{"message":"it failed","path":["fails"],"locations":[{"line":1,"column":2}]}],"data":{"fails":null}}`},
		"null data":                   {`{failsHard}`, jsonType, 200, refusedHard},
		"null data, newer type":       {`{failsHard}`, responseType, 200, refusedHard},
		"parse error, older type":     {`{`, jsonType, 200, `{"errors":[{"message":"Expected Name, found \u003cEOF\u003e","locations":[{"line":1,"column":2}],"extensions":{"code":"GRAPHQL_PARSE_FAILED"}}]}`},
		"parse error, newer type":     {`{`, responseType, 400, `{"errors":[{"message":"Expected Name, found \u003cEOF\u003e","locations":[{"line":1,"column":2}],"extensions":{"code":"GRAPHQL_PARSE_FAILED"}}]}`},
		"subscription without stream": {`subscription{count(to:1)}`, responseType, 406, `{"errors":[{"message":"subscriptions need Accept: text/event-stream, or a WebSocket","extensions":{"code":"BAD_USER_INPUT"}}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			response, body := w.post(`{"query":"`+c.query+`"}`, "Accept", c.accept)
			if response.StatusCode != c.status || body != c.body {
				t.Errorf("%d %s\nwant %d %s", response.StatusCode, body, c.status, c.body)
			}
			if got := response.Header.Get("Content-Type"); got != c.accept+"; charset=utf-8" {
				t.Errorf("Content-Type %s", got)
			}
		})
	}
}

func TestRequestsThatAreNotWellFormed(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.MessageBytes = 1000 })
	const secret = "do not repeat me"
	for name, c := range map[string]struct {
		method, body string
		header       []string
		status       int
	}{
		"bad JSON":           {"POST", `{"query": ` + secret, nil, 400},
		"two values":         {"POST", `{"query":"{hello}"} {}`, nil, 400},
		"batch":              {"POST", `[{"query":"{hello}"}]`, nil, 400},
		"no query":           {"POST", `{"secret":"` + secret + `"}`, nil, 400},
		"null":               {"POST", `null`, nil, 400},
		"not UTF-8":          {"POST", "{\"query\":\"{hello}\xff\"}", nil, 400},
		"NUL":                {"POST", `{"query":"{hello}","variables":{"a":"\u0000"}}`, nil, 400},
		"lone surrogate":     {"POST", `{"query":"{hello}","variables":{"a":"\ud800"}}`, nil, 400},
		"number":             {"POST", `{"query":"{hello}","variables":{"a":1e400000}}`, nil, 400},
		"depth":              {"POST", `{"query":"{hello}","variables":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40) + `}`, nil, 400},
		"too large":          {"POST", `{"query":"` + strings.Repeat(" ", 1000) + `{hello}"}`, nil, 413},
		"form":               {"POST", `query={hello}`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		"multipart":          {"POST", ``, []string{"Content-Type", "multipart/form-data; boundary=x"}, 415},
		"text":               {"POST", `{"query":"{hello}"}`, []string{"Content-Type", "text/plain"}, 415},
		"no type":            {"POST", `{"query":"{hello}"}`, []string{"Content-Type", ""}, 415},
		"other charset":      {"POST", `{"query":"{hello}"}`, []string{"Content-Type", "application/json; charset=latin1"}, 415},
		"compressed":         {"POST", `{"query":"{hello}"}`, []string{"Content-Encoding", "gzip"}, 415},
		"nothing acceptable": {"POST", `{"query":"{hello}"}`, []string{"Accept", "text/html"}, 406},
		"other method":       {"PUT", `{"query":"{hello}"}`, nil, 405},
	} {
		t.Run(name, func(t *testing.T) {
			header := append([]string{"Content-Type", jsonType}, c.header...)
			response, body := w.request(c.method, "/", c.body, header...)
			if response.StatusCode != c.status {
				t.Errorf("status %d, want %d", response.StatusCode, c.status)
			}
			if !strings.HasPrefix(body, `{"errors":[{"message":"`) || strings.Contains(body, secret) {
				t.Errorf("body %s", body)
			}
			if allow := response.Header.Get("Allow"); (allow != "") != (c.status == 405) {
				t.Errorf("Allow %q", allow)
			}
		})
	}
	response, _ := w.request(http.MethodOptions, "/", "")
	if response.StatusCode != http.StatusNoContent || response.Header.Get("Allow") == "" {
		t.Errorf("OPTIONS %d, Allow %q", response.StatusCode, response.Header.Get("Allow"))
	}
}

func TestBodyOfUnknownLengthIsBounded(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) { c.Limits.MessageBytes = 1000 })
	body := struct{ *strings.Reader }{strings.NewReader(`{"query":"` + strings.Repeat(" ", 5000) + `{hello}"}`)}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", jsonType)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	w := serve(t)
	for accept, want := range map[string]string{
		"*/*":                                  jsonType,
		"application/*":                        jsonType,
		"text/html, */*;q=0.8":                 jsonType,
		responseType + ", " + jsonType:         responseType,
		jsonType + ", " + responseType:         jsonType,
		jsonType + ";q=0.5, " + responseType:   responseType,
		responseType + ";q=0.1, */*":           jsonType,
		"*/*, " + responseType:                 responseType,
		"*/*, " + jsonType + ";q=0":            responseType,
		"APPLICATION/GraphQL-Response+JSON":    responseType,
		jsonType + "; charset=utf-8":           jsonType,
		responseType + ";q=0":                  "",
		"image/png":                            "",
		"text/event-stream;q=0.1, " + jsonType: jsonType,
	} {
		response, body := w.post(`{"query":"{hello}"}`, "Accept", accept)
		got, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
		if want == "" && response.StatusCode != http.StatusNotAcceptable || want != "" && (got != want || response.StatusCode != 200) {
			t.Errorf("Accept %q: %d %s %s, want %q", accept, response.StatusCode, got, body, want)
		}
		if !strings.Contains(response.Header.Get("Vary"), "Accept") {
			t.Errorf("Accept %q: no Vary", accept)
		}
	}
}

func TestQueriesByGET(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *transport.Config) {
		c.Page = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "a page", http.StatusTeapot) })
	})
	const hello = `{"data":{"hello":"hello"}}`
	query := func(q string, more ...string) string {
		values := url.Values{"query": {q}}
		for i := 0; i < len(more); i += 2 {
			values.Set(more[i], more[i+1])
		}
		return "/?" + values.Encode()
	}
	for name, c := range map[string]struct {
		path   string
		header []string
		status int
		body   string
	}{
		"by Accept":           {query("{hello}"), []string{"Accept", responseType}, 200, hello},
		"by Content-Type":     {query("{hello}"), []string{"Content-Type", jsonType}, 200, hello},
		"by X-GraphQL-Client": {query("{hello}"), []string{"X-GraphQL-Client", "test"}, 200, hello},
		"by preflight":        {query("{hello}"), []string{"Apollo-Require-Preflight", "true"}, 200, hello},
		"by Authorization":    {query("{hello}"), []string{"Authorization", "Bearer x"}, 200, hello},
		"by fetch":            {query("{hello}"), []string{"Accept", "*/*", "Sec-Fetch-Mode", "cors"}, 200, hello},
		"variables":           {query("query($n:String){hello(name:$n)}", "variables", `{"n":"you"}`), []string{"Accept", responseType}, 200, `{"data":{"hello":"hello you"}}`},
		"operationName":       {query("query A{hello} query B{a:hello}", "operationName", "B"), []string{"Accept", responseType}, 200, `{"data":{"a":"hello"}}`},
		"an image":            {query("{hello}"), []string{"Accept", "image/png,*/*", "Sec-Fetch-Mode", "no-cors"}, 400, ""},
		"a fetch in disguise": {query("{hello}"), []string{"Accept", jsonType, "Sec-Fetch-Mode", "no-cors"}, 400, ""},
		"no header":           {query("{hello}"), nil, 400, ""},
		"a browser":           {query("{hello}"), []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode", "navigate"}, 418, "a page\n"},
		"a browser, no query": {"/", []string{"Accept", "text/html"}, 418, "a page\n"},
		"mutation":            {query("mutation{set(value:1)}"), []string{"Accept", responseType}, 405, ""},
		"bad variables":       {query("{hello}", "variables", "[]"), []string{"Accept", responseType}, 400, ""},
		"NUL in variables":    {query("{hello}", "variables", `{"a":"\u0000"}`), []string{"Accept", responseType}, 400, ""},
		"bad URL":             {"/?query=%zz", []string{"Accept", responseType}, 400, ""},
		"no query":            {"/", []string{"Accept", responseType}, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			response, body := w.request(http.MethodGet, c.path, "", c.header...)
			if response.StatusCode != c.status || c.body != "" && body != c.body {
				t.Errorf("%d %s, want %d %s", response.StatusCode, body, c.status, c.body)
			}
			if got := response.Header.Get("Allow"); (got == "POST") != (c.status == 405) {
				t.Errorf("Allow %q", got)
			}
		})
	}
	if got := w.Value.Load(); got != 0 {
		t.Errorf("a mutation ran by GET: %d", got)
	}
	response, body := w.request(http.MethodHead, query("{hello}"), "", "Accept", responseType)
	if response.StatusCode != 200 || body != "" || response.ContentLength != int64(len(hello)) {
		t.Errorf("HEAD %d %q, length %d", response.StatusCode, body, response.ContentLength)
	}
}

func TestDataIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var released []string
	w := serve(t, func(c *transport.Config) {
		c.Release = func(data []byte) {
			mu.Lock()
			defer mu.Unlock()
			released = append(released, string(data))
			copy(data, bytes.Repeat([]byte("!"), len(data))) // whoever still reads it is found out
		}
	})
	if _, body := w.post(`{"query":"{hello}"}`); body != `{"data":{"hello":"hello"}}` {
		t.Errorf("body %s", body)
	}
	c := w.open()
	c.subscribe("1", "subscription{count(to:2)}", "")
	c.expect(`{"id":"1","type":"next","payload":{"data":{"count":1}}}`)
	c.expect(`{"id":"1","type":"next","payload":{"data":{"count":2}}}`)
	c.expect(`{"id":"1","type":"complete"}`)
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(released, " "); got != `{"hello":"hello"} {"count":1} {"count":2}` {
		t.Errorf("released %s", got)
	}
}

func TestClientThatLeavesEndsItsQuery(t *testing.T) {
	t.Parallel()
	w := serve(t)
	ended := make(chan error, 1)
	w.OnEnd = func(err error) { ended <- err }
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.server.URL, strings.NewReader(`{"query":"{wait}"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", jsonType)
	go func() {
		if response, err := http.DefaultClient.Do(r); err == nil {
			response.Body.Close()
		}
	}()
	awaitSignal(t, w.Waiting)
	cancel()
	if err := awaitSignal(t, ended); err == nil {
		t.Error("the query did not end")
	}
}

func TestQueriesHaveADeadline(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	w := serve(t, func(c *transport.Config) {
		c.Limits.Operation = time.Hour
		c.Timeout = func(op *graphql.OperationContext) time.Duration {
			asked <- op.OperationName
			return 20 * time.Millisecond
		}
	})
	const query = `{"query":"query A{wait}","operationName":"A"}`
	for range 2 { // the second on another connection
		response, body := w.post(query)
		if !strings.Contains(body, context.DeadlineExceeded.Error()) || awaitSignal(t, asked) != "A" || !response.Close {
			t.Errorf("body %s, last of its connection: %t", body, response.Close)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(query)) // on no connection
	r.Header.Set("Content-Type", jsonType)
	answer := httptest.NewRecorder()
	w.http.ServeHTTP(answer, r)
	if body := answer.Body.String(); !strings.Contains(body, context.DeadlineExceeded.Error()) {
		t.Errorf("body %s", body)
	}
}
