package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"workflowfactory/model"
)

// Read gives the entries of a range that the filter takes, in the order asked for, and the state of the log that they
// were read from. Positions from just after After on are missing when the state's Floor has passed it.
func (e *Events) Read(ctx context.Context, r model.LogRange, f model.EntryFilter) (entries []*model.Entry, state model.LogState, err error) {
	q := newEntryQuery(r, f)
	if q.filtered {
		var rows pgx.Rows
		if rows, err = e.feed.Query(ctx, selectEntries(q), append([]any{pgx.QueryExecModeCacheDescribe}, q.args...)...); err == nil {
			entries, state, err = scanEntries(rows)
		}
	} else {
		entries, state, err = e.readAll(ctx, q, keepPlan)
	}
	if err != nil {
		return nil, model.LogState{}, fmt.Errorf("read the log after %d: %w", r.After, err)
	}
	return entries, state, nil
}

// SequenceAndRead does what Sequence does, and then reads a part of the log without a filter, in one trip.
func (e *Events) SequenceAndRead(ctx context.Context, r model.LogRange) ([]*model.Entry, model.LogState, error) {
	entries, state, err := e.readAll(ctx, newEntryQuery(r, model.EntryFilter{}), sequence, keepPlan)
	if err != nil {
		return nil, model.LogState{}, fmt.Errorf("place events in the log and read it after %d: %w", r.After, err)
	}
	return entries, state, nil
}

// keepPlan has a plan used again: to plan over partitions takes several times as long as to read what is new. Like all of
// the feed's plans it is held to indexes, and to their order, since it may be made while the log is empty.
const keepPlan = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_bitmapscan', 'off', true)"

// readAll reads without a filter after other statements, all in one trip and one transaction.
func (e *Events) readAll(ctx context.Context, q *entryQuery, before ...string) (entries []*model.Entry, state model.LogState, err error) {
	err = e.feed.AcquireFunc(ctx, func(pooled *pgxpool.Conn) error {
		var batch pgx.Batch
		read := selectEntries(q)
		for _, sql := range append(before, read) {
			if _, err := pooled.Conn().Prepare(ctx, sql, sql); err != nil { // once for each connection
				return err
			}
		}
		for _, sql := range before {
			batch.Queue(sql)
		}
		batch.Queue(read, q.args...).Query(func(rows pgx.Rows) (err error) {
			entries, state, err = scanEntries(rows)
			return err
		})
		return pooled.Conn().SendBatch(ctx, &batch).Close()
	})
	return entries, state, err
}

// selectEntries reads the events of a page of the log, and the state of the log in the same snapshot; a row with only
// the state when the page is empty. The inner LIMIT keeps the plan to one lookup by primary key per entry.
func selectEntries(q *entryQuery) string {
	return `
SELECT s.head, s.floor, s.forks, p.* FROM event_state s LEFT JOIN (
	SELECT l.position, l.seq, l.at, l.type, l.kind, l.entity_id, l.workflow_id, l.task_id, l.agent_id, l.suggestion_id, l.actor_id,
		e.id, e.version, e.request_id, host(e.address), e.changes, e.snapshot
	FROM ` + q.page + ` l
	CROSS JOIN LATERAL (SELECT * FROM events e WHERE e.seq = l.seq LIMIT 1) e
) p ON true
ORDER BY ` + q.order
}

// scanEntries reads what selectEntries selects.
func scanEntries(rows pgx.Rows) ([]*model.Entry, model.LogState, error) {
	defer rows.Close()
	var (
		entries                           []*model.Entry
		state                             model.LogState
		workflow, task, agent, suggestion pgtype.UUID
		request, address                  pgtype.Text
	)
	for rows.Next() {
		var e model.Entry
		into := []any{&state.Head, &state.Floor, &state.Forks}
		if empty := rows.RawValues()[len(into)] == nil; empty {
			return nil, state, rows.Scan(append(into, make([]any, 17)...)...)
		}
		err := rows.Scan(append(into, &e.Position, &e.Seq, &e.At, (*string)(&e.Type), (*uint8)(&e.Kind), (*[16]byte)(&e.EntityID),
			&workflow, &task, &agent, &suggestion, (*[16]byte)(&e.ActorID),
			(*[16]byte)(&e.ID), &e.Version, &request, &address, (*[]byte)(&e.Changes), (*[]byte)(&e.Snapshot))...)
		if err != nil {
			return nil, state, err
		}
		e.At, e.Epoch, e.RequestID, e.Address = e.At.UTC(), state.Epoch(), request.String, address.String
		e.WorkflowID, e.TaskID, e.AgentID, e.SuggestionID = workflow.Bytes, task.Bytes, agent.Bytes, suggestion.Bytes
		e.Share()
		entries = append(entries, &e)
	}
	return entries, state, rows.Err()
}
