package db

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

// askEvery is how often at most a process asks the leader to sequence: the notice wakes every process.
const askEvery = 5 * time.Millisecond

// checkEvery is how soon a lost connection is noticed, and a lost leader replaced.
const checkEvery = time.Second

// Listen passes on what the log's processes tell each other until ctx ends or the connection breaks, and then gives the
// error. While it runs, this process may come to lead the sequencing; it leads no longer when Listen has returned. A
// value from asks asks the leader to sequence.
//
// It holds one connection. heard must not block.
func (e *Events) Listen(ctx context.Context, asks <-chan struct{}, heard func(model.LogNews)) error {
	pooled, err := e.feed.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("listen to the log: %w", err)
	}
	conn := pooled.Hijack() // the session holds the leader's lock and must end with this call
	defer conn.Close(context.WithoutCancel(ctx))
	ctx, stop := context.WithCancelCause(ctx)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer stop(nil)
	asking.Go(func() { stop(e.ask(ctx, asks)) })
	if _, err := conn.Exec(ctx, "LISTEN event_head; LISTEN event_ask"); err != nil {
		return fmt.Errorf("listen to the log: %w", err)
	}
	for leading := false; ; {
		if leading, err = lead(ctx, conn, leading, heard); err != nil {
			return fmt.Errorf("listen to the log: %w", errors.Join(err, context.Cause(ctx)))
		}
		if err := wait(ctx, conn, leading, heard); err != nil {
			return fmt.Errorf("listen to the log: %w", errors.Join(err, context.Cause(ctx)))
		}
	}
}

// lead tries to get the leader's lock, or makes sure that the session which holds it is alive.
func lead(ctx context.Context, conn *pgx.Conn, leading bool, heard func(model.LogNews)) (bool, error) {
	if leading {
		return true, conn.Ping(ctx)
	}
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(7301, 3)").Scan(&leading); err != nil {
		return false, err
	}
	heard(model.LogNews{Leading: leading})
	return leading, nil
}

// wait passes on notices for as long as checkEvery.
func wait(ctx context.Context, conn *pgx.Conn, leading bool, heard func(model.LogNews)) error {
	within, cancel := context.WithTimeout(ctx, checkEvery)
	defer cancel()
	for {
		notice, err := conn.WaitForNotification(within)
		if err != nil && within.Err() != nil && ctx.Err() == nil {
			return nil
		}
		if err != nil {
			return err
		}
		head, _ := strconv.ParseInt(notice.Payload, 10, 64) // an ask has no payload
		heard(model.LogNews{Leading: leading, Head: head, Asked: notice.Channel == "event_ask"})
	}
}

// ask passes on asks as notices, several at once when they come fast.
func (e *Events) ask(ctx context.Context, asks <-chan struct{}) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-asks:
		}
		if _, err := e.feed.Exec(ctx, "NOTIFY event_ask"); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(askEvery):
		}
	}
}
