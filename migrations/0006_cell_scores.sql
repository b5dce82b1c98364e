ALTER TABLE `cells` ADD `correct` integer;--> statement-breakpoint
ALTER TABLE `cells` ADD `items` integer;--> statement-breakpoint
UPDATE `cells` SET (`correct`, `items`) = (SELECT `correct`, `items` FROM `runs` WHERE `key` = `run_key`);--> statement-breakpoint
CREATE INDEX `cells_curves` ON `cells` (`sweep_id`,`model_id`,`task_id`,`layer`,`correct`,`items`,`reused`);
--> statement-breakpoint
-- A cell says what its run says, whoever writes either of them.
CREATE TRIGGER `runs_stored` AFTER INSERT ON `runs` BEGIN
  UPDATE `cells` SET `correct` = NEW.`correct`, `items` = NEW.`items` WHERE `run_key` = NEW.`key`;
END;
--> statement-breakpoint
CREATE TRIGGER `runs_changed` AFTER UPDATE OF `key`, `correct`, `items` ON `runs` BEGIN
  UPDATE `cells` SET `correct` = NULL, `items` = NULL WHERE `run_key` = OLD.`key`;
  UPDATE `cells` SET `correct` = NEW.`correct`, `items` = NEW.`items` WHERE `run_key` = NEW.`key`;
END;
--> statement-breakpoint
CREATE TRIGGER `runs_removed` AFTER DELETE ON `runs` BEGIN
  UPDATE `cells` SET `correct` = NULL, `items` = NULL WHERE `run_key` = OLD.`key`;
END;
--> statement-breakpoint
CREATE TRIGGER `cells_planned` AFTER INSERT ON `cells` BEGIN
  UPDATE `cells` SET (`correct`, `items`) = (SELECT `correct`, `items` FROM `runs` WHERE `key` = NEW.`run_key`)
  WHERE `rowid` = NEW.`rowid`;
END;
--> statement-breakpoint
CREATE TRIGGER `cells_changed` AFTER UPDATE OF `run_key` ON `cells` BEGIN
  UPDATE `cells` SET (`correct`, `items`) = (SELECT `correct`, `items` FROM `runs` WHERE `key` = NEW.`run_key`)
  WHERE `rowid` = NEW.`rowid`;
END;
--> statement-breakpoint
-- Views for a thousand models; docs/schema.md explains them.
DROP VIEW `layers`;
--> statement-breakpoint
CREATE VIEW `layers` AS
SELECT sweep_id AS sweep, model_id AS model, task_id AS task, layer,
       CAST(correct AS REAL) / items AS accuracy, correct, items, reused
FROM cells WHERE items IS NOT NULL;
--> statement-breakpoint
DROP VIEW `results`;
--> statement-breakpoint
CREATE VIEW `results` AS
SELECT p.sweep_id AS sweep, p.model_id AS model, p.task_id AS task, p.category,
       CAST(b.correct AS REAL) / b.items AS baseline,
       CAST(h.correct AS REAL) / h.items AS hypothesis,
       CAST(g.correct AS REAL) / g.items AS regular,
       p.best_layer, b.items AS baseline_items, h.items AS test_items,
       (SELECT c.items FROM cells c
        WHERE c.sweep_id = p.sweep_id AND c.model_id = p.model_id AND c.task_id = p.task_id AND c.layer = p.best_layer) AS dev_items
FROM prepared_tasks p
JOIN sweep_runs sb ON sb.sweep_id = p.sweep_id AND sb.model_id = p.model_id AND sb.task_id = p.task_id AND sb.kind = 'baseline'
JOIN sweep_runs sh ON sh.sweep_id = p.sweep_id AND sh.model_id = p.model_id AND sh.task_id = p.task_id AND sh.kind = 'hypothesis'
JOIN sweep_runs sg ON sg.sweep_id = p.sweep_id AND sg.model_id = p.model_id AND sg.task_id = p.task_id AND sg.kind = 'regular'
JOIN runs b ON b.key = sb.run_key
JOIN runs h ON h.key = sh.run_key
JOIN runs g ON g.key = sg.run_key;
--> statement-breakpoint
DROP VIEW `item_predictions`;
--> statement-breakpoint
DROP VIEW `all_runs`;
--> statement-breakpoint
CREATE VIEW `all_runs` AS
SELECT sweep_id AS sweep, model_id AS model, task_id AS task, 'dev' AS split, 'hypothesis' AS kind, run_key FROM cells
UNION ALL
SELECT sweep_id, model_id, task_id, iif(kind = 'baseline', 'baseline', 'test'), kind, run_key FROM sweep_runs;
--> statement-breakpoint
-- In this order: from a few runs to their predictions, never from all predictions to their runs.
CREATE VIEW `item_predictions` AS
SELECT a.sweep, a.model, a.task, a.split, a.kind, r.layer, p.item, i.query, i.answer, p.text AS prediction, p.correct,
       p.token, p.answer_log_prob, p.answer_rank, p.answer_logit_difference, i.demonstrations, i.dummy_queries
FROM all_runs a
CROSS JOIN runs r ON r.key = a.run_key
CROSS JOIN predictions p ON p.run_id = r.id
CROSS JOIN items i ON i.items_hash = r.items_hash AND i.item = p.item;
