-- How texts are compared in upper or lower case, whatever the database's own locale, which may know only A to Z.
DO $$
BEGIN
  CREATE COLLATION caseless (provider = icu, locale = 'und');
EXCEPTION WHEN feature_not_supported THEN -- PostgreSQL was built without ICU
  EXECUTE format('CREATE COLLATION caseless (provider = libc, locale = %L)',
    (SELECT datctype FROM pg_database WHERE datname = current_database()));
END $$;
