-- Views of vectors in natural text, of probing, and of function vectors as means over tasks; docs/schema.md explains them.
CREATE VIEW `natural_text` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, s.task_id AS task, s.template, s.kind, nullif(s.layer, -1) AS layer,
       CAST(s.correct AS REAL) / s.items AS accuracy, CAST(s.first_tokens AS REAL) / s.items AS first_token, s.items, s.correct,
       s.answer_log_prob
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN natural_text_scores s ON s.run_id = r.id
WHERE u.skipped IS NULL;
--> statement-breakpoint
CREATE VIEW `probing` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, s.task_id AS task, s.setting AS vector, s.layer,
       CAST(s.correct AS REAL) / s.items AS accuracy, s.items, s.correct
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN unit_scores s ON s.run_id = r.id
WHERE u.skipped IS NULL AND u.experiment = 'probing';
--> statement-breakpoint
DROP VIEW `beyond`;
--> statement-breakpoint
CREATE VIEW `beyond` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, coalesce(nullif(s.task_id, ''), u.task_id) AS task,
       u.experiment AS analysis, s.setting, s.layer, s.source_layer, s.items, s.correct,
       CAST(s.correct AS REAL) / s.items AS accuracy, s.answer_log_prob, s.answer_rank, s.answer_logit_difference
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN unit_scores s ON s.run_id = r.id
WHERE u.skipped IS NULL AND u.experiment NOT IN ('robustness', 'probing');
--> statement-breakpoint
CREATE VIEW `function_vector_means` AS
WITH scored AS (
  SELECT sweep, model, task, 'zero-shot' AS prompt, kind, layer, accuracy, first_token FROM function_vectors
  UNION ALL
  SELECT sweep, model, task, 'shuffled', kind, layer, accuracy, first_token FROM function_vectors_shuffled
  UNION ALL
  SELECT sweep, model, task, 'natural-text', kind, layer, avg(accuracy), avg(first_token)
  FROM natural_text GROUP BY sweep, model, task, kind, layer
), means AS (
  SELECT sweep, model, prompt, kind, layer, avg(accuracy) AS accuracy, avg(accuracy * accuracy) AS squares,
         avg(first_token) AS first_token, count(*) AS tasks
  FROM scored
  GROUP BY sweep, model, prompt, kind, layer
)
SELECT sweep, model, '' AS task, prompt, kind, layer, accuracy,
       CASE WHEN tasks > 1 THEN accuracy - 1.96 * sqrt(max(0, squares - accuracy * accuracy) / (tasks - 1)) END AS low,
       CASE WHEN tasks > 1 THEN accuracy + 1.96 * sqrt(max(0, squares - accuracy * accuracy) / (tasks - 1)) END AS high,
       first_token, tasks
FROM means;
