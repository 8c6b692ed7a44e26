-- Figures over all work. Counting a million tasks for each look at a dashboard would be slow, and counters that every
-- change writes would make all changes wait for one row. So the figures follow the event log: one process at a time
-- adds what the events since the last position mean (db/stats_follow.go).

CREATE INDEX tasks_open_due ON tasks (due_at) WHERE finished_at IS NULL AND due_at IS NOT NULL; -- what is overdue

-- Up to where the log has been counted.
CREATE TABLE stats_state (
  only_one boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
  position bigint      NOT NULL,
  at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- How many nouns of a kind stand where.
CREATE TABLE stats_count (
  kind   smallint NOT NULL,
  status text     NOT NULL,
  n      bigint   NOT NULL,
  PRIMARY KEY (kind, status)
);

-- What happened in each stretch of time: of a minute, an hour and a day. bin is 0 for what is only counted; for times
-- taken it is the power of 1.1 milliseconds that they stay below, so that a percentile is right to within 5 %.
CREATE TABLE stats_bucket (
  width   int         NOT NULL, -- seconds
  measure text        NOT NULL,
  at      timestamptz NOT NULL, -- when the stretch begins
  bin     smallint    NOT NULL DEFAULT 0,
  n       bigint      NOT NULL,
  PRIMARY KEY (width, measure, at, bin)
);

-- What people decided about an agent's proposals, by tenths of how sure it was.
CREATE TABLE stats_verdict (
  agent_id uuid     NOT NULL REFERENCES agents,
  bin      smallint NOT NULL CHECK (bin BETWEEN 0 AND 9),
  approved bigint   NOT NULL,
  rejected bigint   NOT NULL,
  PRIMARY KEY (agent_id, bin)
);

CREATE FUNCTION stats_bin(took interval) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN extract(epoch FROM took) < 0.001 THEN 0
    ELSE 1 + floor(ln(extract(epoch FROM took)::float8 * 1000) / ln(1.1::float8)) END::smallint
$$;

-- The figures of what is there already. Nobody adds an event meanwhile, so they stand exactly where the log does.
SELECT pg_advisory_xact_lock(7301, 1);
LOCK TABLE events IN SHARE MODE;
SELECT event_sequence() WHERE EXISTS (SELECT FROM events);
INSERT INTO stats_state (position) SELECT head FROM event_state;
INSERT INTO stats_count SELECT 1, status, count(*) FROM workflows GROUP BY status;
INSERT INTO stats_count SELECT 2, status, count(*) FROM tasks GROUP BY status;
INSERT INTO stats_bucket (width, measure, at, bin, n)
SELECT width, measure, date_bin(width * interval '1 second', m.at, 'epoch'), bin, count(*) FROM unnest('{60,3600,86400}'::int[]) AS width, (
  SELECT status AS measure, finished_at AS at, 0 AS bin FROM tasks WHERE status IN ('COMPLETED', 'FAILED')
  UNION ALL SELECT 'DURATION', finished_at, stats_bin(finished_at - started_at) FROM tasks WHERE status = 'COMPLETED' AND started_at IS NOT NULL
  UNION ALL SELECT 'QUEUE_WAIT', claimed_at, stats_bin(claimed_at - ready_at) FROM tasks WHERE claimed_at >= ready_at
  UNION ALL SELECT 'APPROVAL_LATENCY', decided_at, stats_bin(decided_at - created_at) FROM suggestions
    WHERE status IN ('APPROVED', 'REJECTED', 'ANSWERED') AND decided_by <> '00000000-0000-7000-8000-000000000009'
) AS m WHERE width = 86400 OR m.at >= now() - CASE width WHEN 60 THEN interval '32 days' ELSE interval '401 days' END
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4; -- in the order in which they are read
INSERT INTO stats_verdict
SELECT agent_id, least(9, floor(confidence * 10)), count(*) FILTER (WHERE status = 'APPROVED'), count(*) FILTER (WHERE status = 'REJECTED')
FROM suggestions WHERE kind = 'ACTION' AND status IN ('APPROVED', 'REJECTED') AND decided_by <> '00000000-0000-7000-8000-000000000009' GROUP BY 1, 2;
