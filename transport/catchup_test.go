package transport_test

import (
	"fmt"
	"testing"

	"workflowfactory/transport/transporttest"
)

// Those who come back together to about the same place have each event executed for few of them, and not for the one who
// asked otherwise.
func TestWhoComesBackTogetherSharesThePastToo(t *testing.T) {
	t.Parallel()
	const missed, clients = 500, 20
	w := sharing(t, &transporttest.Source{})
	w.Feed.Publish("a", missed, 0)
	var late []*client
	for i := range clients {
		late = append(late, w.open("Caller", fmt.Sprintf("person%d:admin", i)))
	}
	guest := w.open("Caller", "guest:guest")
	for i, c := range late {
		c.subscribe("1", viewed, fmt.Sprintf(`{"after":"%d"}`, i))
	}
	guest.subscribe("1", viewed, `{"after":"0"}`)
	for n := range missed {
		for _, c := range late[:min(n+1, clients)] {
			c.expectSeen("1", "admin", n+1)
		}
		guest.expectSeen("1", "guest", n+1)
	}
	// An answer is good for 2 s, and on a busy machine some may come later than that.
	if got := w.Executed.Load(); got < 2*missed || got > missed*clients/4 {
		t.Errorf("%d events were executed %d times for two kinds of viewers, of whom one are %d", missed, got, clients)
	}
}
