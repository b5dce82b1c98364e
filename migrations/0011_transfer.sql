CREATE TABLE `transfer_scores` (
	`run_id` integer NOT NULL,
	`task_id` text NOT NULL,
	`layer` integer NOT NULL,
	`items` integer NOT NULL,
	`correct` integer NOT NULL,
	`answer_log_prob` real NOT NULL,
	`answer_rank` real NOT NULL,
	`answer_logit_difference` real NOT NULL,
	PRIMARY KEY(`run_id`, `task_id`, `layer`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "transfer_scores_correct" CHECK("transfer_scores"."correct" between 0 and "transfer_scores"."items")
);

--> statement-breakpoint
CREATE VIEW `transfer` AS
SELECT u.sweep_id AS sweep, u.model_id AS model, u.theta_task_id AS source, s.task_id AS task, s.layer, s.items, s.correct,
       CAST(s.correct AS REAL) / s.items AS accuracy, s.answer_log_prob, s.answer_rank, s.answer_logit_difference
FROM units u
JOIN unit_runs r ON r.key = u.run_key AND r.complete = 1
JOIN transfer_scores s ON s.run_id = r.id
WHERE u.skipped IS NULL;
