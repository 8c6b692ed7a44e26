package db

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// keepEvery is how often the log is looked after. Partitions are made far enough ahead that an insert finds one even if
// that fails for hours.
const keepEvery = time.Minute

// Keep looks after the log's partitions once: it makes those that will be needed and drops those in which every event is
// older than retention. It gives the number dropped. When others hold the tables for long it drops nothing and fails.
func (e *Events) Keep(ctx context.Context, retention time.Duration) (dropped int, err error) {
	if _, err := e.feed.Exec(ctx, "SELECT event_ahead()"); err != nil {
		return 0, fmt.Errorf("make partitions for events to come: %w", err)
	}
	err = e.feed.QueryRow(ctx, "SELECT event_drop($1)", pgx.QueryExecModeCacheDescribe, retention).Scan(&dropped)
	if err != nil {
		return 0, fmt.Errorf("drop events older than %v: %w", retention, err)
	}
	return dropped, nil
}

// RunKeep calls Keep about every minute until ctx ends, and then gives nil. Any number of processes may do so.
func (e *Events) RunKeep(ctx context.Context, retention time.Duration, log *slog.Logger) error {
	for {
		dropped, err := e.Keep(ctx, retention)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			log.WarnContext(ctx, "look after the event log", "error", err, "againIn", keepEvery)
		}
		if dropped > 0 {
			log.InfoContext(ctx, "dropped old events", "partitions", dropped, "retention", retention)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(keepEvery/2 + rand.N(keepEvery)): // so that processes started together do not meet
		}
	}
}
