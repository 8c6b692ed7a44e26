package server_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"workflowfactory/model"
	"workflowfactory/server"
	"workflowfactory/transport"
)

func TestCallersSeeWhatTheyHaveLeft(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *server.Config) { c.Rates = transport.Rates{Bucket: 2000, PerSecond: 1, Anonymous: 50} })
	_, viewer := w.key(model.RoleViewer)
	_, other := w.key(model.RoleViewer)
	const left = `{ rateLimit { limit remaining restoredPerSecond } }`
	remaining := func(key string) int {
		r := w.query(key, left, nil)
		if r.code() != "" || r.Data["rateLimit"] == nil {
			t.Fatalf("%+v", r)
		}
		return int(r.Data["rateLimit"].(map[string]any)["remaining"].(float64))
	}
	before := remaining(viewer)
	w.query(viewer, `{ workflows(first: 100) { edges { node { tasks(first: 10) { edges { node { id } } } } } } }`, nil) // 1 + 100 + 1,000
	if spent := before - remaining(viewer); spent < 1090 || spent > 1110 {
		t.Errorf("a page of 100 with 10 each cost %d", spent)
	}
	if r := w.query(viewer, `{ workflows(first: 100) { edges { node { tasks(first: 10) { edges { node { id } } } } } } }`, nil); r.code() != "RATE_LIMITED" || r.Status != http.StatusTooManyRequests {
		t.Errorf("another one: %+v", r)
	}
	if has := remaining(other); has < 1990 {
		t.Errorf("somebody else has %d left", has)
	}
	if has := remaining(""); has > 50 {
		t.Errorf("nobody has %d left", has)
	}
}

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
