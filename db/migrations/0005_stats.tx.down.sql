DROP TABLE stats_verdict, stats_bucket, stats_count, stats_state;
DROP FUNCTION stats_bin(interval);
DROP INDEX tasks_open_due;
