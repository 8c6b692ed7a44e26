-- What waits for people, the most urgent first: by the priority of the task, then by when it decides itself, then by age
-- (ties go by id). The number is made in model/suggestion.go.
ALTER TABLE suggestions ADD COLUMN urgency bigint;
UPDATE suggestions AS s SET urgency = (4 - t.priority) * (1::bigint << 60)
  + coalesce((extract(epoch FROM s.expires_at) * 1000000)::bigint, (1::bigint << 60) - 1) FROM tasks AS t WHERE t.id = s.task_id;
ALTER TABLE suggestions ALTER COLUMN urgency SET NOT NULL;
CREATE INDEX suggestions_urgency ON suggestions (urgency, id);
CREATE INDEX suggestions_inbox ON suggestions (status, urgency, id);

-- Whom a comment calls on: users and agents.
ALTER TABLE comments ADD COLUMN mentions uuid[] NOT NULL DEFAULT '{}';
CREATE INDEX comments_mentions ON comments USING gin (mentions);
CREATE INDEX comments_created ON comments (created_at, id);
