package db

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"workflowfactory/model"
)

// Stats is the repository of figures over all work.
type Stats struct{ *DB }

const (
	// refreshEvery is how old figures grow, so long as the log is not far ahead of them.
	refreshEvery = time.Second
	// countAtOnce bounds how many events one statement counts.
	countAtOnce = 10_000
)

// Run keeps the figures up to date until ctx ends, and then gives nil. Any number of processes may do so: they share
// the work, since each does only what is due.
func (r Stats) Run(ctx context.Context, log *slog.Logger) error {
	every := time.NewTicker(refreshEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
		if err := r.follow(ctx, refreshEvery*3/4); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "bring the figures up to date", "error", err, "againIn", refreshEvery)
		}
	}
}

// Refresh brings the figures up to what is sequenced now.
func (r Stats) Refresh(ctx context.Context) error { return r.follow(ctx, 0) }

func (r Stats) follow(ctx context.Context, notWithin time.Duration) error {
	for more := true; more; notWithin = 0 {
		var err error
		if more, err = r.followOnce(ctx, notWithin); err != nil {
			return fmt.Errorf("count what happened: %w", err)
		}
	}
	return nil
}

// followOnce counts the next events, unless somebody is at it or was within that time. The position moves in the same
// transaction as the figures, so each event counts once.
func (r Stats) followOnce(ctx context.Context, notWithin time.Duration) (more bool, err error) {
	err = pgx.BeginFunc(ctx, r.feed, func(tx pgx.Tx) error {
		var from, to, head int64
		err := tx.QueryRow(ctx, `
			SELECT s.position, least(s.position + $1::bigint, e.head), e.head FROM stats_state AS s, event_state AS e
			WHERE s.at <= clock_timestamp() - $2::interval FOR NO KEY UPDATE OF s SKIP LOCKED`, countAtOnce, notWithin).Scan(&from, &to, &head)
		if err != nil {
			return ignoreNoRows(err)
		}
		more = to < head
		if from < to {
			if _, err := tx.Exec(ctx, countSQL, from, to); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, gaugeSQL); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE stats_state SET position = $1, at = clock_timestamp()", to)
		return err
	})
	return more, err
}

// ignoreNoRows forgives that there was nothing to read.
func ignoreNoRows(err error) error {
	if isNoRows(err) {
		return nil
	}
	return err
}

