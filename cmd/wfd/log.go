package main

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"

	"workflowfactory/server"
)

// newLog writes lines for people on a terminal, and JSON otherwise. What JSON there is left to write, flush writes.
func newLog(g General, w io.Writer) (log *slog.Logger, flush func()) {
	var level slog.Level
	_ = level.UnmarshalText([]byte(g.LogLevel)) // the command line lets nothing else through
	terminal := isTerminal(w)
	if g.LogFormat == "text" || g.LogFormat == "auto" && terminal {
		text := tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !terminal})
		return slog.New(server.WithRequestID(text)), func() {}
	}
	to := newSink(w)
	json := slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level})
	return slog.New(server.WithRequestID(lines{prompt{json, to}})), to.flush
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
