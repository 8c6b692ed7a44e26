package transport_test

import (
	"testing"

	"workflowfactory/transport"
	"workflowfactory/transport/transporttest"
)

// Of what waits for a slow client, the newest of each key is kept, and with few keys nothing ever overflows. Who did not
// ask for that gets everything.
func TestNewerEventsReplaceThoseThatWait(t *testing.T) {
	t.Parallel()
	const rounds, size = 100, 16 << 10
	topics := []string{"a", "b", "c"}
	for name, keyed := range map[string]bool{"replaced": true, "control": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sharing(t, &transporttest.Source{Keyed: keyed}, func(c *transport.Config) {
				c.Limits.QueueEvents, c.Limits.Slow, c.Limits.Write, c.Limits.KeepAlive = len(topics)+1, patience, patience, patience
			})
			slow, quick := w.openNarrow("Caller", "a:admin"), w.open("Caller", "b:admin")
			w.join(slow, "s", ticks, "")
			w.join(quick, "q", ticks, "")
			for range rounds {
				for _, topic := range topics {
					w.Feed.Publish(topic, 1, size)
				}
			}
			all := rounds * len(topics)
			for quick.tick("q") < all {
			}
			last := map[int]int{} // by topic: they take turns
			received := 0
			for at := 0; at < all; received++ {
				n := slow.tick("s")
				if n <= at {
					t.Fatalf("event %d after %d", n, at)
				}
				at = n
				last[n%len(topics)] = n
			}
			for i := range topics {
				if n := all - i; last[n%len(topics)] != n {
					t.Errorf("the last event about a topic was %d, want %d", last[n%len(topics)], n)
				}
			}
			if keyed == (received == all) {
				t.Errorf("received %d of %d events", received, all)
			}
			w.awaitReaders(1) // the group alone
		})
	}
}
