package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"workflowfactory/model"
)

// Audit checks that the log is what it was when it was written.
type Audit struct{ *DB }

// Head gives how far the log has come, and the hash over all of it.
func (a Audit) Head(ctx context.Context) (model.LogHead, error) {
	bounds, err := a.bounds(ctx)
	return bounds.head, err
}

// logBounds are the ends of the log.
type logBounds struct {
	state  model.LogState
	anchor model.LogHead // what was dropped ended there
	head   model.LogHead
}

func (a Audit) bounds(ctx context.Context) (b logBounds, err error) {
	var anchored, reached *time.Time
	var before, last []byte
	err = a.feed.QueryRow(ctx, `
SELECT s.head, s.floor, s.forks, coalesce(a.position, 0), a.hash, a.at, coalesce(l.hash, a.hash), coalesce(l.at, a.at)
FROM event_state AS s
LEFT JOIN (SELECT * FROM event_anchor ORDER BY position DESC LIMIT 1) AS a ON true
LEFT JOIN event_log AS l ON l.position = s.head`, pgx.QueryExecModeCacheStatement).
		Scan(&b.state.Head, &b.state.Floor, &b.state.Forks, &b.anchor.Position, &before, &anchored, &last, &reached)
	if err != nil {
		return b, fmt.Errorf("find the ends of the log: %w", err)
	}
	b.head.Position, b.head.Epoch = b.state.Head, b.state.Epoch()
	copy(b.anchor.Hash[:], before)
	copy(b.head.Hash[:], last)
	if anchored != nil {
		b.anchor.At = anchored.UTC()
	}
	if reached != nil {
		b.head.At = reached.UTC()
	}
	return b, nil
}

// auditPage bounds how many positions are read at a time.
const auditPage = 2000

// Verify checks everything that is kept up to the present head, page by page, and that the log still holds a head that
// somebody kept; nil for none. It calls report after each page. What was found is in the chain; an error means that it
// could not be checked.
func (a Audit) Verify(ctx context.Context, kept *model.LogHead, report func(done, head int64)) (*model.Chain, error) {
	b, err := a.bounds(ctx)
	if err != nil {
		return nil, err
	}
	chain := model.NewChain(b.anchor, kept)
	for head := b.state.Head; chain.Last.Position < head; report(chain.Last.Position, head) {
		page, err := a.page(ctx, chain.Last.Position, head)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 || page[0].Position != chain.Last.Position+1 {
			if b, err = a.bounds(ctx); err != nil {
				return nil, err
			}
			if b.anchor.Position > chain.Last.Position {
				chain.GoOn(b.anchor) // it was dropped meanwhile
				continue
			}
		}
		for _, s := range page {
			chain.Check(s)
		}
		if len(page) < auditPage && chain.Last.Position < head {
			chain.Missing(head)
		}
	}
	var last int64
	err = a.feed.QueryRow(ctx, "SELECT s.head, s.floor, s.forks, (SELECT coalesce(max(position), 0) FROM event_log) FROM event_state AS s").
		Scan(&b.state.Head, &b.state.Floor, &b.state.Forks, &last)
	if err != nil {
		return nil, fmt.Errorf("find the end of the log: %w", err)
	}
	chain.End(b.state, last)
	return chain, nil
}

// sealedSQL reads positions with all that is sealed of them. The digest is that of event_digest in 0010_seal, but made
// by functions of PostgreSQL's own, since who can change the log can change ours.
const sealedSQL = `
SELECT l.position, l.at, l.hash, e.id, e.at, CASE WHEN e.seq IS NOT NULL THEN pg_catalog.sha256(pg_catalog.record_send(ROW(
		e.seq, e.xid, e.id, e.at, convert_to(e.type, 'UTF8'), e.schema_version, e.kind, e.entity_id, e.version,
		e.workflow_id, e.task_id, e.agent_id, e.suggestion_id, e.actor_id, convert_to(e.request_id, 'UTF8'), e.address,
		convert_to(e.changes::text, 'UTF8'), convert_to(e.snapshot::text, 'UTF8')))) END,
	array_remove(ARRAY[CASE WHEN l.kind <> e.kind THEN 'kind' END, CASE WHEN l.type <> e.type THEN 'type' END,
		CASE WHEN l.entity_id <> e.entity_id THEN 'entity_id' END, CASE WHEN l.actor_id <> e.actor_id THEN 'actor_id' END,
		CASE WHEN l.workflow_id IS DISTINCT FROM e.workflow_id THEN 'workflow_id' END,
		CASE WHEN l.task_id IS DISTINCT FROM e.task_id THEN 'task_id' END,
		CASE WHEN l.agent_id IS DISTINCT FROM e.agent_id THEN 'agent_id' END,
		CASE WHEN l.suggestion_id IS DISTINCT FROM e.suggestion_id THEN 'suggestion_id' END], NULL)
FROM event_log AS l LEFT JOIN LATERAL (SELECT * FROM events AS e WHERE e.seq = l.seq LIMIT 1) AS e ON true
WHERE l.position > $1 AND l.position <= $2 ORDER BY l.position LIMIT $3`

func (a Audit) page(ctx context.Context, after, upTo int64) ([]*model.Sealed, error) {
	rows, err := a.feed.Query(ctx, sealedSQL, pgx.QueryExecModeCacheStatement, after, upTo, auditPage)
	if err != nil {
		return nil, fmt.Errorf("read the log after %d: %w", after, err)
	}
	page, err := pgx.CollectRows(rows, scanSealed)
	if err != nil {
		return nil, fmt.Errorf("read the log after %d: %w", after, err)
	}
	return page, nil
}

func scanSealed(rows pgx.CollectableRow) (*model.Sealed, error) {
	var s model.Sealed
	var id pgtype.UUID
	var at *time.Time
	if err := rows.Scan(&s.Position, &s.At, &s.Hash, &id, &at, &s.Digest, &s.Differ); err != nil {
		return nil, err
	}
	s.EventID = id.Bytes
	if at != nil {
		s.EventAt = *at
	}
	return &s, nil
}
