package transport

import (
	"crypto/sha256"
	"strconv"
	"testing"
	"time"
)

// some are the answers to n events after a position, of so many bytes each.
func some(after, n, size int) (events []shared) {
	for p := after + 1; p <= after+n; p++ {
		events = append(events, shared{position: int64(p), cursor: strconv.Itoa(p), payload: make([]byte, size)})
	}
	return events
}

func TestAnswersAreFoundFromEveryPlaceOfAStretch(t *testing.T) {
	t.Parallel()
	one, other := sha256.Sum256([]byte("one")), sha256.Sum256([]byte("other"))
	var r replays
	over := r.wanted()
	stretchOf := func(events []shared, at time.Time) *stretch {
		return &stretch{replayKey{one, strconv.FormatInt(events[0].position-1, 10)}, events, at}
	}
	finds := func(after string, want ...int64) {
		t.Helper()
		var got []int64
		for _, event := range r.find(replayKey{one, after}) {
			got = append(got, event.position)
		}
		if len(got) != len(want) || len(got) > 0 && (got[0] != want[0] || got[len(got)-1] != want[len(want)-1]) {
			t.Errorf("after %s: %v, want %v", after, got, want)
		}
	}
	r.keep(stretchOf(some(10, 3, 1), time.Now()))
	finds("10", 11, 12, 13)
	finds("12", 13)
	finds("13")
	finds("011") // the same position, but by the cursor of another history
	if found := r.find(replayKey{other, "10"}); found != nil {
		t.Errorf("another group found %v", found)
	}
	r.keep(stretchOf(some(20, 3, 1), time.Now().Add(-2*replayFor)))
	finds("20") // too old
	r.keep(stretchOf(some(11, 4, 1), time.Now()))
	finds("10", 11, 12, 13)
	finds("12", 13, 14, 15) // the newer of two
	r.keep(stretchOf(some(30, 4, replayBytes/4), time.Now()))
	finds("10")
	finds("30") // alone it is more than may be kept
	r.keep(stretchOf(some(40, 3, replayBytes/4), time.Now()))
	finds("40", 41, 42, 43)
	over()
	finds("40")
	if r.bytes != 0 || len(r.after) != 0 || r.order.Len() != 0 {
		t.Errorf("%d bytes, %d places and %d stretches are kept for nobody", r.bytes, len(r.after), r.order.Len())
	}
}
