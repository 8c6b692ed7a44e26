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
	share   = 32       // sockets that a goroutine writes to before others get their turn
	crowded = 64       // sockets of a pass that takes long enough to be worth a rest
	plenty  = 4 * kibi // written to each of them, and there is nothing to gain by waiting for more

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

// run goes through passes until nothing is due. After one that told many of little it rests twice as long as that took:
// what comes meanwhile goes out together, and others have most of the processor.
func (w *writers) run() {
	for due := w.next(nil); len(due) > 0; due = w.next(due) {
		began := time.Now()
		p := pass{writers: w, sockets: due}
		p.run()
		if len(due) >= crowded && p.bytes.Load() < plenty*int64(len(due)) {
			time.Sleep(min(2*time.Since(began), longestRest))
		}
		clear(due)
	}
}

// next gives those who are due. The slice given becomes the next list of them.
func (w *writers) next(done []*socket) []*socket {
	w.mu.Lock()
	defer w.mu.Unlock()
	due := w.due
	w.due = done[:0]
	w.running = len(due) > 0
	return due
}

// pass writes to each of some sockets once.
type pass struct {
	*writers
	sockets []*socket
	begun   atomic.Int64 // how many of them have been taken
	bytes   atomic.Int64 // written
}

// run writes on as many processors as there are shares.
func (p *pass) run() {
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(p.sockets)+share-1)/share) - 1 {
		others.Go(p.write)
	}
	p.write()
	others.Wait()
}

func (p *pass) write() {
	with := pens.Get().(*pen)
	defer pens.Put(with)
	for {
		end := int(p.begun.Add(share))
		if end-share >= len(p.sockets) {
			return
		}
		with.bytes = 0
		for _, s := range p.sockets[end-share : min(end, len(p.sockets))] {
			if s.write(with) {
				p.add(s)
			}
		}
		p.bytes.Add(with.bytes)
		runtime.Gosched()
	}
}
