-- A curve that is zero at every L has no best L: the view said 0 there, where the test runs were made; docs/schema.md explains it.
DROP VIEW `results`;
--> statement-breakpoint
CREATE VIEW `results` AS
SELECT p.sweep_id AS sweep, p.model_id AS model, p.task_id AS task, p.category,
       CAST(b.correct AS REAL) / b.items AS baseline,
       CAST(h.correct AS REAL) / h.items AS hypothesis,
       CAST(g.correct AS REAL) / g.items AS regular,
       CASE WHEN EXISTS (SELECT 1 FROM cells c
        WHERE c.sweep_id = p.sweep_id AND c.model_id = p.model_id AND c.task_id = p.task_id AND c.correct > 0) THEN p.best_layer END AS best_layer,
       b.items AS baseline_items, h.items AS test_items,
       (SELECT c.items FROM cells c
        WHERE c.sweep_id = p.sweep_id AND c.model_id = p.model_id AND c.task_id = p.task_id AND c.layer = p.best_layer) AS dev_items
FROM prepared_tasks p
JOIN sweep_runs sb ON sb.sweep_id = p.sweep_id AND sb.model_id = p.model_id AND sb.task_id = p.task_id AND sb.kind = 'baseline'
JOIN sweep_runs sh ON sh.sweep_id = p.sweep_id AND sh.model_id = p.model_id AND sh.task_id = p.task_id AND sh.kind = 'hypothesis'
JOIN sweep_runs sg ON sg.sweep_id = p.sweep_id AND sg.model_id = p.model_id AND sg.task_id = p.task_id AND sg.kind = 'regular'
JOIN runs b ON b.key = sb.run_key
JOIN runs h ON h.key = sh.run_key
JOIN runs g ON g.key = sg.run_key;
