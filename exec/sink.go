package exec

// Sink takes the objects that a field gives for all parents of a frame, one after the other, and
// remembers how they are laid out: which stand in which list, which are null, and of which type
// each is. Its objects, flat, are the next frame.
type Sink struct {
	objs  []P      // not null, in order, if the field's type is an object type
	one   [1]P     // where they are if there can be one at the most
	kinds [][]P    // the same by kind, if the field's type is abstract; objs is then not used
	kind  []uint16 // of each item, if the field's type is abstract
	slot  []int32  // of each item in objs or kinds[kind], or isNull; nil while slot equals item
	items int32
	spans [][]span // by level of nesting; as many levels as the field's type has lists
	level int
	bad   map[int32]error // items that could not be taken
}

// span is where a list's elements are: the items, or the spans of the level below. A list that is
// nil in Go has n = isNull.
type span struct{ start, n int32 }

const isNull = -1

// prepare makes the sink ready for the field's results for n parents.
func (s *Sink) prepare(fd *field, n int) {
	if fd.lists > 0 {
		s.spans = make([][]span, fd.lists)
		s.spans[0] = make([]span, 0, n)
	}
	switch {
	case len(fd.subs) > 1:
		s.kinds = make([][]P, len(fd.subs))
		s.slot = []int32{}
	case fd.lists == 0 && n <= len(s.one):
		s.objs = s.one[:0]
	case fd.lists == 0:
		s.objs = make([]P, 0, n)
	}
}

// Add adds an object of the one type that the field can give. A nil pointer is null.
func Add[T any](s *Sink, obj *T) { s.add(P(obj)) }

// AddKind adds an object of one of the types that the field can give, by its place in Table.Kinds.
// A nil pointer is null.
func AddKind[T any](s *Sink, kind int, obj *T) { s.addKind(kind, P(obj)) }

// AddNull adds null.
func (s *Sink) AddNull() { s.addNull() }

// AddUnknown adds null and reports the error there: a Go value that no type of the schema has.
func (s *Sink) AddUnknown(err error) {
	if s.bad == nil {
		s.bad = map[int32]error{}
	}
	s.bad[s.items] = err
	s.addNull()
}

// AddList adds a list, each element by add. It nests.
func AddList[T any](s *Sink, list []T, add func(*Sink, *T)) {
	if !s.open(len(list), list == nil) {
		return
	}
	for i := range list {
		add(s, &list[i])
	}
	s.level--
}

func (s *Sink) open(n int, absent bool) bool {
	at := &s.spans[s.level]
	if absent {
		*at = append(*at, span{n: isNull})
		return false
	}
	start := s.items
	if s.level+1 < len(s.spans) {
		start = int32(len(s.spans[s.level+1]))
	} else if s.kinds == nil && cap(s.objs)-len(s.objs) < n {
		s.grow(n)
	}
	*at = append(*at, span{start: start, n: int32(n)})
	s.level++
	return true
}

// grow guesses from the lists already taken how many objects are still to come.
func (s *Sink) grow(n int) {
	lists := s.spans[len(s.spans)-1]
	left := cap(lists) - len(lists)
	objs := make([]P, len(s.objs), max(2*len(s.objs), len(s.objs)+n*max(left, 1)))
	copy(objs, s.objs)
	s.objs = objs
}

func (s *Sink) add(obj P) {
	if s.kinds != nil {
		s.addKind(0, obj)
		return
	}
	if obj == nil {
		s.addNull()
		return
	}
	if s.slot != nil {
		s.slot = append(s.slot, int32(len(s.objs)))
	}
	s.objs = append(s.objs, obj)
	s.items++
}

func (s *Sink) addKind(kind int, obj P) {
	if s.kinds == nil { // an interface with a single type
		s.add(obj)
		return
	}
	if obj == nil {
		s.addNull()
		return
	}
	s.kind = append(s.kind, uint16(kind))
	s.slot = append(s.slot, int32(len(s.kinds[kind])))
	s.kinds[kind] = append(s.kinds[kind], obj)
	s.items++
}

func (s *Sink) addNull() {
	if s.slot == nil {
		s.slot = make([]int32, s.items, max(cap(s.objs), int(s.items)+1))
		for i := range s.slot {
			s.slot[i] = int32(i)
		}
	}
	if s.kinds != nil {
		s.kind = append(s.kind, 0)
	}
	s.slot = append(s.slot, isNull)
	s.items++
}

// skip takes the place of a parent for which there is no result.
func (s *Sink) skip() {
	if len(s.spans) > 0 {
		s.spans[0] = append(s.spans[0], span{n: isNull})
		return
	}
	s.addNull()
}

// group gives the objects of one kind.
func (s *Sink) group(kind int) []P {
	if s.kinds == nil {
		return s.objs
	}
	return s.kinds[kind]
}

// place gives the kind of an item and where it is in its group, or isNull.
func (s *Sink) place(item int32) (kind int, slot int32) {
	if s.slot == nil {
		return 0, item
	}
	if s.kind != nil {
		kind = int(s.kind[item])
	}
	return kind, s.slot[item]
}
