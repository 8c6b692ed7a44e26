package model

import (
	"encoding/json"
	"time"
)

// Entry is one event as the log holds it: what happened to which noun, who did it, and the noun after it. The audit
// log and the live stream are these rows.
//
// Seq numbers the rows in the order in which they were written, with gaps and before they are committed. Position is
// the place in the stream: gapless, one order for everybody, given just after commit.
type Entry struct {
	Epoch        int32 // the life of the log in which it was read
	Position     int64 // 0 until the event is sequenced
	Seq          int64
	ID           ID
	At           time.Time // by the database's clock, and never before the event one position earlier
	Type         EventType
	Kind         Kind // of the entity
	EntityID     ID
	Version      int64 // of the entity, after the change
	WorkflowID   ID    // these four are what the event concerns, so that it can be found by them; zero where there is none
	TaskID       ID
	AgentID      ID
	SuggestionID ID
	ActorID      ID // SystemID when no caller asked for the change
	RequestID    string
	Address      string          // whence the change was asked for; "" when nobody asked, or it is not known
	Changes      json.RawMessage // [{"field","before","after"}]
	Snapshot     json.RawMessage // the entity after the change; null when it was deleted

	decoded *sharedDecode // nil while nobody shares it
}
