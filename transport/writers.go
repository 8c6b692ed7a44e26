package transport

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// writers write to all sockets what is queued for them, in passes: each socket that has something is written to once,
// with all that it has by then. A goroutine for each would take longer to wake than to write.
//
// Passes make a round, in which no socket is written to twice. After a round that told many of little, they wait twice as
// long as it took before they tell anybody more: what comes meanwhile goes out together, and others have most of the
// processor.
type writers struct {
	busy sync.WaitGroup // while anything is due

	mu      sync.Mutex // protects what follows
	running bool
	due     []*socket // for the next pass of this round
	later   []*socket // for the next round
	round   uint64
	told    int           // sockets in this round,
	bytes   int64         // what they were told,
	spent   time.Duration // how long its passes took,
	ended   time.Time     // and when the last of them ended
}

const (
	share   = 32       // sockets that a goroutine writes to before others get their turn
	crowded = 64       // sockets of a round that takes long enough to be worth a rest
	plenty  = 4 * kibi // written to each of them, and there is nothing to gain by waiting for more

	// longestRest is how much later an event comes at most because of what came just before it.
	longestRest = 20 * time.Millisecond
)

// add has a socket written to in the next pass. Its outbox calls it once until the writing is done.
func (w *writers) add(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running && w.rest() <= 0 {
		w.beginRound()
	}
	if s.round == w.round {
		w.later = append(w.later, s)
	} else {
		s.round = w.round
		w.due = append(w.due, s)
	}
	if !w.running {
		w.running = true
		w.busy.Go(w.run)
	}
}

// run goes through passes until nothing is due.
func (w *writers) run() {
	var due []*socket
	for {
		var rest time.Duration
		if due, rest = w.next(due); len(due) == 0 {
			return
		}
		time.Sleep(rest)
		began := time.Now()
		p := pass{writers: w, sockets: due}
		p.run()
		w.passed(&p, began)
		clear(due)
	}
}

// next gives those who are due, if need be in the next round, and how long to wait before they are written to. The slice
// given becomes the next list of them.
func (w *writers) next(done []*socket) (due []*socket, rest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.due) == 0 && len(w.later) > 0 {
		if w.told >= crowded && w.bytes < plenty*int64(w.told) {
			rest = w.rest()
		}
		w.beginRound()
	}
	due, w.due = w.due, done[:0]
	w.running = len(due) > 0
	return due, rest
}

func (w *writers) passed(p *pass, began time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = time.Now()
	w.told += len(p.sockets)
	w.bytes += p.bytes.Load()
	w.spent += w.ended.Sub(began)
}

// rest is how much is left of the time after the round in which nobody is to be told more.
func (w *writers) rest() time.Duration {
	return min(2*w.spent, longestRest) - time.Since(w.ended)
}

func (w *writers) beginRound() {
	w.round++
	w.told, w.bytes, w.spent = 0, 0, 0
	w.due, w.later = w.later, w.due
	for _, s := range w.due {
		s.round = w.round
	}
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
