package model

import (
	"fmt"
	"io"
	"strconv"
)

// Priority is how urgent something is; a higher number is claimed first.
type Priority int16

// The classes of priority.
const (
	PriorityLow Priority = iota + 1
	PriorityMedium
	PriorityHigh
	PriorityUrgent
)

var priorityNames = [...]string{PriorityLow: "LOW", PriorityMedium: "MEDIUM", PriorityHigh: "HIGH", PriorityUrgent: "URGENT"}

// String gives the name of the class, "" for the zero Priority.
func (p Priority) String() string {
	if p < 0 || int(p) >= len(priorityNames) {
		return ""
	}
	return priorityNames[p]
}

// UnmarshalText reads what String wrote.
func (p *Priority) UnmarshalText(b []byte) error {
	for i, name := range priorityNames {
		if name != "" && name == string(b) {
			*p = Priority(i)
			return nil
		}
	}
	return fmt.Errorf("%s is not a valid Priority", strconv.Quote(string(b)))
}

// MarshalText lets a priority stand in JSON.
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalGQL reads an enum value.
func (p *Priority) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a Priority is an enum value")
	}
	return p.UnmarshalText([]byte(s))
}

// MarshalGQL writes an enum value.
func (p Priority) MarshalGQL(w io.Writer) { w.Write(p.AppendGQL(nil)) }

// AppendGQL appends what MarshalGQL writes.
func (p Priority) AppendGQL(b []byte) []byte {
	return append(append(append(b, '"'), p.String()...), '"')
}
