package transport

import (
	"encoding/json"
	"unicode/utf8"
)

// plainParams reads, in one pass, a request as nearly all clients send it: the well-known members once each, values that
// are strings, small integers, booleans or null, and no escapes but the short ones. It gives up on all else, mistakes
// included, which [checkJSON] and the decoder judge; what it reads it reads as they do. All strings without escapes share
// one copy of the request, so whoever keeps one for longer than the request takes a copy of its own.
func plainParams(raw []byte, limits *Limits) (p parameters, ok bool) {
	if limits.JSONDepth < 2 || !utf8.Valid(raw) {
		return p, false
	}
	t := &plainText{raw: string(raw), longest: max(limits.StringBytes, limits.DocumentBytes)}
	seen := [4]bool{}
	once := func(i int) bool {
		first := !seen[i]
		seen[i] = true
		return first
	}
	ok = t.object(func(name string) (ok bool) {
		switch name {
		case "query":
			p.Query, ok = t.textOrNull()
			return ok && once(0)
		case "operationName":
			p.OperationName, ok = t.textOrNull()
			return ok && once(1)
		case "variables":
			p.Variables, ok = t.members()
			return ok && once(2)
		case "extensions":
			p.Extensions, ok = t.members()
			return ok && once(3)
		}
		return false
	})
	t.space()
	return p, ok && t.at == len(raw)
}

// plainText is JSON that is read from left to right.
type plainText struct {
	raw     string
	at      int
	longest int // string, in bytes
}

func (t *plainText) space() {
	for t.at < len(t.raw) && (t.raw[t.at] == ' ' || t.raw[t.at] == '\n' || t.raw[t.at] == '\r' || t.raw[t.at] == '\t') {
		t.at++
	}
}

func (t *plainText) take(c byte) bool {
	t.space()
	if t.at < len(t.raw) && t.raw[t.at] == c {
		t.at++
		return true
	}
	return false
}

func (t *plainText) word(w string) bool {
	t.space()
	if len(t.raw)-t.at >= len(w) && t.raw[t.at:t.at+len(w)] == w {
		t.at += len(w)
		return true
	}
	return false
}

func (t *plainText) object(member func(name string) bool) bool {
	if !t.take('{') {
		return false
	}
	if t.take('}') {
		return true
	}
	for {
		name, ok := t.text()
		if !ok || !t.take(':') || !member(name) {
			return false
		}
		if t.take('}') {
			return true
		}
		if !t.take(',') {
			return false
		}
	}
}

// members reads an object of a few plain values, or null.
func (t *plainText) members() (map[string]any, bool) {
	const most = 100
	if t.word("null") {
		return nil, true
	}
	values, n := map[string]any{}, 0
	return values, t.object(func(name string) bool {
		value, ok := t.value()
		values[name] = value
		n++ // the same name again counts too
		return ok && n <= most
	})
}

func (t *plainText) textOrNull() (*string, bool) {
	if t.word("null") {
		return nil, true
	}
	text, ok := t.text()
	return &text, ok
}

func (t *plainText) value() (any, bool) {
	switch {
	case t.word("null"):
		return nil, true
	case t.word("true"):
		return true, true
	case t.word("false"):
		return false, true
	case t.at < len(t.raw) && t.raw[t.at] == '"':
		return t.text()
	}
	return t.integer()
}

// integer reads one that is neither negative nor long.
func (t *plainText) integer() (any, bool) {
	const digits = 15
	start := t.at
	for t.at < len(t.raw) && isDigit(t.raw[t.at]) {
		t.at++
	}
	n := t.at - start
	if n == 0 || n > digits || n > 1 && t.raw[start] == '0' {
		return nil, false
	}
	return json.Number(t.raw[start:t.at]), true // what must not follow an integer is no comma and no brace
}

func (t *plainText) text() (string, bool) {
	if !t.take('"') {
		return "", false
	}
	start := t.at
	for ; t.at < len(t.raw); t.at++ {
		switch c := t.raw[t.at]; {
		case c == '"':
			t.at++
			return t.raw[start : t.at-1], t.at-1-start <= t.longest
		case c == '\\':
			return t.escaped(start)
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

// short are the escape sequences of one letter.
var short = [256]byte{'"': '"', '\\': '\\', '/': '/', 'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}

// escaped reads the string from start on, up to whose first escape sequence nothing was found.
func (t *plainText) escaped(start int) (string, bool) {
	text := append(make([]byte, 0, 2*(t.at-start)+64), t.raw[start:t.at]...)
	for ; t.at < len(t.raw); t.at++ {
		c := t.raw[t.at]
		switch {
		case c == '"':
			t.at++
			return string(text), t.at-1-start <= t.longest
		case c < ' ':
			return "", false
		case c == '\\':
			if t.at++; t.at == len(t.raw) || short[t.raw[t.at]] == 0 {
				return "", false
			}
			c = short[t.raw[t.at]]
		}
		text = append(text, c)
	}
	return "", false
}
