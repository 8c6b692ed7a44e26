package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"workflowfactory/server"
)

// TestLogLinesAreWrittenTogether has lines wait for a moment and not longer, in their order, and a warning for nothing.
func TestLogLinesAreWrittenTogether(t *testing.T) {
	t.Parallel()
	read, written := io.Pipe()
	log, _ := newLog(General{LogLevel: "info", LogFormat: "json"}, written)
	lines := bufio.NewScanner(read)
	next := func() string { lines.Scan(); return lines.Text() }

	log.Info("one") // nobody reads yet, and it does not block
	log.Info("two")
	if line := next(); !strings.Contains(line, "one") { // which the timer has written
		t.Error(line)
	}
	if line := next(); !strings.Contains(line, "two") {
		t.Error(line)
	}
	go log.With("who", "I").WithGroup("all").Warn("three")
	if line := next(); !strings.Contains(line, "three") || !strings.Contains(line, `"who":"I"`) {
		t.Error(line)
	}
}

// TestLogKeepsNothingBack holds one against what was logged in a whole life.
func TestLogKeepsNothingBack(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := newSink(&out)
	log := slog.New(prompt{slog.NewJSONHandler(s, nil), s})
	const many = 10_000
	for i := range many {
		log.Info(fmt.Sprint("line ", i))
	}
	s.flush()
	s.flush()
	if got := strings.Count(out.String(), "\n"); got != many || !strings.Contains(out.String(), fmt.Sprint("line ", many-1)) {
		t.Errorf("%d of %d lines", got, many)
	}
}

// TestRequestsAreLoggedTheShortWay unless all lines are to have something added.
func TestRequestsAreLoggedTheShortWay(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := newSink(&out)
	var handler slog.Handler = lines{prompt{slog.NewJSONHandler(s, nil), s}}
	short := handler.(server.RequestLogger)
	short.LogRequest(server.RequestLine{Path: "/one"})
	short.LogRequest(server.RequestLine{Path: "/two", Level: slog.LevelWarn}) // writes both at once
	if got := out.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `"path":"/one"`) || !strings.Contains(got, `"level":"WARN"`) {
		t.Errorf("%q", got)
	}
	for _, added := range []slog.Handler{handler.WithAttrs([]slog.Attr{slog.String("who", "I")}), handler.WithGroup("all")} {
		if _, ok := added.(server.RequestLogger); ok {
			t.Error("the short way would forget what is added to all lines")
		}
	}
}
