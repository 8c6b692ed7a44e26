package transport

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	limits := Limits{StringBytes: 10, DocumentBytes: 5, JSONDepth: 3, JSONValues: 6}
	for text, ok := range map[string]bool{
		`{}`:                            true,
		`{"a":[[1]]}`:                   true,
		`{"a":[[[1]]]}`:                 false,
		`[[[]],[[]]]`:                   true,
		`[1,2,3,4,5,6]`:                 true,
		`[1,2,3,4,5,6,7]`:               false,
		`{"a":[],"b":{},"c":[1]}`:       true,
		`[[],[],[],[]]`:                 false,
		`",,,,,,,,"`:                    true,
		`"1234567890"`:                  true,
		`"12345678901"`:                 false,
		`"[[[[[["`:                      true,
		`"\"\\[[["`:                     true,
		`"\u0041"`:                      true,
		`"\u0000"`:                      false,
		`"\\u0000"`:                     true,
		"\"a\x00\"":                     false,
		`"\ud83d\ude00"`:                true,
		`"\uD83D\uDE00"`:                true,
		`"\ud83d"`:                      false,
		`"\ud83dx"`:                     false,
		`"\ud83d\u0041"`:                false,
		`"\ude00\ud83d"`:                false,
		`"\ude00"`:                      false,
		"\"\xff\"":                      false,
		"\"\xed\xa0\x80\"":              false,
		`1e308`:                         true,
		`-1.5E-308`:                     true,
		`1e309`:                         false,
		`1e400000`:                      false,
		`1e-400000`:                     false,
		`1e99999999999999999999`:        false,
		strings.Repeat("1", 400):        true,
		strings.Repeat("1", 401):        false,
		`0.` + strings.Repeat("1", 398): true,
		`0.` + strings.Repeat("1", 399): false,
	} {
		if err := checkJSON([]byte(text), &limits); (err == nil) != ok {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// What passes can be decoded and encoded again without a change, and has no NUL.
func FuzzCheckJSON(f *testing.F) {
	for _, text := range []string{`{"a":"\ud83d\ude00"}`, `["\u0000"]`, `"\ud800"`, `1e400`, `[[[[]]]]`, `{"a":{"b":"c\"\\"}}`} {
		f.Add([]byte(text))
	}
	limits := Limits{}.WithDefaults()
	f.Fuzz(func(t *testing.T, raw []byte) {
		if checkJSON(raw, &limits) != nil {
			return
		}
		var value any
		if decodeJSON(raw, &value) != nil {
			return
		}
		walk(value, func(s string) {
			if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
				t.Errorf("%q passed with %q", raw, s)
			}
			if strings.ContainsRune(s, utf8.RuneError) && !strings.ContainsRune(string(raw), utf8.RuneError) && !strings.Contains(strings.ToLower(string(raw)), `\ufffd`) {
				t.Errorf("%q was changed to %q", raw, s)
			}
		})
		if _, err := json.Marshal(value); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	})
}

func walk(value any, visit func(string)) {
	switch value := value.(type) {
	case string:
		visit(value)
	case []any:
		for _, item := range value {
			walk(item, visit)
		}
	case map[string]any:
		for key, item := range value {
			visit(key)
			walk(item, visit)
		}
	}
}

// No request makes the decoder panic, and what it makes of one is what the client wrote.
func FuzzDecodeParams(f *testing.F) {
	f.Add([]byte(`{"query":"{a}","operationName":"A","variables":{"a":1},"extensions":null}`))
	f.Add([]byte(`{"extensions":{"persistedQuery":{}}}`))
	f.Add([]byte(`[{}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		params, err := decodeParams(raw)
		if (params == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", raw, params, err)
		}
		if err != nil && len(err.Message) > 200 {
			t.Errorf("%q: a message of %d bytes", raw, len(err.Message))
		}
		if err == nil && !json.Valid(raw) {
			t.Errorf("%q is no JSON", raw)
		}
	})
}
