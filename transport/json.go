package transport

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkJSON refuses, in one pass over the text, what a decoder would silently change or a database choke on: bytes that
// are not UTF-8, NUL, lone surrogates, numbers out of range, strings and nesting over the limits. Text that is no JSON
// at all passes: the decoder says so better.
func checkJSON(raw []byte, limits *Limits) *gqlerror.Error {
	if !utf8.Valid(raw) {
		return badInput("the request is not UTF-8")
	}
	longest := max(limits.StringBytes, limits.DocumentBytes)
	depth, values := 0, 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			end, err := checkString(raw, i+1, longest)
			if err != nil {
				return err
			}
			i = end
		case c == ',':
			values++
		case c == '{' || c == '[':
			values++
			if depth++; depth > limits.JSONDepth {
				return badInput("the request nests deeper than %d levels", limits.JSONDepth)
			}
		case c == '}' || c == ']':
			depth--
		case c == '-' || isDigit(c):
			end := numberEnd(raw, i)
			if err := checkNumber(raw[i:end]); err != nil {
				return err
			}
			i = end - 1
		}
		if values > limits.JSONValues {
			return badInput("the request has more than %d values", limits.JSONValues)
		}
	}
	return nil
}

// checkString looks at a string whose first character is at start, and returns where its closing quote is.
func checkString(raw []byte, start, longest int) (int, *gqlerror.Error) {
	size := 0
	for i := start; i < len(raw); i, size = i+1, size+1 {
		if size > longest {
			return 0, badInput("a string is longer than %d bytes", longest)
		}
		switch raw[i] {
		case '"':
			return i, nil
		case 0:
			return 0, errNUL()
		case '\\':
			skip, err := checkEscape(raw[i:])
			if err != nil {
				return 0, err
			}
			i += skip - 1
		}
	}
	return len(raw), nil
}

// checkEscape returns how many bytes the escape sequence at the start of raw takes.
func checkEscape(raw []byte) (int, *gqlerror.Error) {
	const short, long = len(`\n`), len(`\u0000`)
	unit, ok := escapedUnit(raw)
	switch {
	case !ok:
		return short, nil
	case unit == 0:
		return 0, errNUL()
	case !utf16.IsSurrogate(unit):
		return long, nil
	}
	low, ok := escapedUnit(raw[long:])
	if !ok || utf16.DecodeRune(unit, low) == utf8.RuneError {
		return 0, badInput("a string has half of a surrogate pair")
	}
	return 2 * long, nil
}

// checkEscapes refuses what checkEscape refuses, wherever it stands in a text.
func checkEscapes(text string) *gqlerror.Error {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		skip, err := checkEscape([]byte(text[i:min(i+12, len(text))]))
		if err != nil {
			return err
		}
		i += skip - 1
	}
	return nil
}

func escapedUnit(raw []byte) (rune, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return rune(unit), err == nil
}

func errNUL() *gqlerror.Error { return badInput("a string has a NUL character") }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func numberEnd(raw []byte, start int) int {
	rest := bytes.TrimLeft(raw[start:], "+-.0123456789eE")
	return len(raw) - len(rest)
}

// checkNumber keeps out what neither a float nor PostgreSQL's numeric type can hold, such as 1e400000.
func checkNumber(text []byte) *gqlerror.Error {
	const digits, exponent = 400, 308
	mantissa, power, found := bytes.Cut(bytes.ToLower(text), []byte("e"))
	if len(mantissa) > digits {
		return badInput("a number has more than %d digits", digits)
	}
	if !found {
		return nil
	}
	if n, err := strconv.Atoi(string(power)); err != nil || n > exponent || n < -exponent {
		return badInput("a number has an exponent beyond %d", exponent)
	}
	return nil
}
