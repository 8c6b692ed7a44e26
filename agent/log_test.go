package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestRecordsBecomeLines(t *testing.T) {
	t.Parallel()
	lines := &logBuffer{}
	log := slog.New(logHandler{lines: lines})
	log.Debug("plain")
	log.With("a", 1).WithGroup("g").With("b", time.Second).Error("nested", "c", errors.New("no"), slog.Group("h", "d", true))
	log.Warn("strange", "f", func() {})
	text, err := json.Marshal(lines.next())
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for _, want := range []string{
		`{"level":"DEBUG","message":"plain"}`,
		`{"level":"ERROR","message":"nested","fields":{"a":1,"g":{"b":"1s","c":"no","h":{"d":true}}}}`,
		`{"level":"WARN","message":"strange","fields":{"f":"0x`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}

func TestWhatComesTooFastIsCounted(t *testing.T) {
	t.Parallel()
	lines := &logBuffer{}
	for i := range maxWaiting + 7 {
		lines.add(logLine{Message: fmt.Sprint(i)})
	}
	var all []logLine
	for batch := lines.next(); len(batch) > 0; batch = lines.next() {
		if len(batch) > maxBatch {
			t.Errorf("a batch of %d", len(batch))
		}
		all = append(all, batch...)
	}
	last := all[len(all)-1].Message
	if len(all) != maxWaiting+1 || all[maxWaiting-1].Message != fmt.Sprint(maxWaiting-1) || last != "7 lines came too fast and were left out" {
		t.Errorf("%d lines, the last is %q", len(all), last)
	}
}

func TestTextThatTheServerTakes(t *testing.T) {
	t.Parallel()
	if got := fit("a\x00b\xff", 10); got != "ab\uFFFD" {
		t.Errorf("%q", got)
	}
	for most := range 9 {
		got := fit(strings.Repeat("ä", 10), most+3)
		if len(got) > most+3 || !utf8.ValidString(got) {
			t.Errorf("%q has %d bytes, of at most %d", got, len(got), most+3)
		}
	}
}
