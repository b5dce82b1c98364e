-- For people who open the file with their own tools; docs/schema.md explains them.
CREATE VIEW `layers` AS
SELECT c.sweep_id AS sweep, c.model_id AS model, c.task_id AS task, c.layer,
       CAST(r.correct AS REAL) / r.items AS accuracy, r.correct, r.items, c.reused
FROM cells c JOIN runs r ON r.key = c.run_key;
--> statement-breakpoint
CREATE VIEW `results` AS
SELECT p.sweep_id AS sweep, p.model_id AS model, p.task_id AS task, p.category,
       CAST(b.correct AS REAL) / b.items AS baseline,
       CAST(h.correct AS REAL) / h.items AS hypothesis,
       CAST(g.correct AS REAL) / g.items AS regular,
       p.best_layer, b.items AS baseline_items, h.items AS test_items,
       (SELECT d.items FROM runs d JOIN cells c ON d.key = c.run_key
        WHERE c.sweep_id = p.sweep_id AND c.model_id = p.model_id AND c.task_id = p.task_id AND c.layer = p.best_layer) AS dev_items
FROM prepared_tasks p
JOIN sweep_runs sb ON sb.sweep_id = p.sweep_id AND sb.model_id = p.model_id AND sb.task_id = p.task_id AND sb.kind = 'baseline'
JOIN sweep_runs sh ON sh.sweep_id = p.sweep_id AND sh.model_id = p.model_id AND sh.task_id = p.task_id AND sh.kind = 'hypothesis'
JOIN sweep_runs sg ON sg.sweep_id = p.sweep_id AND sg.model_id = p.model_id AND sg.task_id = p.task_id AND sg.kind = 'regular'
JOIN runs b ON b.key = sb.run_key
JOIN runs h ON h.key = sh.run_key
JOIN runs g ON g.key = sg.run_key;
--> statement-breakpoint
CREATE VIEW `all_runs` AS
SELECT sweep_id AS sweep, model_id AS model, task_id AS task, run_key FROM cells
UNION ALL
SELECT sweep_id, model_id, task_id, run_key FROM sweep_runs;
--> statement-breakpoint
CREATE VIEW `item_predictions` AS
SELECT a.sweep, a.model, a.task, r.split, r.kind, r.layer, p.item, i.query, i.answer, p.text AS prediction, p.correct,
       p.token, p.answer_log_prob, p.answer_rank, i.demonstrations, i.dummy_queries
FROM all_runs a
JOIN runs r ON r.key = a.run_key
JOIN predictions p ON p.run_id = r.id
JOIN items i ON i.items_hash = r.items_hash AND i.item = p.item;
