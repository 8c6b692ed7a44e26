-- Sign-ins at an OpenID Connect provider that have begun: whichever process the browser comes back to can finish them, once.
CREATE TABLE sign_ins (
  state_hash bytea PRIMARY KEY,
  verifier text NOT NULL,
  nonce text NOT NULL,
  echo text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sign_ins_expires ON sign_ins (expires_at);
