-- The functions are again those of 0001_events.
SELECT pg_advisory_xact_lock(7301, 1);
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
END $$;
DROP FUNCTION event_hash(bigint);
DROP AGGREGATE event_chain(bytea, bigint, timestamptz, bytea);
DROP FUNCTION event_link(bytea, bytea, bigint, timestamptz, bytea);
DROP FUNCTION event_digest(events);
DROP TABLE event_anchor;
ALTER TABLE event_log DROP COLUMN hash;
ALTER TABLE events DROP COLUMN address;
