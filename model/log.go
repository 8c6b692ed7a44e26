package model

import (
	"math"
	"slices"
	"sync"
)

// LogState is what the database says of the log.
type LogState struct {
	Head  int64   // the last position; 0 when there is none
	Floor int64   // the position before the first one that is kept
	Forks []int64 // where each epoch but the last ends and where the last begins: Forks[n] is the fork of epoch n+1
}

// Epoch is the present epoch; 0 before the log is first sequenced.
func (s LogState) Epoch() int32 { return int32(len(s.Forks)) }

// ForkAfter gives the last position of an epoch that is still a position of the same event in all later ones.
func (s LogState) ForkAfter(epoch int32) int64 {
	return slices.Min(append(s.Forks[epoch:len(s.Forks):len(s.Forks)], math.MaxInt64))
}

// Why a log cannot be read on after a cursor.
const (
	CursorUnknown  = "UNKNOWN"   // the log never gave it
	CursorLost     = "FAILOVER"  // some of what is before it never came to be
	CursorTooOld   = "RETENTION" // what follows it is no longer kept
	CursorHopeless = "BEHIND"    // events come faster than they are read
)

// WhyNot says why the log cannot be read on after the cursor; "" when it can.
func (s LogState) WhyNot(c Cursor) string {
	switch {
	case c.Epoch > s.Epoch():
		return CursorUnknown
	case c.Position > s.ForkAfter(c.Epoch):
		return CursorLost
	case c.Position > s.Head:
		return CursorUnknown
	case c.Position < s.Floor:
		return CursorTooOld
	}
	return ""
}

// LogRange asks for a stretch of the log.
type LogRange struct {
	After  int64 // exclusive
	UpTo   int64 // inclusive; 0 for the end of the log
	Limit  int   // at most so many entries
	Newest bool  // the newest first, and the newest Limit
}

// LogNews is what a listener hears.
type LogNews struct {
	Leading bool  // whether this process leads the sequencing
	Head    int64 // a position up to which the log may be read; 0 when nothing was said of it
	Asked   bool  // somebody committed events and asks the leader to place them
}

// sharedDecode keeps what one of many readers of an entry made of it.
type sharedDecode struct {
	once  sync.Once
	value any
}

// Share lets all who hold the entry use one decoded form of it. Whoever reads an entry for many calls it first.
func (e *Entry) Share() { e.decoded = new(sharedDecode) }

// Decoded gives what decode makes of the entry. Of an entry that is shared, the first call's result is everybody's, so
// all callers must pass the same function, and nobody may change what it gives.
func (e *Entry) Decoded(decode func() any) any {
	if e.decoded == nil {
		return decode()
	}
	e.decoded.once.Do(func() { e.decoded.value = decode() })
	return e.decoded.value
}

// Cursor is the place of the entry in the stream.
func (e *Entry) Cursor() Cursor { return Cursor{Epoch: e.Epoch, Position: e.Position} }
