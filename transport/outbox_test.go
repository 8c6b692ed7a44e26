package transport

import (
	"bytes"
	"testing"
)

func TestTheWriterIsRousedOnceAndMissesNothing(t *testing.T) {
	t.Parallel()
	roused := 0
	limits := (&Limits{}).WithDefaults()
	o := newOutbox(&limits, func() { roused++ })
	some := frame{bytes: bytes.Repeat([]byte("x"), 20*kibi)}
	take := func(want int, last string) {
		t.Helper()
		if taken, got := o.take(nil); len(taken) != want || string(got) != last {
			t.Fatalf("took %d and %q; want %d and %q", len(taken), got, want, last)
		}
	}
	sleeps := func(want bool, times int) {
		t.Helper()
		if got := o.sleep(); got != want || roused != times {
			t.Fatalf("sleeps %t after being roused %d times; want %t, %d", got, roused, want, times)
		}
	}
	for range 3 {
		o.put(some) // while it is awake, as in the beginning
	}
	sleeps(false, 0)
	take(2, "") // about a chunk
	sleeps(false, 0)
	take(1, "")
	sleeps(true, 0)
	o.put(some)
	o.put(some)
	sleeps(false, 1)
	take(2, "")
	o.put(some) // between looking and going to sleep
	sleeps(false, 1)
	take(1, "")
	sleeps(true, 1)
	for range 3 {
		o.put(some)
	}
	sleeps(false, 2)
	o.end([]byte("bye")) // which comes after all of them
	take(2, "")
	sleeps(false, 2)
	take(1, "bye")
	sleeps(true, 2)
	o.end([]byte("bye")) // also when there is nothing else
	sleeps(false, 3)
	take(0, "bye")
	if o.bytes != 0 {
		t.Errorf("%d bytes are counted in an empty queue", o.bytes)
	}
}

func TestNoFrameIsCut(t *testing.T) {
	t.Parallel()
	limits := (&Limits{}).WithDefaults()
	o := newOutbox(&limits, func() {})
	for _, size := range []int{1, 3 * chunk, 1} {
		o.put(frame{bytes: make([]byte, size)})
	}
	for _, want := range []int{2, 1, 0} {
		if taken, _ := o.take(nil); len(taken) != want {
			t.Errorf("took %d, want %d", len(taken), want)
		}
	}
}

func TestEventsAreQueuedAsFarAsThereIsRoom(t *testing.T) {
	t.Parallel()
	limits := (&Limits{QueueEvents: 4, QueueBytes: 100}).WithDefaults()
	o, owner := newOutbox(&limits, func() {}), &operation{}
	queues := func(want, queued int, events ...shared) {
		t.Helper()
		if got := o.offerAll(owner, events); got != want || len(o.frames) != queued {
			t.Errorf("%d of %d events were taken and %d are queued; want %d and %d", got, len(events), len(o.frames), want, queued)
		}
	}
	said, silent := shared{payload: make([]byte, 10)}, shared{}
	about := shared{payload: make([]byte, 10), key: "a task"}
	queues(0, 0)
	queues(3, 2, said, silent, about)
	queues(3, 4, about, said, said) // the first takes the place of what was there
	queues(1, 4, silent, said, said)
	queues(1, 4, about)
	o.take(nil)
	queues(1, 1, some(0, 2, 200)...) // one of any size into an empty queue
}
