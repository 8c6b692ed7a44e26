-- The event log. Writers insert into events inside their own transactions and wait for nobody. After they commit,
-- event_sequence() gives each event its position in event_log: gapless, a transaction's events together, causes before
-- effects, the same for every reader.

CREATE SEQUENCE event_seq CACHE 1; -- 1: events of one entity follow its row lock, so their numbers must not be handed out in blocks

-- What happened: append-only, and so the audit log too.
CREATE TABLE events (
  seq            bigint      NOT NULL DEFAULT nextval('event_seq'),
  xid            xid8        NOT NULL DEFAULT pg_current_xact_id(),
  id             uuid        NOT NULL,
  at             timestamptz NOT NULL DEFAULT clock_timestamp(),
  type           text        NOT NULL,
  schema_version smallint    NOT NULL DEFAULT 1,
  kind           smallint    NOT NULL, -- of the entity; the low four bits of entity_id
  entity_id      uuid        NOT NULL,
  version        bigint      NOT NULL, -- of the entity, after the change
  workflow_id    uuid,                 -- what the event concerns, as far as it concerns one
  task_id        uuid,
  agent_id       uuid,
  suggestion_id  uuid,
  actor_id       uuid        NOT NULL, -- its low four bits tell the kind of actor
  request_id     text,
  changes        jsonb,                -- [{"field","before","after"}]
  snapshot       jsonb,                -- the entity after the change; null when it was deleted
  PRIMARY KEY (seq)
) PARTITION BY RANGE (seq);
CREATE INDEX ON events (xid); -- for event_sequence alone
CREATE INDEX ON events (id);

-- Where each event stands, and all that one can ask for events by.
CREATE TABLE event_log (
  position      bigint      NOT NULL,
  seq           bigint      NOT NULL,
  at            timestamptz NOT NULL, -- the event's, but never before that of the position before: a span of time is a span of positions
  kind          smallint    NOT NULL,
  type          text        NOT NULL,
  entity_id     uuid        NOT NULL,
  workflow_id   uuid,
  task_id       uuid,
  agent_id      uuid,
  suggestion_id uuid,
  actor_id      uuid        NOT NULL,
  PRIMARY KEY (position)
) PARTITION BY RANGE (position);
CREATE INDEX ON event_log (seq);
CREATE INDEX ON event_log (at, position);
CREATE INDEX ON event_log (kind, position);
CREATE INDEX ON event_log (entity_id, position);
CREATE INDEX ON event_log (actor_id, position);
CREATE INDEX ON event_log (workflow_id, position) WHERE workflow_id IS NOT NULL;
CREATE INDEX ON event_log (task_id, position) WHERE task_id IS NOT NULL;
CREATE INDEX ON event_log (agent_id, position) WHERE agent_id IS NOT NULL;
CREATE INDEX ON event_log (suggestion_id, position) WHERE suggestion_id IS NOT NULL;

