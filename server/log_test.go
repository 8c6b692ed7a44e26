package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"reflect"
	"testing"
	"time"
)

// TestRequestLineIsThatOfTheHandler holds the line as we write it against what slog makes of the same.
func TestRequestLineIsThatOfTheHandler(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 12, 30, 15, 120_000_000, time.FixedZone("", 3600))
	for name, l := range map[string]RequestLine{
		"nothing": {At: at},
		"usual":   {at, slog.LevelInfo, "POST", "/graphql", 200, 151, 1234 * time.Microsecond, "127.0.0.1:4711", "7"},
		"strange": {at, slog.LevelWarn + 1, "PÖST\"", "/a\\\n\x00\x7f\u2028<é>", -1, 1 << 40, time.Hour, "[::1%eth0]:1", "a:b"},
		"no UTF8": {At: at, Path: "/\xff\xc3"},
	} {
		var want bytes.Buffer
		requestLogger(requestLog{slog.NewJSONHandler(&want, nil)})(l)
		got := l.AppendJSON([]byte("before"))
		if after, ok := bytes.CutPrefix(got, []byte("before")); !ok || !reflect.DeepEqual(members(t, after), members(t, want.Bytes())) {
			t.Errorf("%s:\n%s, want\n%s", name, got, want.Bytes())
		}
		if name == "usual" && string(got) != "before"+want.String() {
			t.Errorf("%s is not\n%s", got, want.Bytes())
		}
	}
}

func members(t *testing.T, line []byte) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal(line, &m); err != nil || line[len(line)-1] != '\n' {
		t.Fatalf("%s: %v", line, err)
	}
	return m
}

func BenchmarkRequestLine(b *testing.B) {
	l := RequestLine{time.Now(), slog.LevelInfo, "POST", "/graphql", 200, 151, 1234 * time.Microsecond, "127.0.0.1:4711", newRequestID()}
	b.Run("ours", func(b *testing.B) {
		var to []byte
		for b.Loop() {
			to = l.AppendJSON(to[:0])
		}
	})
	b.Run("slog's", func(b *testing.B) {
		var to bytes.Buffer
		write := requestLogger(slog.NewJSONHandler(&to, nil))
		for b.Loop() {
			to.Reset()
			write(l)
		}
	})
}
