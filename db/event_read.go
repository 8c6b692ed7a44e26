package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"workflowfactory/model"
)

// Read gives the entries of a range that the filter takes, in the order asked for, and the state of the log that they
// were read from. Positions from just after After on are missing when the state's Floor has passed it.
func (e *Events) Read(ctx context.Context, r model.LogRange, f model.EntryFilter) ([]*model.Entry, model.LogState, error) {
	q := newEntryQuery(r, f)
	rows, err := e.feed.Query(ctx, selectEntries(q), q.args...)
	if err != nil {
		return nil, model.LogState{}, fmt.Errorf("read the log after %d: %w", r.After, err)
	}
	entries, state, err := scanEntries(rows)
	if err != nil {
		return nil, model.LogState{}, fmt.Errorf("read the log after %d: %w", r.After, err)
	}
	return entries, state, nil
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
