package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"workflowfactory/server"
)

const (
	lagAtMost  = 100 * time.Millisecond
	sinkBuffer = 32 << 10
)

// sink writes a log's lines together, since a write for each would cost more than the line. What was logged is written
// within lagAtMost, and at once if it is a warning or an error. It is safe for concurrent use.
type sink struct {
	mu    sync.Mutex // protects what follows
	out   io.Writer
	lines []byte
	timer *time.Timer // runs while there are lines
}

func newSink(out io.Writer) *sink {
	s := &sink{out: out}
	s.timer = time.AfterFunc(time.Hour, s.flush)
	s.timer.Stop()
	return s
}

// Write keeps one or more lines.
func (s *sink) Write(line []byte) (int, error) {
	s.add(func(b []byte) []byte { return append(b, line...) })
	return len(line), nil
}

// add keeps what is appended.
func (s *sink) add(line func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) == 0 {
		s.timer.Reset(lagAtMost)
	}
	s.lines = line(s.lines)
	if len(s.lines) >= sinkBuffer {
		s.empty()
	}
}

func (s *sink) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty()
}

// empty has nowhere to say that a log cannot be written.
func (s *sink) empty() {
	if len(s.lines) > 0 {
		_, _ = s.out.Write(s.lines)
		s.lines = s.lines[:0]
	}
}

// prompt has a sink write what is important at once.
type prompt struct {
	slog.Handler
	sink *sink
}

func (p prompt) Handle(ctx context.Context, r slog.Record) error {
	err := p.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		p.sink.flush()
	}
	return err
}

func (p prompt) WithAttrs(attrs []slog.Attr) slog.Handler {
	return prompt{p.Handler.WithAttrs(attrs), p.sink}
}

func (p prompt) WithGroup(name string) slog.Handler { return prompt{p.Handler.WithGroup(name), p.sink} }

// lines is a sink's handler before anything is added to all of its lines.
type lines struct{ prompt }

// LogRequest writes the line of a request.
func (l lines) LogRequest(line server.RequestLine) {
	l.sink.add(line.AppendJSON)
	if line.Level >= slog.LevelWarn {
		l.sink.flush()
	}
}
