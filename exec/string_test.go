package exec_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"workflowfactory/exec"
)

// FuzzAppendString holds the string writer against encoding/json, which must read back what was
// meant, and against gqlgen's, which must write the same.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{
		"", "plain", `"quoted" \ back`, "\x00\x01\x1f\x7f\b\f\n\r\t", "ünïcode 日本語 🙂", "\u2028\u2029\ufffd",
		"\xff", "a\xc3", "\xed\xa0\x80", "\xf0\x9f\x99", "\xc0\x80", "<b>&amp;</b>", strings.Repeat("long ", 100),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := exec.AppendString([]byte("before"), s)
		got, ok := bytes.CutPrefix(got, []byte("before"))
		if !ok {
			t.Fatalf("%q overwrote what was there", s)
		}
		theirs, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var meant, read string
		if err := json.Unmarshal(theirs, &meant); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &read); err != nil {
			t.Fatalf("%q became %s: %v", s, got, err)
		}
		if read != meant {
			t.Errorf("%q became %s, which is read as %q, not %q", s, got, read, meant)
		}
		if !utf8.Valid(got) {
			t.Errorf("%q became % x, which is not UTF-8", s, got)
		}
		var gqlgen bytes.Buffer
		if graphql.MarshalString(s).MarshalGQL(&gqlgen); utf8.ValidString(s) && gqlgen.String() != string(got) {
			t.Errorf("%q became %s, but with gqlgen %s", s, got, gqlgen.String())
		}
	})
}

func BenchmarkAppendString(b *testing.B) {
	for name, s := range map[string]string{
		"short": "Deploy the release",
		"long":  strings.Repeat("The agent reports progress, and so on. ", 20),
		"other": strings.Repeat("Überprüfung 検査 ", 20),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			buf := make([]byte, 0, 4096)
			for b.Loop() {
				buf = exec.AppendString(buf[:0], s)
			}
		})
	}
}
