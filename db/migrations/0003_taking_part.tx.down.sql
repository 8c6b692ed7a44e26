DROP INDEX task_attempts_of_agent;
CREATE INDEX task_attempts_of_agent ON task_attempts (agent_id, claimed_at DESC);
ALTER TABLE task_attempts DROP COLUMN workflow_id;
