package relay

import (
	"encoding/json"
	"fmt"

	"workflowfactory/event"
)

// part is a message: some entries of a batch.
type part struct {
	id   string // epoch and position of the first entry, so that two leaders do not tell the same twice
	text []byte
}

// roomForHeaders is what a message needs beside its text.
const roomForHeaders = 1 << 10

// split gives messages that a server takes which takes so many bytes. An entry that is too large by itself is left out:
// the others read it from the database.
func split(b event.Batch, most int) []part {
	text, err := json.Marshal(b)
	if err != nil {
		panic(fmt.Errorf("an entry of the log holds what JSON cannot: %w", err))
	}
	switch n := len(b.Entries); {
	case len(text)+roomForHeaders <= most:
		return []part{{fmt.Sprintf("%d:%d", b.State.Epoch(), b.Entries[0].Position), text}}
	case n == 1:
		return nil
	default:
		return append(split(event.Batch{State: b.State, Entries: b.Entries[:n/2]}, most),
			split(event.Batch{State: b.State, Entries: b.Entries[n/2:]}, most)...)
	}
}

// decode reads a message, and refuses one whose entries do not follow one another.
func decode(text []byte) (event.Batch, error) {
	var b event.Batch
	if err := json.Unmarshal(text, &b); err != nil {
		return b, err
	}
	if len(b.Entries) == 0 {
		return b, fmt.Errorf("a batch of nothing")
	}
	for i, e := range b.Entries {
		if e == nil || e.Position != b.Entries[0].Position+int64(i) || e.Epoch != b.State.Epoch() {
			return b, fmt.Errorf("a batch with a gap at its entry %d", i)
		}
		e.At = e.At.UTC()
		e.Changes, e.Snapshot = orNil(e.Changes), orNil(e.Snapshot)
		e.Share()
	}
	return b, nil
}

// orNil gives nil for the null that nil became on its way.
func orNil(text json.RawMessage) json.RawMessage {
	if string(text) == "null" {
		return nil
	}
	return text
}
