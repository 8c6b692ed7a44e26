-- The role wfd_app stays: it belongs to the whole cluster.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'wfd_app') THEN
    ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM wfd_app;
    ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM wfd_app;
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM wfd_app', current_schema());
  END IF;
END $$;
DROP FUNCTION event_drop(interval);
DROP FUNCTION event_ahead(bigint);
DROP FUNCTION event_extend(regclass, bigint, bigint, bigint);
DROP FUNCTION event_sequence();
DROP VIEW event_partition, event_state;
DROP TABLE events, event_log, event_batch, event_epoch;
DROP FUNCTION event_refuse();
DROP SEQUENCE event_seq;
