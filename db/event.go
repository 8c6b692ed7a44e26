package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"workflowfactory/model"
)

// insertEventsSQL gives numbers in the order of the arrays, so that seq follows the order of emit.
const insertEventsSQL = `
INSERT INTO events (id, type, kind, entity_id, version, workflow_id, task_id, agent_id, suggestion_id, actor_id, request_id, address, changes, snapshot)
SELECT id, type, kind, entity_id, version, workflow_id, task_id, agent_id, suggestion_id, actor_id, nullif(request_id, ''), nullif(address, '')::inet,
	changes, snapshot
FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::uuid[], $5::bigint[], $6::uuid[], $7::uuid[], $8::uuid[], $9::uuid[],
	$10::uuid[], $11::text[], $12::text[], $13::jsonb[], $14::jsonb[]) WITH ORDINALITY
	AS e (id, type, kind, entity_id, version, workflow_id, task_id, agent_id, suggestion_id, actor_id, request_id, address, changes, snapshot, n)
ORDER BY n
RETURNING seq, at`

// queueEvents is the only writer of events. It fills in Seq and At of each.
func queueEvents(t *trip, entries []*model.Entry) {
	if len(entries) == 0 {
		return
	}
	written := 0
	t.add(insertEventsSQL, func(r *row) error {
		e := entries[written]
		e.Seq, e.At = int64(r.int()), r.time()
		written++
		return nil
	},
		uuidColumn(entries, func(e *model.Entry) model.ID { return e.ID }),
		column(entries, func(e *model.Entry) string { return string(e.Type) }),
		column(entries, func(e *model.Entry) int16 { return int16(e.Kind) }),
		uuidColumn(entries, func(e *model.Entry) model.ID { return e.EntityID }),
		column(entries, func(e *model.Entry) int64 { return e.Version }),
		uuidColumn(entries, func(e *model.Entry) model.ID { return e.WorkflowID }),
		uuidColumn(entries, func(e *model.Entry) model.ID { return e.TaskID }),
		uuidColumn(entries, func(e *model.Entry) model.ID { return e.AgentID }),
		uuidColumn(entries, func(e *model.Entry) model.ID { return e.SuggestionID }),
		uuidColumn(entries, func(e *model.Entry) model.ID { return e.ActorID }),
		column(entries, func(e *model.Entry) string { return e.RequestID }),
		column(entries, func(e *model.Entry) string { return e.Address }),
		column(entries, func(e *model.Entry) []byte { return e.Changes }),
		column(entries, func(e *model.Entry) []byte { return e.Snapshot }))
}

func column[S, V any](from []S, value func(S) V) []V {
	values := make([]V, len(from))
	for i, s := range from {
		values[i] = value(s)
	}
	return values
}

func uuidColumn(entries []*model.Entry, id func(*model.Entry) model.ID) []pgtype.UUID {
	return column(entries, func(e *model.Entry) pgtype.UUID {
		id := id(e)
		return pgtype.UUID{Bytes: id, Valid: !id.IsZero()} // the zero ID is NULL
	})
}

// Events is the log as the event feed sequences, reads and waits on it; History is the log as people look into it.
type Events struct {
	feed *pgxpool.Pool
}

// Events gives the log.
func (d *DB) Events() *Events { return &Events{feed: d.feed} }

const sequence = "SELECT event_sequence()"

// Sequence gives every event that was committed before the call its position, and gives the last position. It waits up
// to 2 s for another process that does the same.
func (e *Events) Sequence(ctx context.Context) (head int64, err error) {
	err = e.feed.QueryRow(ctx, sequence, pgx.QueryExecModeCacheStatement).Scan(&head)
	if err != nil {
		return 0, fmt.Errorf("place events in the log: %w", err)
	}
	return head, nil
}

// Find gives the position of the event with that seq, 0 while it has none.
func (e *Events) Find(ctx context.Context, seq int64) (position int64, err error) {
	// Index event_log (seq).
	err = e.feed.QueryRow(ctx, "SELECT coalesce((SELECT position FROM event_log WHERE seq = $1), 0)",
		pgx.QueryExecModeCacheStatement, seq).Scan(&position)
	if err != nil {
		return 0, fmt.Errorf("find event %d in the log: %w", seq, err)
	}
	return position, nil
}

// Life names one epoch of this log among those of all logs, also copies of it that went their own way.
func (e *Events) Life(ctx context.Context, epoch int32) (life string, err error) {
	err = e.feed.QueryRow(ctx, `
		SELECT left(encode(sha256(convert_to(concat_ws(' ', epoch, home, timeline, fork_position, extract(epoch FROM at)), 'UTF8')), 'hex'), 32)
		FROM event_epoch WHERE epoch = $1`, epoch).Scan(&life)
	if err != nil {
		return "", fmt.Errorf("look up epoch %d of the log: %w", epoch, err)
	}
	return life, nil
}
