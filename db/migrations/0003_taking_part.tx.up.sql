-- What an agent may see depends on the workflows in which it holds or held a task: an attempt says which that is, so
-- that it is one probe of an index, however long the agent has been at work.
ALTER TABLE task_attempts ADD COLUMN workflow_id uuid;
UPDATE task_attempts AS a SET workflow_id = t.workflow_id FROM tasks AS t WHERE t.id = a.task_id;
ALTER TABLE task_attempts ALTER COLUMN workflow_id SET NOT NULL;
CREATE INDEX task_attempts_in_workflow ON task_attempts (workflow_id, agent_id);
DROP INDEX task_attempts_of_agent;
CREATE INDEX task_attempts_of_agent ON task_attempts (agent_id, claimed_at DESC) INCLUDE (workflow_id);
