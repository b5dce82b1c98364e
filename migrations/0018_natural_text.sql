CREATE TABLE `natural_text_scores` (
	`run_id` integer NOT NULL,
	`task_id` text NOT NULL,
	`template` text NOT NULL,
	`kind` text NOT NULL,
	`layer` integer NOT NULL,
	`items` integer NOT NULL,
	`correct` integer NOT NULL,
	`first_tokens` integer NOT NULL,
	`answer_log_prob` real NOT NULL,
	PRIMARY KEY(`run_id`, `task_id`, `template`, `kind`, `layer`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "natural_text_correct" CHECK("natural_text_scores"."correct" between 0 and "natural_text_scores"."items" and "natural_text_scores"."first_tokens" between 0 and "natural_text_scores"."items")
);
