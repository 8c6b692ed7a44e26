package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// The bounds of a task's log on its way to the server.
const (
	maxMessage = 8 << 10  // bytes of a message
	maxFields  = 16 << 10 // bytes of the fields of a line
	maxBatch   = 100      // lines in a request
	maxWaiting = 1000     // lines that wait to be sent; further ones are left out

	flushEvery = 500 * time.Millisecond
)

// logBuffer holds the lines that were not sent yet.
type logBuffer struct {
	sending sync.Mutex // held by who sends, so that lines stay in order

	mu      sync.Mutex // protects what follows
	waiting []logLine
	left    int // lines left out since the last one that was not
}

type logLine struct {
	Level   string         `json:"level"`
	Message string         `json:"message"`
	Fields  map[string]any `json:"fields,omitempty"`
}

func (b *logBuffer) add(l logLine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) >= maxWaiting {
		b.left++
		return
	}
	b.waiting = append(b.waiting, l)
}

// next takes the next batch, with a line about those that were left out behind the last.
func (b *logBuffer) next() []logLine {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left > 0 {
		b.waiting = append(b.waiting, logLine{Level: "WARN", Message: fmt.Sprintf("%d lines came too fast and were left out", b.left)})
		b.left = 0
	}
	n := min(len(b.waiting), maxBatch)
	batch := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	return batch
}

// writeLogs sends what the handlers logged, until ctx ends.
func (w *worker) writeLogs(ctx context.Context) {
	for sleep(ctx, flushEvery) == nil {
		for _, t := range w.holding() {
			t.flushLog(ctx)
		}
	}
}

// flushLog sends every line that waits. What the server refuses is given up: the log is not worth the task.
func (t *Task) flushLog(ctx context.Context) {
	t.lines.sending.Lock()
	defer t.lines.sending.Unlock()
	for {
		batch := t.lines.next()
		if len(batch) == 0 {
			return
		}
		err := t.worker.call(ctx, appendTaskLog, vars{"leaseToken": t.token, "lines": batch}, &struct{}{})
		if err != nil {
			t.worker.Options.Log.Warn("write the log of a task", "task", t.ID, "lines", len(batch), "error", err)
		}
		if err != nil && ctx.Err() != nil {
			return
		}
	}
}

const appendTaskLog = `mutation ($input: AppendTaskLogInput!) { appendTaskLog(input: $input) { lineCount } }`

// logHandler makes lines of a task's log from records.
type logHandler struct {
	lines *logBuffer
	attrs []slog.Attr
	group []string
}

// Enabled takes every level: what to show is for the reader to choose.
func (logHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle never blocks and never fails.
func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	fields := map[string]any{}
	for _, a := range h.attrs {
		put(fields, a)
	}
	inner := nested(fields, h.group)
	for a := range r.Attrs {
		put(inner, a)
	}
	h.lines.add(logLine{Level: levelOf(r.Level), Message: fit(r.Message, maxMessage), Fields: fitting(fields)})
	return nil
}

// WithAttrs gives a handler that adds fields to every line.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, name := range slices.Backward(h.group) {
		attrs = []slog.Attr{{Key: name, Value: slog.GroupValue(attrs...)}}
	}
	h.attrs = slices.Concat(h.attrs, attrs)
	return h
}

// WithGroup gives a handler that nests further fields.
func (h logHandler) WithGroup(name string) slog.Handler {
	if name != "" {
		h.group = slices.Concat(h.group, []string{name})
	}
	return h
}

// nested gives the object at that path, and makes what is missing of it.
func nested(fields map[string]any, path []string) map[string]any {
	for _, name := range path {
		inner, ok := fields[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			fields[name] = inner
		}
		fields = inner
	}
	return fields
}

func put(fields map[string]any, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		fields[a.Key] = plain(value.Any())
		return
	}
	if a.Key != "" {
		fields = nested(fields, []string{a.Key})
	}
	for _, inner := range value.Group() {
		put(fields, inner)
	}
}

// plain gives errors, durations and such as people read them, and what JSON cannot say as text.
func plain(value any) any {
	switch v := value.(type) {
	case error:
		return v.Error()
	case time.Time:
		return v
	case fmt.Stringer:
		return v.String()
	}
	if _, err := json.Marshal(value); err != nil {
		return fmt.Sprint(value)
	}
	return value
}

// fitting leaves fields out that the server would not take.
func fitting(fields map[string]any) map[string]any {
	if text, err := json.Marshal(fields); err == nil && len(text) <= maxFields {
		return fields
	}
	return map[string]any{"fields": "left out: more than 16 KiB"}
}

func levelOf(l slog.Level) string {
	switch {
	case l < slog.LevelInfo:
		return "DEBUG"
	case l < slog.LevelWarn:
		return "INFO"
	case l < slog.LevelError:
		return "WARN"
	}
	return "ERROR"
}

// fit makes text that the server takes: UTF-8 without zero bytes, of at most so many bytes.
func fit(text string, most int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if len(text) <= most {
		return text
	}
	end := most - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
