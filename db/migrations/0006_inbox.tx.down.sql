DROP INDEX comments_created;
ALTER TABLE comments DROP COLUMN mentions;
ALTER TABLE suggestions DROP COLUMN urgency;
