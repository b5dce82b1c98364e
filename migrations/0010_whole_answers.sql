ALTER TABLE `predictions` ADD `score` real;--> statement-breakpoint
ALTER TABLE `predictions` ADD `tokens` text;--> statement-breakpoint
ALTER TABLE `predictions` ADD `whole_log_prob` real;--> statement-breakpoint
ALTER TABLE `predictions` ADD `whole_rank` integer;--> statement-breakpoint
ALTER TABLE `conflicting_predictions` ADD `tokens` text;--> statement-breakpoint
ALTER TABLE `conflicting_predictions` ADD `whole_log_prob` real;--> statement-breakpoint
ALTER TABLE `conflicting_predictions` ADD `whole_rank` integer;--> statement-breakpoint
DROP VIEW `item_predictions`;
--> statement-breakpoint
CREATE VIEW `item_predictions` AS
SELECT a.sweep, a.model, a.task, a.split, a.kind, r.layer, p.item, i.query, i.answer, p.text AS prediction, p.correct,
       p.token, p.answer_log_prob, p.answer_rank, p.answer_logit_difference, i.demonstrations, i.dummy_queries,
       p.score, p.tokens, p.whole_log_prob, p.whole_rank
FROM all_runs a
CROSS JOIN runs r ON r.key = a.run_key
CROSS JOIN predictions p ON p.run_id = r.id
CROSS JOIN items i ON i.items_hash = r.items_hash AND i.item = p.item;
