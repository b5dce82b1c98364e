CREATE TABLE `conflicting_predictions` (
	`run_id` integer NOT NULL,
	`kind` text NOT NULL,
	`item` integer NOT NULL,
	`query` text NOT NULL,
	`answer_a` text NOT NULL,
	`answer_b` text NOT NULL,
	`token` integer NOT NULL,
	`text` text NOT NULL,
	`correct_a` integer NOT NULL,
	`correct_b` integer NOT NULL,
	`answer_log_prob` real NOT NULL,
	`answer_rank` integer NOT NULL,
	`answer_logit_difference` real NOT NULL,
	PRIMARY KEY(`run_id`, `kind`, `item`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "conflicting_correct" CHECK("conflicting_predictions"."correct_a" in (0, 1) and "conflicting_predictions"."correct_b" in (0, 1))
);
--> statement-breakpoint
CREATE TABLE `projection_scores` (
	`run_id` integer NOT NULL,
	`layer` integer NOT NULL,
	`items` integer NOT NULL,
	`mean_rank` real NOT NULL,
	`mean_log_prob` real NOT NULL,
	`top1` integer NOT NULL,
	`top20` integer NOT NULL,
	`top100` integer NOT NULL,
	PRIMARY KEY(`run_id`, `layer`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `projection_tokens` (
	`run_id` integer NOT NULL,
	`layer` integer NOT NULL,
	`rank` integer NOT NULL,
	`token` integer NOT NULL,
	`text` text NOT NULL,
	`log_prob` real NOT NULL,
	PRIMARY KEY(`run_id`, `layer`, `rank`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `theta_distances` (
	`run_id` integer NOT NULL,
	`task_id` text NOT NULL,
	`layer` integer NOT NULL,
	`thetas` integer NOT NULL,
	`within_mean` real NOT NULL,
	`within_sd` real NOT NULL,
	`between_mean` real NOT NULL,
	`between_sd` real NOT NULL,
	`purity` real NOT NULL,
	`silhouette` real NOT NULL,
	`histogram_edges` text NOT NULL,
	`within_histogram` text NOT NULL,
	`between_histogram` text NOT NULL,
	PRIMARY KEY(`run_id`, `task_id`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `theta_points` (
	`run_id` integer NOT NULL,
	`task_id` text NOT NULL,
	`item` integer NOT NULL,
	`x` real NOT NULL,
	`y` real NOT NULL,
	PRIMARY KEY(`run_id`, `task_id`, `item`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `thetas` (
	`run_id` integer NOT NULL,
	`layer` integer NOT NULL,
	`item` integer NOT NULL,
	`values` blob NOT NULL,
	PRIMARY KEY(`run_id`, `layer`, `item`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "thetas_size" CHECK(length("thetas"."values") > 0 and length("thetas"."values") % 4 = 0)
);
--> statement-breakpoint
CREATE TABLE `unit_runs` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`experiment` text NOT NULL,
	`model_hash` text NOT NULL,
	`complete` integer NOT NULL,
	FOREIGN KEY (`model_hash`) REFERENCES `models`(`content_hash`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `unit_runs_key` ON `unit_runs` (`key`);--> statement-breakpoint
CREATE TABLE `unit_scores` (
	`run_id` integer NOT NULL,
	`task_id` text NOT NULL,
	`setting` text NOT NULL,
	`layer` integer NOT NULL,
	`source_layer` integer NOT NULL,
	`items` integer NOT NULL,
	`correct` integer NOT NULL,
	`answer_log_prob` real,
	`answer_rank` real,
	`answer_logit_difference` real,
	PRIMARY KEY(`run_id`, `task_id`, `setting`, `layer`, `source_layer`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "unit_scores_correct" CHECK("unit_scores"."correct" between 0 and "unit_scores"."items")
);
--> statement-breakpoint
CREATE TABLE `units` (
	`sweep_id` text NOT NULL,
	`model_id` text NOT NULL,
	`experiment` text NOT NULL,
	`task_id` text NOT NULL,
	`theta_task_id` text NOT NULL,
	`settings` text NOT NULL,
	`run_key` text,
	`reused` integer NOT NULL,
	`skipped` text,
	PRIMARY KEY(`sweep_id`, `model_id`, `experiment`, `task_id`, `theta_task_id`),
	FOREIGN KEY (`sweep_id`,`model_id`) REFERENCES `sweep_models`(`sweep_id`,`model_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `units_run_key` ON `units` (`run_key`);--> statement-breakpoint
CREATE TABLE `__new_failures` (
	`sweep_id` text NOT NULL,
	`model_id` text NOT NULL,
	`task_id` text NOT NULL,
	`experiment` text DEFAULT 'main' NOT NULL,
	`code` text NOT NULL,
	`message` text NOT NULL,
	`attempts` integer NOT NULL,
	`failed_at` text NOT NULL,
	`superseded` integer NOT NULL,
	PRIMARY KEY(`sweep_id`, `model_id`, `task_id`, `experiment`, `code`),
	FOREIGN KEY (`sweep_id`) REFERENCES `sweeps`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
INSERT INTO `__new_failures`("sweep_id", "model_id", "task_id", "experiment", "code", "message", "attempts", "failed_at", "superseded") SELECT "sweep_id", "model_id", "task_id", 'main', "code", "message", "attempts", "failed_at", "superseded" FROM `failures`;--> statement-breakpoint
DROP TABLE `failures`;--> statement-breakpoint
ALTER TABLE `__new_failures` RENAME TO `failures`;--> statement-breakpoint
ALTER TABLE `predictions` ADD `answer_logit_difference` real;--> statement-breakpoint
ALTER TABLE `sweeps` ADD `group_id` text;