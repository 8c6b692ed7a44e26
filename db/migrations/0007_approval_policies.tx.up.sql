-- Rules by which suggestions are decided before anybody looks at them. Deleted ones stay, since decisions name them.
CREATE TABLE approval_policies (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  description text,
  enabled boolean NOT NULL,
  rank smallint NOT NULL CHECK (rank BETWEEN 0 AND 10000),
  action_pattern text NOT NULL,
  min_confidence double precision NOT NULL CHECK (min_confidence BETWEEN 0 AND 1),
  capability text,
  priorities smallint[] NOT NULL,
  effect text NOT NULL CHECK (effect IN ('AUTO_APPROVE', 'REQUIRE', 'DENY')),
  required_approvals int NOT NULL CHECK (required_approvals BETWEEN 1 AND 10),
  spot_check_share double precision NOT NULL CHECK (spot_check_share BETWEEN 0 AND 1),
  removed_at timestamptz,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL DEFAULT 1
);
CREATE INDEX approval_policies_rank ON approval_policies (rank, id) WHERE removed_at IS NULL;

ALTER TABLE suggestions ADD COLUMN policy_id uuid REFERENCES approval_policies;
ALTER TABLE suggestions ADD COLUMN spot_check boolean NOT NULL DEFAULT false;
