package server

import (
	"context"
	"log/slog"

	"workflowfactory/model"
)

// WithRequestID makes a log handler that adds the id of the request to each line written for one.
func WithRequestID(h slog.Handler) slog.Handler { return requestLog{h} }

type requestLog struct{ slog.Handler }

func (l requestLog) Handle(ctx context.Context, r slog.Record) error {
	if id := model.CallerFrom(ctx).RequestID; id != "" {
		r = r.Clone() // others may hold it too
		r.AddAttrs(slog.String("requestId", id))
	}
	return l.Handler.Handle(ctx, r)
}

func (l requestLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestLog{l.Handler.WithAttrs(attrs)}
}

func (l requestLog) WithGroup(name string) slog.Handler { return requestLog{l.Handler.WithGroup(name)} }