-- One row for each run of event_sequence that placed something. The newest tells where the log ends and which
-- transactions it has seen.
CREATE TABLE event_batch (
  batch         bigint      PRIMARY KEY,
  epoch         int         NOT NULL,
  last_position bigint      NOT NULL,
  n             int         NOT NULL,
  snap          pg_snapshot NOT NULL,
  at            timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The lives of the log, numbered from 1. A new one begins when the database is another one than before: a promoted
-- standby, a restored dump, an upgrade. What came after fork_position in an earlier life may never have happened here.
CREATE TABLE event_epoch (
  epoch         int         PRIMARY KEY,
  home          text        NOT NULL, -- system, database and table: differs when the rows were copied in
  timeline      text        NOT NULL, -- differs after a failover
  fork_position bigint      NOT NULL,
  copied_seq    bigint      NOT NULL, -- up to here xid is another database's number and says nothing
  at            timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Where the log ends, the position before the first that is kept, and where each epoch began, in order.
CREATE VIEW event_state AS
SELECT head, coalesce((SELECT position - 1 FROM event_log ORDER BY position LIMIT 1), head) AS floor,
  ARRAY(SELECT fork_position FROM event_epoch ORDER BY epoch) AS forks
FROM (SELECT coalesce((SELECT last_position FROM event_batch ORDER BY batch DESC LIMIT 1), 0) AS head) h;

CREATE FUNCTION event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the event log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION event_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON event_log FOR EACH ROW EXECUTE FUNCTION event_refuse();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION event_refuse();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON event_log FOR EACH STATEMENT EXECUTE FUNCTION event_refuse();

-- event_sequence places every event that was committed since it last ran and gives the last position. Any number of
-- sessions may call it at once, outside a transaction of their own (it needs READ COMMITTED).
--
-- New is what the last snapshot could not see: rows of transactions that began after it, or were open in it. That is
-- exact for subtransactions, prepared and rolled-back transactions, and an idle transaction holds up nobody.
--
-- The settings hold the plans to the index on xid, since a fresh table has no statistics and PostgreSQL would scan it,
-- and keep them, since to plan over partitions takes longer than to place an event.
CREATE FUNCTION event_sequence() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
  SET plan_cache_mode = force_generic_plan SET lock_timeout = '2s' AS $$
DECLARE
  prior    event_batch;
  life     event_epoch;
  here     text;
  now_line text;
  copied   boolean := false;
  logged   bigint;
  seen     pg_snapshot;
  fresh    bigint[];
BEGIN
  PERFORM pg_advisory_xact_lock(7301, 1);
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    PERFORM set_config('synchronous_commit', 'on', true); -- a position once shown must survive a crash
  END IF;
  SELECT * INTO prior FROM event_batch ORDER BY batch DESC LIMIT 1;
  SELECT * INTO life FROM event_epoch ORDER BY epoch DESC LIMIT 1;
  SELECT concat_ws('/', system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()), 'event_epoch'::regclass::oid)
    INTO here FROM pg_control_system();
  now_line := left(pg_walfile_name(pg_current_wal_lsn()), 8);
  prior.last_position := coalesce(prior.last_position, 0);
  prior.snap := coalesce(prior.snap, '3:3:');

  IF (here, now_line) IS DISTINCT FROM (life.home, life.timeline) THEN
    copied := here IS DISTINCT FROM life.home;
    IF copied THEN
      -- A copy made without its sequences would give numbers a second time.
      PERFORM setval('event_seq', top.seq) FROM (SELECT max(seq) AS seq FROM events) top, event_seq s WHERE top.seq > s.last_value;
      SELECT coalesce(max(seq), 0) INTO logged FROM event_log;
      SELECT last_value INTO life.copied_seq FROM event_seq;
    END IF;
    INSERT INTO event_epoch (epoch, home, timeline, fork_position, copied_seq)
      VALUES (coalesce(life.epoch, 0) + 1, here, now_line, prior.last_position, life.copied_seq) RETURNING * INTO life;
  END IF;

  -- Each of the two is one statement, so that what it finds and the snapshot that it notes agree.
  IF copied THEN
    SELECT pg_current_snapshot(), array_agg(e.seq) INTO seen, fresh FROM events e
    WHERE (e.seq > logged OR e.xid >= pg_snapshot_xmax(prior.snap) OR e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(prior.snap))))
      AND NOT EXISTS (SELECT FROM event_log l WHERE l.seq = e.seq);
  ELSE
    SELECT pg_current_snapshot(), array_agg(f.seq) INTO seen, fresh FROM (
      SELECT e.seq FROM events e WHERE e.xid >= pg_snapshot_xmax(prior.snap) AND e.xid < pg_snapshot_xmax(pg_current_snapshot())
      UNION ALL
      SELECT e.seq FROM events e WHERE e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(prior.snap)))
    ) f
    WHERE f.seq > life.copied_seq OR NOT EXISTS (SELECT FROM event_log l WHERE l.seq = f.seq);
    IF fresh IS NULL AND life.epoch = prior.epoch THEN
      RETURN prior.last_position;
    END IF;
  END IF;

  -- A transaction goes by its last number: whatever caused one of its events was committed before that was drawn.
  INSERT INTO event_log (position, seq, at, kind, type, entity_id, workflow_id, task_id, agent_id, suggestion_id, actor_id)
  SELECT prior.last_position + row_number() OVER w, seq,
    greatest((SELECT l.at FROM event_log l WHERE l.position = prior.last_position), max(at) OVER w),
    kind, type, entity_id, workflow_id, task_id, agent_id, suggestion_id, actor_id
  FROM (SELECT e.*, max(e.seq) OVER (PARTITION BY e.xid) AS last_seq FROM events e WHERE e.seq = ANY (fresh)) f
  WINDOW w AS (ORDER BY last_seq, seq);

  INSERT INTO event_batch (batch, epoch, last_position, n, snap)
    VALUES (coalesce(prior.batch, 0) + 1, life.epoch, prior.last_position + coalesce(cardinality(fresh), 0), coalesce(cardinality(fresh), 0), seen)
    RETURNING * INTO prior;
  PERFORM pg_notify('event_head', prior.last_position::text);
  RETURN prior.last_position;
END $$;

-- The partitions of events (by seq) and event_log (by position), as the catalog has them.
CREATE VIEW event_partition AS
SELECT i.inhparent::regclass AS parent, c.oid::regclass AS name, edge[1]::bigint AS lower, edge[2]::bigint AS upper
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
  regexp_match(pg_get_expr(c.relpartbound, c.oid), $$FROM \('(\d+)'\) TO \('(\d+)'\)$$) AS edge
