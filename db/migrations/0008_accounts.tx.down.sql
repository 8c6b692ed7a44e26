DROP TABLE sessions;
DROP INDEX users_created;
ALTER TABLE users DROP COLUMN identified_at, DROP COLUMN subject, DROP COLUMN issuer, DROP COLUMN password_hash;
