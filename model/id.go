package model

import (
	"bytes"
	"crypto/rand"
	"database/sql/driver"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is the type of a noun. It is part of every [ID] and of every [Entry], so its numbers never change.
type Kind uint8

// The kinds; zero is no kind at all.
const (
	KindWorkflow Kind = iota + 1
	KindTask
	KindAgent
	KindSuggestion
	KindComment
	KindEvent
	KindUser
	KindAPIKey
	KindSystem
	KindSession
)

// KindApprovalPolicy leaves room for kinds of accounts before it.
const KindApprovalPolicy Kind = 12

// SystemID is the actor of what the server does by itself: sweeps, expiry, roll-ups.
var SystemID = ID{6: 0x70, 8: 0x80, 15: byte(KindSystem)}

// AccessKinds are those of which only administrators learn what happens.
var AccessKinds = []Kind{KindUser, KindSession, KindAPIKey}

// IsAccess says whether the kind is one of these.
func (k Kind) IsAccess() bool { return slices.Contains(AccessKinds, k) }

var kindPrefix = [...]string{
	KindWorkflow: "wf", KindTask: "task", KindAgent: "agent", KindSuggestion: "sug",
	KindComment: "com", KindEvent: "evt", KindUser: "user", KindAPIKey: "key", KindSystem: "sys",
	KindSession: "ses", KindApprovalPolicy: "policy",
}

// Prefix is how the kind's ids begin: "wf" in wf_01jd….
func (k Kind) Prefix() string {
	if int(k) >= len(kindPrefix) {
		return ""
	}
	return kindPrefix[k]
}

// ID names one noun. It is a version 7 UUID whose last four bits hold the kind, so the same 16 bytes stand in a
// uuid column, say what they name, and sort by creation time. The zero ID names nothing.
//
// Outside, an ID is its kind's prefix and the bytes in base 32: wf_01jd3k….
type ID [16]byte

// idText keeps the order of the bytes; it leaves out the letters that are mistaken for digits.
var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

var idClock struct {
	mu   sync.Mutex // protects last
	last uint64     // 48 bits of Unix milliseconds and 12 bits of their fraction
}

// NewID gives a fresh id of that kind, above every id that this process gave before.
func NewID(k Kind) ID {
	var id ID
	rand.Read(id[8:])
	tick := idTick(time.Now())
	binary.BigEndian.PutUint64(id[:8], tick>>12<<16|0x7000|tick&0xfff)
	id[8] = id[8]&0x3f | 0x80
	id[15] = id[15]&0xf0 | byte(k)
	return id
}

func idTick(now time.Time) uint64 {
	tick := uint64(now.UnixMilli())<<12 | uint64(now.Nanosecond()%1e6)*4096/1e6
	idClock.mu.Lock()
	defer idClock.mu.Unlock()
	idClock.last = max(tick, idClock.last+1)
	return idClock.last
}

// Kind says what the id names.
func (id ID) Kind() Kind { return Kind(id[15] & 0x0f) }

// IsZero says whether the id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// String gives the id as clients see it, and "" for the zero ID.
func (id ID) String() string {
	if id.IsZero() {
		return ""
	}
	return string(id.append(make([]byte, 0, 32)))
}

func (id ID) append(b []byte) []byte {
	b = append(b, id.Kind().Prefix()...)
	b = append(b, '_')
	return idText.AppendEncode(b, id[:])
}

// ParseID reads what String wrote. ok is false for anything else.
func ParseID(s string) (id ID, ok bool) {
	prefix, text, found := strings.Cut(s, "_")
	if !found || len(text) != idText.EncodedLen(len(id)) {
		return ID{}, false
	}
	if _, err := idText.Decode(id[:], []byte(text)); err != nil {
		return ID{}, false
	}
	if prefix == "" || prefix != id.Kind().Prefix() || id.String() != s {
		return ID{}, false
	}
	return id, true
}

// UnmarshalGQL reads an id argument. A text that was never an id becomes the zero ID: it names nothing, so a lookup
// finds nothing, just as with an id whose noun is gone.
func (id *ID) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return errors.New("an ID is a string")
	}
	*id, _ = ParseID(s)
	return nil
}

// MarshalGQL writes the id as a JSON string.
func (id ID) MarshalGQL(w io.Writer) { w.Write(id.AppendGQL(make([]byte, 0, 40))) }

// AppendGQL appends what MarshalGQL writes.
func (id ID) AppendGQL(b []byte) []byte { return append(id.append(append(b, '"')), '"') }

// MarshalText lets an id stand in JSON and in log lines.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	parsed, ok := ParseID(string(b))
	if !ok {
		return fmt.Errorf("%q is not an id", b)
	}
	*id = parsed
	return nil
}

// Value gives the id to PostgreSQL as a uuid, and the zero ID as NULL.
func (id ID) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	h := hex.EncodeToString(id[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"), nil
}

// Scan reads a uuid column. NULL is the zero ID.
func (id *ID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ID{}
		return nil
	case [16]byte:
		*id = v
		return nil
	case string:
		return id.scanHex([]byte(v))
	case []byte:
		return id.scanHex(v)
	}
	return fmt.Errorf("a uuid column gave a %T", src)
}

func (id *ID) scanHex(b []byte) error {
	b = bytes.ReplaceAll(b, []byte("-"), nil)
	if len(b) != 32 {
		return fmt.Errorf("a uuid column gave %s", strconv.Quote(string(b)))
	}
	_, err := hex.Decode(id[:], b)
	return err
}
