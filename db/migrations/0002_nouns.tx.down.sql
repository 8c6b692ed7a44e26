DROP TABLE idempotency_keys, comments, suggestions, task_logs, task_attempts, task_dependencies, tasks, routes, workflows, api_keys, agents, users;
