package event

import "workflowfactory/model"

// ring holds consecutive entries of the log: those after low up to and with high.
type ring struct {
	slots     []*model.Entry // the entry at position p is in slot p mod len
	maxBytes  int64
	low, high int64
	bytes     int64
	positions map[int64]int64 // by seq
}

func newRing(entries int, maxBytes int64) ring {
	return ring{slots: make([]*model.Entry, entries), maxBytes: maxBytes, positions: map[int64]int64{}}
}

func (r *ring) slot(position int64) **model.Entry { return &r.slots[position%int64(len(r.slots))] }

func (r *ring) len() int64 { return r.high - r.low }

// restart empties the ring and lets it go on after the position.
func (r *ring) restart(position int64) {
	r.cut(r.low)
	r.low, r.high = position, position
}

// append adds the entry after high and lets go of the oldest when there is no room.
func (r *ring) append(e *model.Entry) {
	if r.len() == int64(len(r.slots)) {
		r.evict()
	}
	r.high++
	r.put(e)
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
	*r.slot(e.Position) = e
	r.bytes += size(e)
	r.positions[e.Seq] = e.Position
}

func (r *ring) evict() {
	r.low++
	r.drop(r.low)
}

// cut forgets what comes after the position.
func (r *ring) cut(position int64) {
	for ; r.high > max(position, r.low); r.high-- {
		r.drop(r.high)
	}
	if position < r.low {
		r.low, r.high = position, position
	}
}

func (r *ring) drop(position int64) {
	s := r.slot(position)
	r.bytes -= size(*s)
	delete(r.positions, (*s).Seq)
	*s = nil
}

// after gives up to limit entries after a position from low to high.
func (r *ring) after(position int64, limit int) []*model.Entry {
	n := min(r.high-position, int64(limit))
	entries := make([]*model.Entry, n)
	for i := range entries {
		entries[i] = *r.slot(position + 1 + int64(i))
	}
	return entries
}

// size is about what an entry takes in memory.
func size(e *model.Entry) int64 {
	const fixed = 512 // the struct, its strings, its place in the ring and what is decoded from it
	return int64(fixed + len(e.Changes) + len(e.Snapshot))
}
