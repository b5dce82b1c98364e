-- Views of the further experiments, and item_predictions with the logit difference; docs/schema.md explains them.
DROP VIEW `item_predictions`;
--> statement-breakpoint
CREATE VIEW `item_predictions` AS
SELECT a.sweep, a.model, a.task, r.split, r.kind, r.layer, p.item, i.query, i.answer, p.text AS prediction, p.correct,
       p.token, p.answer_log_prob, p.answer_rank, p.answer_logit_difference, i.demonstrations, i.dummy_queries
FROM all_runs a
JOIN runs r ON r.key = a.run_key
JOIN predictions p ON p.run_id = r.id
JOIN items i ON i.items_hash = r.items_hash AND i.item = p.item;
--> statement-breakpoint
CREATE VIEW `experiments` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, u.experiment, u.task_id AS task, u.theta_task_id AS theta_task,
       CASE WHEN u.skipped IS NOT NULL THEN 'skipped' WHEN r.complete = 1 THEN 'complete' ELSE 'waiting' END AS state,
       u.skipped AS reason, u.settings, u.reused
FROM units u LEFT JOIN unit_runs r ON r.key = u.run_key;
--> statement-breakpoint
CREATE VIEW `robustness` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, d.task_id AS task, p.category, d.layer, d.thetas,
       d.within_mean, d.within_sd, d.between_mean, d.between_sd, d.purity, d.silhouette,
       d.within_histogram, d.between_histogram, d.histogram_edges
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN theta_distances d ON d.run_id = r.id
LEFT JOIN prepared_tasks p ON p.sweep_id = u.sweep_id AND p.model_id = u.model_id AND p.task_id = d.task_id
WHERE u.skipped IS NULL;
--> statement-breakpoint
CREATE VIEW `theta_map` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, t.task_id AS task, p.category, t.item, t.x, t.y
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN theta_points t ON t.run_id = r.id
LEFT JOIN prepared_tasks p ON p.sweep_id = u.sweep_id AND p.model_id = u.model_id AND p.task_id = t.task_id
WHERE u.skipped IS NULL;
--> statement-breakpoint
CREATE VIEW `conflicting_items` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, u.task_id AS task_a, u.theta_task_id AS task_b, c.kind, c.item, c.query,
       c.answer_a, c.answer_b, c.text AS prediction, c.correct_a, c.correct_b, c.token,
       c.answer_log_prob, c.answer_rank, c.answer_logit_difference
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN conflicting_predictions c ON c.run_id = r.id
WHERE u.skipped IS NULL;
--> statement-breakpoint
CREATE VIEW `conflicting` AS
SELECT c.sweep, c.model, c.task_a, c.task_b, b.best_layer AS layer, count(DISTINCT c.item) AS items,
       sum(c.kind = 'regular' AND c.correct_a) AS regular_a, sum(c.kind = 'regular' AND c.correct_b) AS regular_b,
       sum(c.kind = 'conflicting' AND c.correct_a) AS conflicting_a, sum(c.kind = 'conflicting' AND c.correct_b) AS conflicting_b
FROM conflicting_items c
JOIN prepared_tasks b ON b.sweep_id = c.sweep AND b.model_id = c.model AND b.task_id = c.task_b
GROUP BY c.sweep, c.model, c.task_a, c.task_b;
--> statement-breakpoint
CREATE VIEW `projections` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, u.task_id AS task, t.layer, t.rank, t.token, t.text, t.log_prob
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN projection_tokens t ON t.run_id = r.id
WHERE u.skipped IS NULL;
--> statement-breakpoint
CREATE VIEW `projection_answers` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, u.task_id AS task, s.layer, s.items, s.mean_rank, s.mean_log_prob,
       s.top1, s.top20, s.top100
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN projection_scores s ON s.run_id = r.id
WHERE u.skipped IS NULL;
--> statement-breakpoint
CREATE VIEW `beyond` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, coalesce(nullif(s.task_id, ''), u.task_id) AS task,
       u.experiment AS analysis, s.setting, s.layer, s.source_layer, s.items, s.correct,
       CAST(s.correct AS REAL) / s.items AS accuracy, s.answer_log_prob, s.answer_rank, s.answer_logit_difference
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN unit_scores s ON s.run_id = r.id
WHERE u.skipped IS NULL AND u.experiment <> 'robustness';
