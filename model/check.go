package model

import (
	"strings"
	"unicode/utf8"
)

// The bounds of what callers may send.
const (
	MaxName  = 200       // characters of a name or a label
	MaxText  = 64 * 1024 // bytes of any text
	MaxBody  = 10_000    // characters of a comment
	MaxItems = 100       // elements of a list
)

// CheckName wants 1 to MaxName characters.
func CheckName(field, s string) error {
	if strings.TrimSpace(s) == "" {
		return BadInput(field, "%s must not be empty", field)
	}
	if utf8.RuneCountInString(s) > MaxName {
		return BadInput(field, "%s has more than %d characters", field, MaxName)
	}
	return nil
}

// CheckText wants at most MaxText bytes; nil is fine.
func CheckText(field string, s *string) error {
	if s != nil && len(*s) > MaxText {
		return BadInput(field, "%s is longer than %d bytes", field, MaxText)
	}
	return nil
}

// CheckWords wants at most MaxItems names.
func CheckWords(field string, words []string) error {
	if len(words) > MaxItems {
		return BadInput(field, "%s has more than %d elements", field, MaxItems)
	}
	for _, w := range words {
		if err := CheckName(field, w); err != nil {
			return err
		}
	}
	return nil
}

// CheckRange wants lo to hi; nil is fine.
func CheckRange[N int | float64](field string, n *N, lo, hi N) error {
	if n != nil && (*n < lo || *n > hi) {
		return BadInput(field, "%s must be %v to %v", field, lo, hi)
	}
	return nil
}

// CheckVersion answers CONFLICT when the caller expected another version than there is.
func (n *Noun) CheckVersion(expected *int) error {
	if expected != nil && int64(*expected) != n.Version {
		return Errorf(Conflict, "%s has version %d by now, not %d; read it again", n.ID, n.Version, *expected)
	}
	return nil
}