// countSQL adds what the events after one position and up to another mean. A deleted workflow takes its tasks along;
// those that had not ended were PENDING, or it could not have been deleted. The index is that of the log's positions.
var countSQL = fmt.Sprintf(`
WITH news AS MATERIALIZED (
	SELECT l.kind, l.type, l.agent_id, e.snapshot AS s, e.snapshot->>'status' AS became, w.was,
		CASE WHEN l.type = 'WORKFLOW_DELETED' THEN (SELECT jsonb_object_agg(c->>'field', c->'before') FROM jsonb_array_elements(e.changes) AS c) END AS gone
	FROM event_log AS l JOIN events AS e ON e.seq = l.seq,
		LATERAL (SELECT jsonb_path_query_first(e.changes, '$[*] ? (@.field == "status").before') #>> '{}' AS was) AS w
	WHERE l.position > $1 AND l.position <= $2 AND l.kind IN (%[1]d, %[2]d, %[4]d) AND l.type NOT IN ('TASK_PROGRESSED', 'WORKFLOW_PROGRESSED')
), counted AS (
	INSERT INTO stats_count AS c (kind, status, n)
	SELECT kind, status, sum(n) FROM (
		SELECT kind, became AS status, 1 AS n FROM news WHERE became IS NOT NULL AND (was IS NOT NULL OR type IN ('WORKFLOW_CREATED', 'TASK_CREATED'))
		UNION ALL SELECT kind, was, -1 FROM news WHERE was IS NOT NULL
		UNION ALL SELECT %[2]d, t.status, -t.n FROM news, LATERAL (VALUES
			('COMPLETED', (gone->>'completedTasks')::int), ('FAILED', (gone->>'failedTasks')::int),
			('CANCELLED', (gone->>'cancelledTasks')::int), ('SKIPPED', (gone->>'skippedTasks')::int),
			('PENDING', (gone->>'totalTasks')::int - (gone->>'completedTasks')::int - (gone->>'failedTasks')::int
				- (gone->>'cancelledTasks')::int - (gone->>'skippedTasks')::int)) AS t (status, n)
		WHERE gone IS NOT NULL
	) AS moves WHERE kind <> %[4]d GROUP BY kind, status HAVING sum(n) <> 0
	ON CONFLICT (kind, status) DO UPDATE SET n = c.n + excluded.n
), judged AS (
	INSERT INTO stats_verdict AS v (agent_id, bin, approved, rejected)
	SELECT agent_id, least(9, floor((s->>'confidence')::float8 * 10)), count(*) FILTER (WHERE became = 'APPROVED'), count(*) FILTER (WHERE became = 'REJECTED')
	FROM news WHERE type IN ('SUGGESTION_APPROVED', 'SUGGESTION_REJECTED') AND s->>'kind' = 'ACTION' AND s->>'decidedBy' <> '%[5]s'
	GROUP BY 1, 2
	ON CONFLICT (agent_id, bin) DO UPDATE SET approved = v.approved + excluded.approved, rejected = v.rejected + excluded.rejected
)
INSERT INTO stats_bucket AS b (width, measure, at, bin, n)
SELECT width, m.measure, date_bin(width * interval '1 second', m.at, 'epoch'), m.bin, count(*)
FROM unnest('{60,3600,86400}'::int[]) AS width, (
	SELECT became AS measure, (s->>'finishedAt')::timestamptz AS at, 0 AS bin FROM news WHERE type IN ('TASK_COMPLETED', 'TASK_FAILED')
	UNION ALL SELECT measure, till, stats_bin(till - since) FROM news, LATERAL (VALUES
		('DURATION', type = 'TASK_COMPLETED', (s->>'startedAt')::timestamptz, (s->>'finishedAt')::timestamptz),
		('QUEUE_WAIT', type = 'TASK_CLAIMED', (s->>'readyAt')::timestamptz, (s->>'claimedAt')::timestamptz),
		('APPROVAL_LATENCY', type IN ('SUGGESTION_APPROVED', 'SUGGESTION_REJECTED', 'SUGGESTION_ANSWERED') AND s->>'decidedBy' <> '%[5]s',
			(s->>'createdAt')::timestamptz, (s->>'decidedAt')::timestamptz)) AS took (measure, applies, since, till)
	WHERE applies AND since IS NOT NULL
) AS m GROUP BY 1, 2, 3, 4
ON CONFLICT (width, measure, at, bin) DO UPDATE SET n = b.n + excluded.n`,
	model.KindWorkflow, model.KindTask, model.KindAgent, model.KindSuggestion, model.SystemID)

// gaugeSQL counts what passing time changes too, which is little: agents, and by an index each what is overdue and what
// waits for people. It forgets what is too old to be asked for. Indexes: tasks_open_due, suggestions_status.
var gaugeSQL = fmt.Sprintf(`
WITH old AS (
	DELETE FROM stats_bucket WHERE measure IN ('COMPLETED', 'FAILED', 'DURATION', 'QUEUE_WAIT', 'APPROVAL_LATENCY')
		AND (width = 60 AND at < now() - interval '32 days' OR width = 3600 AND at < now() - interval '401 days')
)
INSERT INTO stats_count AS c (kind, status, n)
SELECT %d, how.status, count(x.id) FROM unnest('{IDLE,ONLINE,BUSY,OFFLINE}'::text[]) AS how (status)
	LEFT JOIN agents AS x ON x.removed_at IS NULL AND (%s) = how.status GROUP BY how.status
UNION ALL SELECT %d, 'OVERDUE', count(*) FROM tasks WHERE finished_at IS NULL AND due_at < now()
UNION ALL SELECT %d, 'PENDING', count(*) FROM suggestions WHERE status = 'PENDING'
ON CONFLICT (kind, status) DO UPDATE SET n = excluded.n WHERE c.n <> excluded.n`,
	model.KindAgent, agentStatus, model.KindTask, model.KindSuggestion)
