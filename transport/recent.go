package transport

// shared is an event as everybody in a group gets it. It has no payload if there is nothing to say.
type shared struct {
	position int64
	cursor   string
	key      any // as Event.Key
	payload  []byte
}

// recent are the last events of a group, so that who is only a little behind need not read and execute them again.
type recent struct {
	from   Event // nothing after it is missing
	events []shared
	bytes  int
}

const (
	recentEvents = 64
	recentBytes  = 256 * kibi
)

// to is how far the group has come.
func (r *recent) to() Event {
	if len(r.events) == 0 {
		return r.from
	}
	last := r.events[len(r.events)-1]
	return Event{Position: last.position, Cursor: last.cursor}
}

func (r *recent) add(event shared) {
	if last := len(r.events) - 1; last >= 0 && event.payload == nil && r.events[last].payload == nil {
		r.events[last] = event
		return
	}
	r.events = append(r.events, event)
	r.bytes += len(event.payload)
	for len(r.events) > recentEvents || r.bytes > recentBytes {
		oldest := r.events[0]
		r.from = Event{Position: oldest.position, Cursor: oldest.cursor}
		r.bytes -= len(oldest.payload)
		r.events[0] = shared{} // the slice moves on, but would keep it
		r.events = r.events[1:]
	}
}
