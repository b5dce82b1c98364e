-- View of what function vectors' heads wrote, beside θ; docs/schema.md explains it.
CREATE VIEW `head_sums` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, a.task_id AS task, a.vector, a.layer, a.cosine, a.norm_sum, a.norm_theta
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN head_sum_angles a ON a.run_id = r.id
WHERE u.skipped IS NULL;
