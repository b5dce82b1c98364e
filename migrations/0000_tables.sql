CREATE TABLE `cells` (
	`sweep_id` text NOT NULL,
	`model_id` text NOT NULL,
	`task_id` text NOT NULL,
	`layer` integer NOT NULL,
	`run_key` text NOT NULL,
	`layers_together` text NOT NULL,
	`reused` integer NOT NULL,
	PRIMARY KEY(`sweep_id`, `model_id`, `task_id`, `layer`),
	FOREIGN KEY (`sweep_id`,`model_id`,`task_id`) REFERENCES `prepared_tasks`(`sweep_id`,`model_id`,`task_id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "cells_layer" CHECK("cells"."layer" >= 0)
);
--> statement-breakpoint
CREATE INDEX `cells_run_key` ON `cells` (`run_key`);--> statement-breakpoint
CREATE TABLE `failures` (
	`sweep_id` text NOT NULL,
	`model_id` text NOT NULL,
	`task_id` text NOT NULL,
	`code` text NOT NULL,
	`message` text NOT NULL,
	`attempts` integer NOT NULL,
	`failed_at` text NOT NULL,
	`superseded` integer NOT NULL,
	PRIMARY KEY(`sweep_id`, `model_id`, `task_id`, `code`),
	FOREIGN KEY (`sweep_id`) REFERENCES `sweeps`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `items` (
	`items_hash` text NOT NULL,
	`item` integer NOT NULL,
	`demonstrations` text NOT NULL,
	`query` text NOT NULL,
	`answer` text NOT NULL,
	`accept` text NOT NULL,
	`dummy_queries` text NOT NULL,
	PRIMARY KEY(`items_hash`, `item`),
	CONSTRAINT "items_item" CHECK("items"."item" >= 0)
);
--> statement-breakpoint
CREATE TABLE `models` (
	`content_hash` text PRIMARY KEY NOT NULL,
	`architecture` text NOT NULL,
	`blocks` integer NOT NULL,
	`d_model` integer NOT NULL,
	`vocab` integer NOT NULL,
	`parameters` integer NOT NULL,
	`weights` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `predictions` (
	`run_id` integer NOT NULL,
	`item` integer NOT NULL,
	`token` integer NOT NULL,
	`text` text NOT NULL,
	`correct` integer NOT NULL,
	`answer_log_prob` real NOT NULL,
	`answer_rank` integer NOT NULL,
	PRIMARY KEY(`run_id`, `item`),
	FOREIGN KEY (`run_id`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "predictions_correct" CHECK("predictions"."correct" in (0, 1)),
	CONSTRAINT "predictions_log_prob" CHECK("predictions"."answer_log_prob" <= 0.0001),
	CONSTRAINT "predictions_rank" CHECK("predictions"."answer_rank" >= 1)
);
--> statement-breakpoint
CREATE TABLE `prepared_tasks` (
	`sweep_id` text NOT NULL,
	`model_id` text NOT NULL,
	`task_id` text NOT NULL,
	`model_hash` text NOT NULL,
	`numerics` text NOT NULL,
	`category` text NOT NULL,
	`scoring` text NOT NULL,
	`reading` text NOT NULL,
	`pairs_hash` text,
	`baseline_items` text NOT NULL,
	`dev_items` text NOT NULL,
	`test_items` text NOT NULL,
	`warnings` text NOT NULL,
	`best_layer` integer,
	PRIMARY KEY(`sweep_id`, `model_id`, `task_id`),
	FOREIGN KEY (`model_hash`) REFERENCES `models`(`content_hash`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`sweep_id`,`model_id`) REFERENCES `sweep_models`(`sweep_id`,`model_id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`sweep_id`,`task_id`) REFERENCES `sweep_tasks`(`sweep_id`,`task_id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "prepared_tasks_best_layer" CHECK("prepared_tasks"."best_layer" >= 0)
);
--> statement-breakpoint
CREATE TABLE `runs` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`model_hash` text NOT NULL,
	`kind` text NOT NULL,
	`split` text NOT NULL,
	`layer` integer,
	`items_hash` text NOT NULL,
	`numerics` text NOT NULL,
	`items` integer NOT NULL,
	`correct` integer NOT NULL,
	FOREIGN KEY (`model_hash`) REFERENCES `models`(`content_hash`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "runs_kind" CHECK(("runs"."kind" = 'hypothesis') = ("runs"."layer" is not null)),
	CONSTRAINT "runs_correct" CHECK("runs"."correct" between 0 and "runs"."items")
);
--> statement-breakpoint
CREATE UNIQUE INDEX `runs_key` ON `runs` (`key`);--> statement-breakpoint
CREATE TABLE `sweep_models` (
	`sweep_id` text NOT NULL,
	`model_id` text NOT NULL,
	`position` integer NOT NULL,
	`source` text NOT NULL,
	PRIMARY KEY(`sweep_id`, `model_id`),
	FOREIGN KEY (`sweep_id`) REFERENCES `sweeps`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `sweep_runs` (
	`sweep_id` text NOT NULL,
	`model_id` text NOT NULL,
	`task_id` text NOT NULL,
	`kind` text NOT NULL,
	`run_key` text NOT NULL,
	`reused` integer NOT NULL,
	PRIMARY KEY(`sweep_id`, `model_id`, `task_id`, `kind`),
	FOREIGN KEY (`sweep_id`,`model_id`,`task_id`) REFERENCES `prepared_tasks`(`sweep_id`,`model_id`,`task_id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "sweep_runs_kind" CHECK("sweep_runs"."kind" in ('baseline', 'regular', 'hypothesis'))
);
--> statement-breakpoint
CREATE INDEX `sweep_runs_run_key` ON `sweep_runs` (`run_key`);--> statement-breakpoint
CREATE TABLE `sweep_tasks` (
	`sweep_id` text NOT NULL,
	`task_id` text NOT NULL,
	`position` integer NOT NULL,
	`spec` text NOT NULL,
	PRIMARY KEY(`sweep_id`, `task_id`),
	FOREIGN KEY (`sweep_id`) REFERENCES `sweeps`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `sweeps` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`config` text NOT NULL,
	`protocol` text NOT NULL,
	`seed` integer NOT NULL,
	`code_version` text NOT NULL,
	`machine` text NOT NULL,
	`status` text NOT NULL,
	`created_at` text NOT NULL,
	`finished_at` text,
	CONSTRAINT "sweeps_status" CHECK("sweeps"."status" in ('running', 'complete', 'failed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE `task_pairs` (
	`pairs_hash` text NOT NULL,
	`position` integer NOT NULL,
	`input` text NOT NULL,
	`output` text NOT NULL,
	`accept` text NOT NULL,
	PRIMARY KEY(`pairs_hash`, `position`)
);
--> statement-breakpoint
CREATE TABLE `task_vectors` (
	`run_id` integer PRIMARY KEY NOT NULL,
	`layer` integer NOT NULL,
	`values` blob NOT NULL,
	FOREIGN KEY (`run_id`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "task_vectors_size" CHECK(length("task_vectors"."values") > 0 and length("task_vectors"."values") % 4 = 0)
);
--> statement-breakpoint
CREATE TABLE `timings` (
	`sweep_id` text NOT NULL,
	`model_id` text NOT NULL,
	`task_id` text NOT NULL,
	`work` text NOT NULL,
	`engine_seconds` real NOT NULL,
	`computed_by` text NOT NULL,
	`finished_at` text NOT NULL,
	PRIMARY KEY(`sweep_id`, `model_id`, `task_id`, `work`),
	FOREIGN KEY (`sweep_id`) REFERENCES `sweeps`(`id`) ON UPDATE no action ON DELETE no action
);
