-- The nouns. Statuses are text with a CHECK, so that a released status can be added without rewriting a type;
-- priorities are numbers, so that an index orders by them. Text never holds a NUL, JSON is jsonb.

CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  role text NOT NULL CHECK (role IN ('ADMIN', 'MANAGER', 'VIEWER')),
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE agents (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  description text,
  status text NOT NULL CHECK (status IN ('IDLE', 'ONLINE', 'BUSY', 'OFFLINE')),
  capabilities text[] NOT NULL DEFAULT '{}',
  labels text[] NOT NULL DEFAULT '{}',
  max_concurrency int NOT NULL CHECK (max_concurrency BETWEEN 1 AND 1000),
  draining boolean NOT NULL DEFAULT false,
  active_tasks int NOT NULL DEFAULT 0 CHECK (active_tasks >= 0),
  last_heartbeat_at timestamptz,
  heartbeat_interval_seconds int NOT NULL CHECK (heartbeat_interval_seconds BETWEEN 1 AND 3600),
  completed_tasks int NOT NULL DEFAULT 0,
  failed_tasks int NOT NULL DEFAULT 0,
  busy_ms bigint NOT NULL DEFAULT 0,
  removed_at timestamptz, -- the log names removed agents, so their rows stay
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE UNIQUE INDEX agents_name ON agents (name) WHERE removed_at IS NULL;
CREATE INDEX agents_created ON agents (created_at, id);
CREATE INDEX agents_updated ON agents (updated_at, id);
CREATE INDEX agents_capabilities ON agents USING gin (capabilities);

CREATE TABLE api_keys (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  prefix text NOT NULL,
  secret_hash bytea NOT NULL,
  role text NOT NULL CHECK (role IN ('ADMIN', 'MANAGER', 'VIEWER', 'AGENT')),
  agent_id uuid REFERENCES agents,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL DEFAULT 1,
  CHECK (agent_id IS NULL OR role = 'AGENT')
);
CREATE INDEX api_keys_created ON api_keys (created_at, id);
CREATE INDEX api_keys_agent ON api_keys (agent_id) WHERE agent_id IS NOT NULL;

CREATE TABLE workflows (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  description text,
  status text NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED')),
  progress int NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
  input jsonb,
  trigger_type text NOT NULL CHECK (trigger_type IN ('MANUAL')),
  labels text[] NOT NULL DEFAULT '{}',
  created_by uuid NOT NULL,
  failure_policy text NOT NULL CHECK (failure_policy IN ('FAIL_FAST', 'CONTINUE')),
  started_at timestamptz,
  paused_at timestamptz,
  finished_at timestamptz,
  total_tasks int NOT NULL DEFAULT 0,
  completed_tasks int NOT NULL DEFAULT 0,
  failed_tasks int NOT NULL DEFAULT 0,
  cancelled_tasks int NOT NULL DEFAULT 0,
  skipped_tasks int NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL DEFAULT 1,
  CONSTRAINT workflows_paused CHECK ((status = 'PAUSED') = (paused_at IS NOT NULL)),
  CONSTRAINT workflows_finished CHECK ((status IN ('COMPLETED', 'FAILED', 'CANCELLED')) = (finished_at IS NOT NULL)),
  CONSTRAINT workflows_counters CHECK (least(completed_tasks, failed_tasks, cancelled_tasks, skipped_tasks) >= 0
    AND completed_tasks + failed_tasks + cancelled_tasks + skipped_tasks <= total_tasks)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
-- One index for each order of the list; null moments count as infinity, so that keyset pages need one comparison.
CREATE INDEX workflows_created ON workflows (created_at, id);
CREATE INDEX workflows_updated ON workflows (updated_at, id);
CREATE INDEX workflows_name ON workflows (name, id);
CREATE INDEX workflows_priority ON workflows (priority, id);
CREATE INDEX workflows_progress ON workflows (progress, id);
CREATE INDEX workflows_finished ON workflows (coalesce(finished_at, 'infinity'), id);
CREATE INDEX workflows_status ON workflows (status, created_at, id);
CREATE INDEX workflows_labels ON workflows USING gin (labels);

-- The sets of required capabilities that tasks have, as small numbers. Append-only: a claim asks for the numbers of
-- the sets that an agent's capabilities contain, and never looks at a task that the agent cannot do.
CREATE TABLE routes (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  capabilities text[] NOT NULL UNIQUE -- sorted, without repeats
);
INSERT INTO routes (capabilities) VALUES ('{}');

CREATE TABLE tasks (
  id uuid PRIMARY KEY,
  workflow_id uuid NOT NULL REFERENCES workflows ON DELETE CASCADE,
  key text,
  name text NOT NULL CHECK (name <> ''),
  description text,
  status text NOT NULL CHECK (status IN
    ('PENDING', 'READY', 'IN_PROGRESS', 'AWAITING_APPROVAL', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')),
  priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
  due_at timestamptz,
  available_at timestamptz,
  required_capabilities text[] NOT NULL DEFAULT '{}',
  route int NOT NULL REFERENCES routes,
  assignee_id uuid REFERENCES agents,
  resume_agent_id uuid REFERENCES agents,
  reserved_for uuid GENERATED ALWAYS AS (coalesce(assignee_id, resume_agent_id)) STORED,
  agent_id uuid REFERENCES agents,
  progress int NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  progress_message text,
  input jsonb,
  result jsonb,
  error jsonb,
  attempt int NOT NULL DEFAULT 0,
  failed_attempts int NOT NULL DEFAULT 0,
  max_attempts int NOT NULL CHECK (max_attempts BETWEEN 1 AND 100),
  retry_backoff text NOT NULL CHECK (retry_backoff IN ('FIXED', 'EXPONENTIAL')),
  retry_delay_seconds int NOT NULL CHECK (retry_delay_seconds BETWEEN 0 AND 86400),
  retry_max_delay_seconds int NOT NULL CHECK (retry_max_delay_seconds BETWEEN 0 AND 86400),
  timeout_seconds int CHECK (timeout_seconds BETWEEN 1 AND 604800),
  started_at timestamptz,
  finished_at timestamptz,
  ready_at timestamptz,
  claimed_at timestamptz,
  waits_for int NOT NULL DEFAULT 0 CHECK (waits_for >= 0),
  lease_token bytea,
  lease_seconds int NOT NULL DEFAULT 0,
  lease_expires_at timestamptz,
  attempt_ends_at timestamptz,
  announced_at timestamptz, -- when the log last told of progress
  unannounced boolean NOT NULL DEFAULT false, -- progress that the log has not told of yet
  log_lines int NOT NULL DEFAULT 0, -- the number of the last line in task_logs
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL DEFAULT 1,
  CONSTRAINT tasks_workflow_key UNIQUE (workflow_id, key),
  CONSTRAINT tasks_held CHECK (status <> 'IN_PROGRESS' OR num_nonnulls(agent_id, lease_token, lease_expires_at, claimed_at) = 4),
  CONSTRAINT tasks_free CHECK (status = 'IN_PROGRESS' OR num_nonnulls(lease_token, lease_expires_at) = 0),
  CONSTRAINT tasks_ready CHECK (status <> 'READY' OR (waits_for = 0 AND ready_at IS NOT NULL)),
  CONSTRAINT tasks_finished CHECK ((status IN ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
-- What a claim asks: by set of capabilities, or by the agent that the task is kept for.
CREATE INDEX tasks_claim ON tasks (route, priority DESC, ready_at, id) WHERE status = 'READY' AND reserved_for IS NULL;
CREATE INDEX tasks_claim_reserved ON tasks (reserved_for, priority DESC, ready_at, id) WHERE status = 'READY' AND reserved_for IS NOT NULL;
-- What the sweeps ask. There is no index on lease_expires_at, so that a heartbeat touches no index.
CREATE INDEX tasks_held_by ON tasks (agent_id, id) WHERE status = 'IN_PROGRESS';
CREATE INDEX tasks_in_backoff ON tasks (available_at) WHERE status = 'PENDING' AND available_at IS NOT NULL;
CREATE INDEX tasks_unannounced ON tasks (id) WHERE unannounced;
CREATE INDEX tasks_resume ON tasks (resume_agent_id) WHERE resume_agent_id IS NOT NULL;
-- What lists ask: in a workflow, of an agent, and one index for each order.
CREATE INDEX tasks_in_workflow ON tasks (workflow_id, created_at, id);
CREATE INDEX tasks_in_workflow_status ON tasks (workflow_id, status);
CREATE INDEX tasks_of_agent ON tasks (agent_id, created_at, id) WHERE agent_id IS NOT NULL;
CREATE INDEX tasks_of_assignee ON tasks (assignee_id, created_at, id) WHERE assignee_id IS NOT NULL;
CREATE INDEX tasks_created ON tasks (created_at, id);
CREATE INDEX tasks_updated ON tasks (updated_at, id);
CREATE INDEX tasks_name ON tasks (name, id);
CREATE INDEX tasks_priority ON tasks (priority, id);
CREATE INDEX tasks_due ON tasks (coalesce(due_at, 'infinity'), id);
CREATE INDEX tasks_finished ON tasks (coalesce(finished_at, 'infinity'), id);
CREATE INDEX tasks_status ON tasks (status, created_at, id);

CREATE TABLE task_dependencies (
  task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  depends_on_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  PRIMARY KEY (task_id, depends_on_id),
  CHECK (task_id <> depends_on_id)
);
CREATE INDEX task_dependents ON task_dependencies (depends_on_id, task_id);

CREATE TABLE task_attempts (
  task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  number int NOT NULL,
  agent_id uuid NOT NULL REFERENCES agents,
  claimed_at timestamptz NOT NULL,
  finished_at timestamptz,
  outcome text CHECK (outcome IN ('COMPLETED', 'FAILED', 'LEASE_EXPIRED', 'TIMED_OUT', 'RELEASED', 'SUSPENDED', 'CANCELLED')),
  error jsonb,
  lease_token bytea NOT NULL,
  outcome_hash bytea,
  PRIMARY KEY (task_id, number),
  CHECK ((outcome IS NULL) = (finished_at IS NULL))
) WITH (fillfactor = 90);
CREATE INDEX task_attempts_of_agent ON task_attempts (agent_id, claimed_at DESC);

-- What agents write down while they work. Not events: a task may write thousands of lines that nobody has to answer for.
CREATE TABLE task_logs (
  task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  number int NOT NULL, -- 1, 2, 3, … given under the lock of the task's row, so in the order of commits and without gaps
  attempt int NOT NULL,
  at timestamptz NOT NULL,
  level smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
  message text NOT NULL,
  fields jsonb,
  PRIMARY KEY (task_id, number)
);

CREATE TABLE suggestions (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('ACTION', 'QUESTION')),
  task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  workflow_id uuid NOT NULL REFERENCES workflows ON DELETE CASCADE,
  agent_id uuid NOT NULL REFERENCES agents,
  action text NOT NULL CHECK (action <> ''),
  reasoning text NOT NULL,
  confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  data jsonb,
  action_hash text NOT NULL,
  status text NOT NULL CHECK (status IN ('PENDING', 'APPROVED', 'REJECTED', 'ANSWERED', 'EXPIRED', 'WITHDRAWN')),
  blocking boolean NOT NULL,
  required_approvals int NOT NULL CHECK (required_approvals BETWEEN 1 AND 10),
  decisions jsonb NOT NULL DEFAULT '[]',
  approved_data jsonb,
  answer jsonb,
  expires_at timestamptz,
  on_expiry text NOT NULL CHECK (on_expiry IN ('REJECT', 'APPROVE')),
  decided_at timestamptz,
  decided_by uuid,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL DEFAULT 1,
  CONSTRAINT suggestions_decided CHECK ((status = 'PENDING') = (decided_at IS NULL))
) WITH (fillfactor = 90);
CREATE INDEX suggestions_created ON suggestions (created_at, id);
CREATE INDEX suggestions_updated ON suggestions (updated_at, id);
CREATE INDEX suggestions_confidence ON suggestions (confidence, id);
CREATE INDEX suggestions_expires ON suggestions (coalesce(expires_at, 'infinity'), id);
CREATE INDEX suggestions_pending ON suggestions (expires_at) WHERE status = 'PENDING';
CREATE INDEX suggestions_status ON suggestions (status, created_at, id);
CREATE INDEX suggestions_of_task ON suggestions (task_id, created_at, id);
CREATE INDEX suggestions_of_workflow ON suggestions (workflow_id, created_at, id);
CREATE INDEX suggestions_decided ON suggestions (agent_id, decided_at) WHERE decided_at IS NOT NULL;
CREATE INDEX suggestions_of_agent ON suggestions (agent_id, created_at, id);

CREATE TABLE comments (
  id uuid PRIMARY KEY,
  task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  workflow_id uuid NOT NULL REFERENCES workflows ON DELETE CASCADE,
  suggestion_id uuid REFERENCES suggestions ON DELETE CASCADE,
  author_id uuid NOT NULL,
  body text NOT NULL CHECK (body <> ''),
  parent_id uuid REFERENCES comments ON DELETE SET NULL,
  edited_at timestamptz,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL DEFAULT 1
);
CREATE INDEX comments_of_task ON comments (task_id, created_at, id);
CREATE INDEX comments_of_suggestion ON comments (suggestion_id, created_at, id) WHERE suggestion_id IS NOT NULL;
CREATE INDEX comments_parent ON comments (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX comments_of_workflow ON comments (workflow_id);

-- What was answered to a request with an idempotency key, for 24 hours. Inserted first in the mutation's transaction,
-- so a concurrent duplicate waits for the first to end.
CREATE TABLE idempotency_keys (
  caller uuid NOT NULL,
  key text NOT NULL,
  input_hash bytea NOT NULL,
  answer jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
