-- Views of mediation and function vectors; docs/schema.md explains them.
CREATE VIEW `mediation` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, u.task_id AS task, e.component, e.layer, nullif(e.head, -1) AS head,
       e.effect, e.low, e.high, e.items, e.clean, e.shuffled
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN mediation_effects e ON e.run_id = r.id
WHERE u.skipped IS NULL;
--> statement-breakpoint
CREATE VIEW `function_vectors` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, s.task_id AS task, s.kind, s.layer, CAST(s.correct AS REAL) / s.items AS accuracy,
       CAST(s.first_tokens AS REAL) / s.items AS first_token, s.items, s.correct, s.answer_log_prob
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN function_vector_scores s ON s.run_id = r.id
WHERE u.skipped IS NULL AND s.prompt = 'zero-shot';
--> statement-breakpoint
CREATE VIEW `function_vectors_shuffled` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, s.task_id AS task, s.kind, s.layer, CAST(s.correct AS REAL) / s.items AS accuracy,
       CAST(s.first_tokens AS REAL) / s.items AS first_token, s.items, s.correct, s.answer_log_prob
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN function_vector_scores s ON s.run_id = r.id
WHERE u.skipped IS NULL AND s.prompt = 'shuffled';
--> statement-breakpoint
CREATE VIEW `function_vector_top_heads` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, u.task_id AS task, h.rank, h.layer, h.head, h.effect
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN function_vector_heads h ON h.run_id = r.id
WHERE u.skipped IS NULL;
--> statement-breakpoint
CREATE VIEW `function_vector_angles` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, g.task_id AS task, g.layer, g.cosine, g.norm_function_vector, g.norm_theta,
       g.in_span, g.in_random_span
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN function_vector_geometry g ON g.run_id = r.id
WHERE u.skipped IS NULL;
