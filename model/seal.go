package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Hash seals a position of the log and all before it; in JSON it is in hex. The zero Hash is that of the position 0.
type Hash [sha256.Size]byte

// String gives the hash in hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText gives the hash in hex.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads a hash in hex.
func (h *Hash) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(h) {
		return errors.New("a hash has 64 hexadecimal digits")
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// LogHead is how far the log has come: who keeps it elsewhere can tell later whether anything up to it was changed.
type LogHead struct {
	Epoch    int32     `json:"epoch"`
	Position int64     `json:"position"`
	Hash     Hash      `json:"hash"`
	At       time.Time `json:"at"` // of the position; zero for the position 0
}

// Sealed is a position of the log as it is found.
type Sealed struct {
	Position int64
	At       time.Time // of the position
	Hash     []byte    // as it was kept
	EventID  ID        // zero when there is no such event any more
	EventAt  time.Time
	Digest   []byte   // over all that is kept of the event, made anew; nil when there is none
	Differ   []string // the columns of which the log's copy and the event's own are not the same
}

// Flaw is a position at which the log is not what it was when it was sealed.
type Flaw struct {
	Position int64
	EventID  ID // zero when there is none
	What     string
}

// String gives the flaw as a line for people.
func (f *Flaw) String() string {
	if f.EventID.IsZero() {
		return fmt.Sprintf("position %d: %s", f.Position, f.What)
	}
	return fmt.Sprintf("position %d, event %s: %s", f.Position, f.EventID, f.What)
}

// Chain is the log's chain of hashes, checked position by position from a place on whose hash is believed.
type Chain struct {
	Last  LogHead // what was checked last
	Flaws []*Flaw // those found first, in order
	Found int     // how many there are in all

	doubt *Flaw    // of the last position, while it may still be that only its hash was changed
	made  Hash     // which would have been this
	lost  bool     // nobody knows the last hash
	kept  *LogHead // that the log must hold; nil for none
	seen  bool     // it does
}

// maxFlaws bounds how many are told one by one.
const maxFlaws = 100

// NewChain begins after a place. The log must hold the head that was kept elsewhere, of which the hash alone will do;
// nil for none.
func NewChain(after LogHead, kept *LogHead) *Chain {
	c := &Chain{kept: kept}
	c.GoOn(after)
	return c
}

// GoOn goes on after another place, on whose hash is believed.
func (c *Chain) GoOn(after LogHead) {
	c.Last, c.lost, c.doubt = after, false, nil
	c.look()
}

// look sees whether the last position is the one that was kept.
func (c *Chain) look() {
	k := c.kept
	c.seen = c.seen || k != nil && k.Hash == c.Last.Hash && (k.Position == 0 || k.Position == c.Last.Position)
}

// Check takes the next position. After one that does not fit it goes on with the hash that was kept there, so that each
// change is told once.
func (c *Chain) Check(s *Sealed) {
	if s.Position != c.Last.Position+1 {
		c.Missing(s.Position - 1)
	}
	var kept Hash
	whole := copy(kept[:], s.Hash) == len(s.Hash) && len(s.Hash) == len(kept)
	made, doubt := s.after(c.Last.Hash), c.doubt
	c.doubt = nil
	switch {
	case s.Digest == nil:
		c.add(s.Position, ID{}, "the event itself is gone: events has none with the seq that event_log names")
	case c.lost || whole && kept == made:
		if len(s.Differ) > 0 {
			c.add(s.Position, s.EventID, columnsOf("event_log", s.Differ)+" is not what was sealed, which is what events has")
		}
	case doubt != nil && whole && kept == s.after(c.made):
		doubt.What = "event_log.hash is not what it was; the event is as it was sealed"
	default:
		c.doubt, c.made = c.add(s.Position, s.EventID, c.changed(s)), made
	}
	c.lost = false
	c.Last.Position, c.Last.Hash, c.Last.At = s.Position, kept, s.At
	c.look()
}

// after gives the hash of the position when that before it has the hash prior.
func (s *Sealed) after(prior Hash) Hash {
	const pgEpoch = 946684800_000_000 // 2000-01-01, from which PostgreSQL counts microseconds
	sealed := append(make([]byte, 0, 128), prior[:]...)
	sealed = binary.BigEndian.AppendUint64(sealed, uint64(s.Position))
	sealed = binary.BigEndian.AppendUint64(sealed, uint64(s.At.UnixMicro()-pgEpoch))
	return sha256.Sum256(append(sealed, s.Digest...))
}

// changed says what of a position was changed, as far as that can be told.
func (c *Chain) changed(s *Sealed) string {
	at := s.EventAt
	if c.Last.At.After(at) {
		at = c.Last.At
	}
	switch {
	case len(s.Differ) > 0:
		return columnsOf("events", s.Differ) + " is not what was sealed"
	case !s.At.Equal(at):
		return "event_log.at or events.at is not what was sealed"
	}
	return "something that was sealed is not what it was: a column of events that event_log has no copy of, or event_log.hash"
}

func columnsOf(table string, columns []string) string {
	return table + "." + strings.Join(columns, ", "+table+".")
}

// Missing notes that the positions up to that one are not there.
func (c *Chain) Missing(upTo int64) {
	first, what := c.Last.Position+1, "it is missing"
	if upTo > first {
		what = fmt.Sprintf("the positions %d to %d are missing", first, upTo)
	}
	c.add(first, ID{}, what)
	c.Last.Position, c.lost, c.doubt = upTo, true, nil
}

// End notes what can only be told at the end: whether the log holds the head that was kept, and whether it goes on to a
// position that was never given; last is the greatest that is in it.
func (c *Chain) End(s LogState, last int64) {
	if last > s.Head {
		c.add(last, ID{}, fmt.Sprintf("the position was never given; the log ends at %d", s.Head))
	}
	if c.kept == nil || c.seen {
		return
	}
	k, why := c.kept, "it has another hash than the one that was kept: what it is made of, or something before it, was written anew"
	switch at := (Cursor{Epoch: k.Epoch, Position: k.Position}); {
	case k.Position == 0:
		why = "no position has the hash that was kept"
	case s.WhyNot(at) == CursorLost:
		why = "the head that was kept is of a database that was replaced by one which had not received all events"
	case k.Position > s.Head:
		why = fmt.Sprintf("the head that was kept is not in the log, which ends at %d", s.Head)
	case k.Position < s.Floor:
		why = fmt.Sprintf("the head that was kept can no longer be looked at, since the positions up to %d were dropped", s.Floor)
	}
	c.add(k.Position, ID{}, why)
}

func (c *Chain) add(position int64, event ID, what string) *Flaw {
	f := &Flaw{Position: position, EventID: event, What: what}
	if c.Found++; c.Found <= maxFlaws {
		c.Flaws = append(c.Flaws, f)
	}
	return f
}
