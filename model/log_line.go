package model

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

// TaskLogLine is a line in the log of a task.
type TaskLogLine struct {
	TaskID  ID
	Number  int // 1, 2, 3, … in each task
	Attempt int
	At      time.Time
	Level   LogLevel
	Message string
	Fields  JSON
}

// TaskLogConnection is a page of a task's log.
type TaskLogConnection struct {
	Edges    []*TaskLogEdge
	PageInfo *PageInfo
	Count    Count
}

// TaskLogEdge is one line on a page.
type TaskLogEdge struct{ Edge[TaskLogLine] }

// LogLevel is how important a line of a log is; a higher number is more important.
type LogLevel int16

// The levels of lines.
const (
	LogLevelDebug LogLevel = iota + 1
	LogLevelInfo
	LogLevelWarn
	LogLevelError
)

var logLevelNames = []string{LogLevelDebug: "DEBUG", LogLevelInfo: "INFO", LogLevelWarn: "WARN", LogLevelError: "ERROR"}

// UnmarshalGQL reads an enum value.
func (l *LogLevel) UnmarshalGQL(v any) error {
	s, _ := v.(string)
	i := slices.Index(logLevelNames, s)
	if i <= 0 {
		return fmt.Errorf("%v is not a valid LogLevel", v)
	}
	*l = LogLevel(i)
	return nil
}

// MarshalGQL writes an enum value.
func (l LogLevel) MarshalGQL(w io.Writer) { io.WriteString(w, strconv.Quote(logLevelNames[l])) }

// The bounds of a task's log.
const (
	MaxLogLines   = 10_000 // of one task
	maxLogMessage = 8 << 10
	maxLogFields  = 16 << 10
)

// NewLines makes the lines of a call, or says what is wrong with them. Their numbers are for the writer to give.
func (in AppendTaskLogInput) NewLines(now time.Time) ([]*TaskLogLine, error) {
	if len(in.Lines) == 0 || len(in.Lines) > MaxItems {
		return nil, BadInput("lines", "write 1 to %d lines at a time", MaxItems)
	}
	lines := make([]*TaskLogLine, len(in.Lines))
	for i, l := range in.Lines {
		if len(l.Message) > maxLogMessage {
			return nil, BadInput(fmt.Sprintf("lines.%d.message", i), "a message is at most %d bytes", maxLogMessage)
		}
		if len(l.Fields) > maxLogFields {
			return nil, BadInput(fmt.Sprintf("lines.%d.fields", i), "the fields of a line are at most %d bytes", maxLogFields)
		}
		lines[i] = &TaskLogLine{At: now, Level: orDefault(l.Level, LogLevelInfo), Message: l.Message, Fields: l.Fields}
	}
	return lines, nil
}
