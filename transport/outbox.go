package transport

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// errSlow ends a subscription whose client takes its events more slowly than they come.
var errSlow = errors.New("the client takes events too slowly")

// frame is one message on its way to a client.
type frame struct {
	owner  *operation // whose message it is; nil for the connection's own
	bytes  []byte     // the whole message or, in a `next`, its payload, which others may share
	next   bool
	cursor string // of a `next`
	key    any    // a frame of the same owner with the same key makes this one old news; nil when nothing does
}

// outbox is the bounded queue between everything that speaks on a connection and the one that writes to it.
//
// The writer sleeps until it is roused: once, however much is queued. It has to ask before it sleeps again, and, since it
// begins awake, before it first does.
type outbox struct {
	maxEvents, maxBytes int

	rouse func() // wakes the writer, which is asleep; called with mu held

	mu     sync.Mutex // protects what follows
	awake  bool       // the writer is
	news   bool       // since the writer looked last
	frames []frame
	bytes  int
	last   []byte // what is written after all else; nil until that is known
	closed bool
	room   chan struct{} // closed when frames are taken; nil while nobody waits
}

func newOutbox(limits *Limits, rouse func()) *outbox {
	return &outbox{maxEvents: limits.QueueEvents, maxBytes: limits.QueueBytes, rouse: rouse, awake: true}
}

// put queues a frame whatever is queued already: for what a connection says a bounded number of times.
func (o *outbox) put(f frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.add(f)
}

// await queues a frame as soon as there is room. It gives errSlow when there was none for as long as patience says, and
// the context's cause when that ended first.
func (o *outbox) await(ctx context.Context, f frame, patience time.Duration) error {
	room, ok := o.offer(f)
	if ok {
		return nil
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for !ok {
		select {
		case <-room:
		case <-timer.C:
			return errSlow
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		room, ok = o.offer(f)
	}
	return nil
}

// offer queues a frame if there is room; otherwise it returns what is closed when that may have changed.
func (o *outbox) offer(f frame) (<-chan struct{}, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.supersede(f)
	if o.fits(f) {
		o.add(f)
		return nil, true
	}
	if o.room == nil {
		o.room = make(chan struct{})
	}
	return o.room, false
}

// offerAll queues the answers of an operation to events as far as there is room, and gives for how many of them there was.
func (o *outbox) offerAll(owner *operation, events []shared) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if room := o.maxEvents - len(o.frames); len(events) > 1 && room > 0 {
		o.frames = slices.Grow(o.frames, min(len(events), room))
	}
	for i, e := range events {
		if e.payload == nil {
			continue
		}
		f := frame{owner: owner, bytes: e.payload, next: true, cursor: e.cursor, key: e.key}
		if o.supersede(f); !o.fits(f) {
			return i
		}
		o.add(f)
	}
	return len(events)
}

// supersede takes out of the queue what the frame makes old news. The frame itself goes to the end, so that cursors
// ascend; should it not fit, its operation reads it again later.
func (o *outbox) supersede(f frame) {
	if f.key == nil {
		return
	}
	older := slices.IndexFunc(o.frames, func(q frame) bool { return q.owner == f.owner && q.key == f.key })
	if older >= 0 {
		o.bytes -= len(o.frames[older].bytes)
		o.frames = slices.Delete(o.frames, older, older+1)
	}
}

// fits lets one frame of any size into an empty queue: an answer may be larger than the whole bound.
func (o *outbox) fits(f frame) bool {
	return o.closed || len(o.frames) == 0 || len(o.frames) < o.maxEvents && o.bytes+len(f.bytes) <= o.maxBytes
}

func (o *outbox) add(f frame) {
	if o.closed {
		return
	}
	o.frames = append(o.frames, f)
	o.bytes += len(f.bytes)
	o.wake()
}

func (o *outbox) wake() {
	o.news = true
	if !o.awake {
		o.awake = true
		o.rouse()
	}
}

// end says what is written after all that is queued by then, and nothing after that.
func (o *outbox) end(last []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = last
	o.wake()
}

// sleep lets the writer sleep if there was nothing new since it looked last. The writer has to go on otherwise.
func (o *outbox) sleep() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.awake = o.news
	return !o.awake
}

// take gives what comes next, about a chunk of it and at least one frame if there is any, and lets waiting producers in.
// With all that is queued it gives what is last, once that is known. The slice given becomes the next queue.
func (o *outbox) take(next []frame) (taken []frame, last []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := o.fill()
	taken, o.frames = o.frames[:n], append(next[:0], o.frames[n:]...)
	o.news = len(o.frames) > 0
	o.letIn()
	if !o.news {
		last = o.last
	}
	return taken, last
}

// fill counts the frames of the next chunk, and takes their bytes off.
func (o *outbox) fill() (n int) {
	for size := 0; n < len(o.frames) && size < chunk; n++ {
		size += len(o.frames[n].bytes)
		o.bytes -= len(o.frames[n].bytes)
	}
	return n
}

// close drops what is queued, and what will be.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.frames, o.bytes = true, nil, 0
	o.letIn()
}

func (o *outbox) letIn() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}
