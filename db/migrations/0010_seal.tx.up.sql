-- The record of who did what: whence each event was asked for, and a seal over all that the log holds. Each position's
-- hash is made of the hash before it and of everything that is known of its event, so that whoever kept one hash can
-- tell whether anything up to it was changed since. db/audit.go computes the same without asking the functions here.

-- No event gets a position, and none is written, until this is over.
SELECT pg_advisory_xact_lock(7301, 1);
ALTER TABLE events ADD COLUMN address inet; -- of who asked for it; null when nobody did, or it is not known
ALTER TABLE event_log ADD COLUMN hash bytea;

-- What was dropped by retention ended with these: the chain goes on from the last.
CREATE TABLE event_anchor (
  position bigint      PRIMARY KEY,
  hash     bytea       NOT NULL,
  at       timestamptz NOT NULL -- of the event at the position
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON event_anchor FOR EACH ROW EXECUTE FUNCTION event_refuse();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON event_anchor FOR EACH STATEMENT EXECUTE FUNCTION event_refuse();

-- event_digest gives the SHA-256 of everything that events holds of one, in a form that depends on no setting of the
-- session. Whoever adds a column appends CASE WHEN it is not null THEN record_send(ROW(it)) ELSE '' END, so that the
-- digests of old events stay as they are.
CREATE FUNCTION event_digest(e events) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(record_send(ROW(e.seq, e.xid, e.id, e.at, convert_to(e.type, 'UTF8'), e.schema_version, e.kind, e.entity_id, e.version,
    e.workflow_id, e.task_id, e.agent_id, e.suggestion_id, e.actor_id, convert_to(e.request_id, 'UTF8'), e.address,
    convert_to(e.changes::text, 'UTF8'), convert_to(e.snapshot::text, 'UTF8'))))
$$;

-- event_chain gives the last hash of a chain that goes on from one hash over what is sealed; as a window, the hash of
-- each position. What event_log holds beside these are copies of the event's columns.
CREATE FUNCTION event_link(hash bytea, first bytea, place bigint, log_at timestamptz, digest bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN sha256(coalesce(hash, first) || int8send(place) || timestamptz_send(log_at) || digest);
END $$;
CREATE AGGREGATE event_chain(first bytea, place bigint, log_at timestamptz, digest bytea) (SFUNC = event_link, STYPE = bytea);

-- event_hash gives the hash of a position, 32 zeros for that before the first. It is no SQL function, since those are
-- planned anew for each statement, which over partitions takes longer than to place an event.
CREATE FUNCTION event_hash(place bigint) RETURNS bytea LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN coalesce((SELECT hash FROM event_log WHERE position = place), (SELECT hash FROM event_anchor WHERE position = place),
    decode(repeat('00', 32), 'hex'));
END $$;

-- What is there already is sealed as it is found.
DROP TRIGGER append_only ON event_log;
UPDATE event_log AS l SET hash = s.hash FROM (
  SELECT position, event_chain(event_hash(f.floor), l.position, l.at, event_digest(e)) OVER (ORDER BY l.position) AS hash
  FROM event_log AS l LEFT JOIN events AS e ON e.seq = l.seq, (SELECT floor FROM event_state) AS f
) AS s WHERE s.position = l.position;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON event_log FOR EACH ROW EXECUTE FUNCTION event_refuse();
INSERT INTO event_anchor (position, hash, at)
SELECT s.floor, event_hash(0), l.at FROM event_state AS s JOIN event_log AS l ON l.position = s.floor + 1 WHERE s.floor > 0;
ALTER TABLE event_log ALTER COLUMN hash SET NOT NULL;

-- event_sequence as 0001_events has it, and seals what it places.
CREATE OR REPLACE FUNCTION event_sequence() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
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
  lowest   bigint;
  highest  bigint;
  sealed   bytea;
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
    SELECT pg_current_snapshot(), array_agg(e.seq), min(e.seq), max(e.seq) INTO seen, fresh, lowest, highest FROM events e
    WHERE (e.seq > logged OR e.xid >= pg_snapshot_xmax(prior.snap) OR e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(prior.snap))))
      AND NOT EXISTS (SELECT FROM event_log l WHERE l.seq = e.seq);
  ELSE
    SELECT pg_current_snapshot(), array_agg(f.seq), min(f.seq), max(f.seq) INTO seen, fresh, lowest, highest FROM (
      SELECT e.seq FROM events e WHERE e.xid >= pg_snapshot_xmax(prior.snap) AND e.xid < pg_snapshot_xmax(pg_current_snapshot())
      UNION ALL
      SELECT e.seq FROM events e WHERE e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(prior.snap)))
    ) f;
    IF lowest <= life.copied_seq THEN -- what was copied in may be in the log
      SELECT array_agg(f.seq) INTO fresh FROM unnest(fresh) AS f (seq)
      WHERE f.seq > life.copied_seq OR NOT EXISTS (SELECT FROM event_log l WHERE l.seq = f.seq);
    END IF;
    IF fresh IS NULL AND life.epoch = prior.epoch THEN
      RETURN prior.last_position;
    END IF;
  END IF;

  sealed := event_hash(prior.last_position);
  -- A transaction goes by its last number: whatever caused one of its events was committed before that was drawn.
  INSERT INTO event_log (position, seq, at, kind, type, entity_id, workflow_id, task_id, agent_id, suggestion_id, actor_id, hash)
  SELECT position, seq, log_at, kind, type, entity_id, workflow_id, task_id, agent_id, suggestion_id, actor_id,
    event_chain(sealed, position, log_at, digest) OVER (ORDER BY position)
  FROM (
    SELECT prior.last_position + row_number() OVER w AS position,
      greatest((SELECT l.at FROM event_log l WHERE l.position = prior.last_position), max(at) OVER w) AS log_at, f.*
    FROM (
      SELECT e.*, max(e.seq) OVER (PARTITION BY e.xid) AS last_seq
      FROM unnest(fresh) AS x (seq) CROSS JOIN LATERAL (
        SELECT seq, xid, at, kind, type, entity_id, workflow_id, task_id, agent_id, suggestion_id, actor_id, event_digest(e) AS digest
        -- The limit keeps the plan to one lookup by primary key per event, and the bounds to the partitions that hold one.
        FROM events AS e WHERE e.seq = x.seq AND e.seq BETWEEN lowest AND highest LIMIT 1
      ) AS e
    ) AS f
    WINDOW w AS (ORDER BY last_seq, seq)
  ) placed;

  INSERT INTO event_batch (batch, epoch, last_position, n, snap)
    VALUES (coalesce(prior.batch, 0) + 1, life.epoch, prior.last_position + coalesce(cardinality(fresh), 0), coalesce(cardinality(fresh), 0), seen)
    RETURNING * INTO prior;
  PERFORM pg_notify('event_head', prior.last_position::text);
  RETURN prior.last_position;
END $$;

-- event_drop as 0001_events has it, and keeps the hash that the chain goes on from.
CREATE OR REPLACE FUNCTION event_drop(retention interval) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
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
  INSERT INTO event_anchor (position, hash, at) SELECT position, hash, at FROM event_log
    WHERE position = (SELECT max(p.upper) - 1 FROM event_partition p WHERE p.name = ANY (old));
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

DO $$
DECLARE
  f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['event_sequence()', 'event_drop(interval)'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
  END LOOP;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'wfd_app') THEN
    REVOKE INSERT, UPDATE, DELETE ON event_anchor FROM wfd_app;
    GRANT SELECT ON event_anchor TO wfd_app;
  END IF;
END $$;
