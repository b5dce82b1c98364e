-- View of attention at the last token; docs/schema.md explains it.
CREATE VIEW `attention` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, u.task_id AS task, a.layer, a.head, a.part, a.attention, a.low, a.high, a.tokens, a.items
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN attention_shares a ON a.run_id = r.id
WHERE u.skipped IS NULL;
