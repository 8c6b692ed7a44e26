package event

import (
	"sync/atomic"

	"workflowfactory/model"
)

// ring holds consecutive entries of the log: those after low up to and with high. The feed's mutex protects it, but
// readers take entries past the mutex: a thousand of them would queue before the one who adds.
type ring struct {
	slots     []atomic.Pointer[model.Entry] // the entry at position p is in slot p mod len
	maxBytes  int64
	low       int64
	high      atomic.Int64
	bytes     int64
	positions map[int64]int64 // by seq
}

func newRing(entries int, maxBytes int64) *ring {
	return &ring{slots: make([]atomic.Pointer[model.Entry], entries), maxBytes: maxBytes, positions: map[int64]int64{}}
}

func (r *ring) slot(position int64) *atomic.Pointer[model.Entry] {
	return &r.slots[position%int64(len(r.slots))]
}

func (r *ring) len() int64 { return r.high.Load() - r.low }

// restart empties the ring and lets it go on after the position.
func (r *ring) restart(position int64) {
	r.cut(r.low)
	r.low = position
	r.high.Store(position)
}

// append adds the entry after high and lets go of the oldest when there is no room.
func (r *ring) append(e *model.Entry) {
	if r.len() == int64(len(r.slots)) {
		r.evict()
	}
	r.put(e)
	r.high.Store(e.Position) // last, so that who sees it finds the entry
	for r.bytes > r.maxBytes && r.len() > 1 {
		r.evict()
	}
}

// prepend adds the entry at low. It gives whether there was room.
func (r *ring) prepend(e *model.Entry) bool {
	if r.len() == int64(len(r.slots)) || r.bytes+size(e) > r.maxBytes {
		return false
	}
	r.low--
	r.put(e)
	return true
}

func (r *ring) put(e *model.Entry) {
	r.slot(e.Position).Store(e)
	r.bytes += size(e)
	r.positions[e.Seq] = e.Position
}

func (r *ring) evict() {
	r.low++
	r.drop(r.low)
}

// cut forgets what comes after the position.
func (r *ring) cut(position int64) {
	high := r.high.Load()
	r.high.Store(min(high, position))
	for ; high > max(position, r.low); high-- {
		r.drop(high)
	}
	r.low = min(r.low, position)
}

func (r *ring) drop(position int64) {
	e := r.slot(position).Swap(nil)
	r.bytes -= size(e)
	delete(r.positions, e.Seq)
}

// after gives up to limit entries after a position, as far as they are in the ring; none when the first is not. It may be
// called without the mutex.
func (r *ring) after(position int64, limit int) (entries []*model.Entry) {
	n := min(r.high.Load()-position, int64(limit))
	for p := position + 1; p <= position+n; p++ {
		e := r.slot(p).Load()
		if e == nil || e.Position != p {
			return entries // let go of meanwhile
		}
		if entries == nil {
			entries = make([]*model.Entry, 0, n)
		}
		entries = append(entries, e)
	}
	return entries
}

// size is about what an entry takes in memory.
func size(e *model.Entry) int64 {
	const fixed = 512 // the struct, its strings, its place in the ring and what is decoded from it
	return int64(fixed + len(e.Changes) + len(e.Snapshot))
}
