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
	take := func(want int, all bool) {
		t.Helper()
		if taken, isAll := o.take(nil); len(taken) != want || isAll != all {
			t.Fatalf("took %d, all of them %t; want %d, %t", len(taken), isAll, want, all)
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
	take(2, false) // about a chunk
	sleeps(false, 0)
	take(1, true)
	sleeps(true, 0)
	o.put(some)
	o.put(some)
	sleeps(false, 1)
	take(2, true)
	o.put(some) // between looking and going to sleep
	sleeps(false, 1)
	take(1, true)
	sleeps(true, 1)
	o.nudge()
	sleeps(false, 2)
	take(0, true)
	sleeps(true, 2)
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