WHERE i.inhparent IN ('events'::regclass, 'event_log'::regclass) AND c.relkind = 'r';

-- event_extend makes partitions of that width until ahead numbers after reached have one.
CREATE FUNCTION event_extend(parent regclass, reached bigint, width bigint, ahead bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  edge bigint := coalesce((SELECT max(p.upper) FROM event_partition p WHERE p.parent = event_extend.parent), 1);
  name text;
BEGIN
  WHILE edge <= reached + ahead LOOP
    name := format('%s_%s', parent, edge);
    -- Made aside and then attached: that lets readers and writers go on.
    EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING DEFAULTS)', name, parent);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, name, edge, edge + width);
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'wfd_app') THEN
      EXECUTE format('REVOKE ALL ON %I FROM wfd_app', name); -- it may use the parent, in the parent's ways
    END IF;
    edge := edge + width;
  END LOOP;
END $$;

-- event_ahead makes the partitions that will be needed, so that an insert never lacks one. A partition holds about a
-- week of the present rate, or width.
CREATE FUNCTION event_ahead(width bigint DEFAULT NULL) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET lock_timeout = '200ms' AS $$
DECLARE
  head  bigint;
  week  bigint;
  ahead bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(7301, 2);
  SELECT s.head INTO head FROM event_state s;
  SELECT head - position INTO week FROM event_log WHERE at >= now() - interval '7 days' ORDER BY at, position LIMIT 1;
  ahead := greatest(coalesce(2 * width, 1048576), 2 * week);
  width := coalesce(width, least(greatest(week, 524288), 20000000));
  PERFORM event_extend('events', (SELECT last_value FROM event_seq), width, ahead);
  -- As many positions as there are numbers that may still come into the log.
  SELECT max(upper) - coalesce((SELECT max(seq) FROM event_log), 0) INTO ahead FROM event_partition WHERE parent = 'events'::regclass;
  PERFORM event_extend('event_log', head, width, ahead);
END $$;

-- event_drop drops the partitions in which every event is older than retention, and gives their number. While others use
-- the tables and will not let go within 200 ms, it fails (55P03): call it again later.
CREATE FUNCTION event_drop(retention interval) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
  SET lock_timeout = '200ms' AS $$
DECLARE
  old     regclass[];
  part    regclass;
  dropped int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(7301, 2);
  DELETE FROM event_batch WHERE at < now() - interval '1 hour' AND batch < (SELECT max(batch) FROM event_batch);
  old := ARRAY(SELECT p.name FROM event_partition p JOIN event_log l ON l.position = p.upper - 1
    WHERE p.parent = 'event_log'::regclass AND l.at < now() - retention);
  IF old = '{}' THEN
    RETURN 0;
  END IF;
  PERFORM pg_advisory_xact_lock(7301, 1); -- before the tables, as event_sequence does
  LOCK TABLE event_log, events IN ACCESS EXCLUSIVE MODE;
  PERFORM event_sequence();
  FOREACH part IN ARRAY old LOOP
    EXECUTE format('DROP TABLE %s', part);
  END LOOP;
  -- Nothing that is still in the log, and nothing that may yet come into it, has a number below its least.
  FOR part IN SELECT p.name FROM event_partition p
    WHERE p.parent = 'events'::regclass AND p.upper <= (SELECT min(seq) FROM event_log) LOOP
    EXECUTE format('DROP TABLE %s', part);
    dropped := dropped + 1;
  END LOOP;
  RETURN cardinality(old) + dropped;
END $$;

SELECT event_ahead();

-- wfd_app is whom the server may connect as (GRANT wfd_app TO …) so that not even it can rewrite the log: everything
-- on other tables, but on these only SELECT, and INSERT into events. Where the migrating user may not make roles, make it before.
DO $$
DECLARE
  f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['event_sequence()', 'event_ahead(bigint)', 'event_drop(interval)', 'event_extend(regclass, bigint, bigint, bigint)'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
  BEGIN
    CREATE ROLE wfd_app NOLOGIN;
  EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
    NULL;
  END;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wfd_app') THEN
    RETURN;
  END IF;
  ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO wfd_app;
  ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO wfd_app;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO wfd_app', current_schema());
  GRANT SELECT, INSERT ON events TO wfd_app;
  GRANT SELECT ON event_log, event_batch, event_epoch, event_state, event_partition TO wfd_app;
  GRANT USAGE, SELECT ON event_seq TO wfd_app;
  GRANT EXECUTE ON FUNCTION event_sequence(), event_ahead(bigint), event_drop(interval) TO wfd_app;
END $$;
