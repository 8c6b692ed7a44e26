package graph

import "iter"

// widest is how many deliveries are looked at before any is passed on, when they come faster than they are taken.
const widest = 1000

// conflated leaves of the events about one noun that are there at the same time the newest alone. Places ascend as
// before: an event is left out only where a later one about the same noun follows, so who stops anywhere and goes on
// after the last place misses the last event of nothing.
func conflated(all iter.Seq2[Delivery, error]) iter.Seq2[Delivery, error] {
	return func(yield func(Delivery, error) bool) {
		var w window
		for d, err := range all {
			if err != nil {
				yield(Delivery{}, err)
				return
			}
			w.add(d)
			if (d.head || len(w.kept) == widest) && !w.pass(yield) {
				return
			}
		}
	}
}

// window is what has been read and not been passed on.
type window struct {
	kept   []Delivery  // without events where a newer one has taken the place
	places map[any]int // in kept, by what they are about
}

func (w *window) add(d Delivery) {
	if d.Event != nil {
		d.About = d.Event.LogEntry().EntityID
		if older, ok := w.places[d.About]; ok {
			w.kept[older].Event = nil
		}
		if w.places == nil {
			w.places = map[any]int{}
		}
		w.places[d.About] = len(w.kept)
	}
	w.kept = append(w.kept, d)
}

// pass empties the window. What has no event is passed on in the last place alone, where it tells how far this is.
func (w *window) pass(yield func(Delivery, error) bool) bool {
	kept := w.kept
	*w = window{} // a subscription that is current holds nothing
	for i, d := range kept {
		if (d.Event != nil || i == len(kept)-1) && !yield(d, nil) {
			return false
		}
	}
	return true
}
