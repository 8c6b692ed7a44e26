-- How people sign in: with a password of ours, or by the word of an OpenID Connect provider, of which the subject is the
-- name of a person there.
ALTER TABLE users ADD COLUMN password_hash text, ADD COLUMN issuer text, ADD COLUMN subject text, ADD COLUMN identified_at timestamptz,
  ADD CONSTRAINT users_identity CHECK (num_nulls(issuer, subject, identified_at) IN (0, 3));
CREATE UNIQUE INDEX users_subject ON users (issuer, subject) WHERE issuer IS NOT NULL;
CREATE INDEX users_created ON users (created_at, id);

-- The times for which people are signed in. Only hashes of their tokens are kept.
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users,
  method text NOT NULL CHECK (method IN ('PASSWORD', 'OPENID_CONNECT')),
  user_agent text,
  secret_hash bytea NOT NULL,
  idle_seconds int NOT NULL CHECK (idle_seconds > 0), -- how long it lasts after it was used
  last_used_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL, -- later with every use
  ends_at timestamptz NOT NULL, -- however much it is used
  revoked_at timestamptz,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL DEFAULT 1,
  CHECK (expires_at <= ends_at)
) WITH (fillfactor = 80);
CREATE INDEX sessions_created ON sessions (created_at, id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_of_user ON sessions (user_id, created_at, id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_expires ON sessions (expires_at);
