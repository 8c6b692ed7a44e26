package transport

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// writers write to all sockets what is queued for them, in passes: each socket that has something is written to once,
// with all that it has by then. A goroutine for each would take longer to wake than to write.
type writers struct {
	busy sync.WaitGroup // while anything is due

	mu      sync.Mutex // protects what follows
	running bool
	due     []*socket // for the next pass
}

const (
	share   = 32 // sockets that a goroutine writes to before others get their turn
	crowded = 64 // sockets of a pass that takes long enough to be worth a rest

	// longestRest is how much later an event comes at most because of what came just before it.
	longestRest = 20 * time.Millisecond
)

// add has a socket written to in the next pass. Its outbox calls it once until the writing is done.
func (w *writers) add(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = append(w.due, s)
	if !w.running {
		w.running = true
		w.busy.Go(w.run)
	}
}

// run goes through passes until nothing is due. After one that told many it rests twice as long as that took: what comes
// meanwhile goes out together, and others have most of the processor.
func (w *writers) run() {
	for pass := w.next(nil); len(pass) > 0; pass = w.next(pass) {
		began := time.Now()
		w.pass(pass)
		if len(pass) >= crowded {
			time.Sleep(min(2*time.Since(began), longestRest))
		}
		clear(pass)
	}
}

// next gives those who are due. The slice given becomes the next list of them.
func (w *writers) next(done []*socket) []*socket {
	w.mu.Lock()
	defer w.mu.Unlock()
	pass := w.due
	w.due = done[:0]
	w.running = len(pass) > 0
	return pass
}

// pass writes to each once, on as many processors as there are shares.
func (w *writers) pass(sockets []*socket) {
	var begun atomic.Int64
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(sockets)+share-1)/share) - 1 {
		others.Go(func() { w.shares(sockets, &begun) })
	}
	w.shares(sockets, &begun)
	others.Wait()
}

func (w *writers) shares(sockets []*socket, begun *atomic.Int64) {
	p := pens.Get().(*pen)
	defer pens.Put(p)
	for {
		end := int(begun.Add(share))
		if end-share >= len(sockets) {
			return
		}
		for _, s := range sockets[end-share : min(end, len(sockets))] {
			if s.write(p) {
				w.add(s)
			}
		}
		runtime.Gosched()
	}
}
