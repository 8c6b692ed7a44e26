ALTER TABLE suggestions DROP COLUMN spot_check;
ALTER TABLE suggestions DROP COLUMN policy_id;
DROP TABLE approval_policies;
