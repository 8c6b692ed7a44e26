package model

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// Cursor is a place in the event stream: everything up to and with Position has been seen. Positions have no gaps; an
// epoch is one uninterrupted life of the log, so that a position lost in a failover is not taken for another event.
// The zero Cursor stands before the first event.
type Cursor struct {
	Epoch    int32
	Position int64
}

const cursorVersion = 1

var (
	cursorText = base64.RawURLEncoding.Strict()
	cursorSum  = crc32.MakeTable(crc32.Castagnoli)
)

// String gives the cursor as clients see it: opaque, and with a checksum that finds a mistyped one.
func (c Cursor) String() string { return string(c.append(nil)) }

func (c Cursor) append(b []byte) []byte {
	raw := make([]byte, 0, 17)
	raw = append(raw, cursorVersion)
	raw = binary.BigEndian.AppendUint32(raw, uint32(c.Epoch))
	raw = binary.BigEndian.AppendUint64(raw, uint64(c.Position))
	raw = binary.BigEndian.AppendUint32(raw, crc32.Checksum(raw, cursorSum))
	return cursorText.AppendEncode(b, raw)
}

// ParseCursor reads what String wrote. Anything else is BAD_USER_INPUT.
func ParseCursor(s string) (Cursor, error) {
	raw, err := cursorText.DecodeString(s)
	if err != nil || len(raw) != 17 || raw[0] != cursorVersion ||
		crc32.Checksum(raw[:13], cursorSum) != binary.BigEndian.Uint32(raw[13:]) {
		return Cursor{}, BadInput("after", "this is not an event cursor; use one that this API gave you, unchanged")
	}
	c := Cursor{Epoch: int32(binary.BigEndian.Uint32(raw[1:])), Position: int64(binary.BigEndian.Uint64(raw[5:]))}
	if c.Epoch < 0 || c.Position < 0 {
		return Cursor{}, BadInput("after", "this is not an event cursor; use one that this API gave you, unchanged")
	}
	return c, nil
}

// UnmarshalGQL reads an EventCursor argument.
func (c *Cursor) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return errors.New("an EventCursor is a string")
	}
	var err error
	*c, err = ParseCursor(s)
	return err
}

// MarshalGQL writes the cursor as a JSON string.
func (c Cursor) MarshalGQL(w io.Writer) {
	b := append(make([]byte, 0, 32), '"')
	w.Write(append(c.append(b), '"'))
}
