CREATE TABLE `function_vector_geometry` (
	`run_id` integer NOT NULL,
	`task_id` text NOT NULL,
	`layer` integer NOT NULL,
	`cosine` real NOT NULL,
	`norm_function_vector` real NOT NULL,
	`norm_theta` real NOT NULL,
	`in_span` real NOT NULL,
	`in_random_span` real NOT NULL,
	PRIMARY KEY(`run_id`, `task_id`, `layer`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `function_vector_heads` (
	`run_id` integer NOT NULL,
	`rank` integer NOT NULL,
	`layer` integer NOT NULL,
	`head` integer NOT NULL,
	`effect` real NOT NULL,
	PRIMARY KEY(`run_id`, `rank`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `function_vector_scores` (
	`run_id` integer NOT NULL,
	`task_id` text NOT NULL,
	`prompt` text NOT NULL,
	`kind` text NOT NULL,
	`layer` integer NOT NULL,
	`items` integer NOT NULL,
	`correct` integer NOT NULL,
	`first_tokens` integer NOT NULL,
	`answer_log_prob` real NOT NULL,
	PRIMARY KEY(`run_id`, `task_id`, `prompt`, `kind`, `layer`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "function_vector_correct" CHECK("function_vector_scores"."correct" between 0 and "function_vector_scores"."items" and "function_vector_scores"."first_tokens" between 0 and "function_vector_scores"."items")
);
--> statement-breakpoint
CREATE TABLE `mediation_effects` (
	`run_id` integer NOT NULL,
	`component` text NOT NULL,
	`layer` integer NOT NULL,
	`head` integer NOT NULL,
	`effect` real NOT NULL,
	`low` real NOT NULL,
	`high` real NOT NULL,
	`items` integer NOT NULL,
	`clean` real NOT NULL,
	`shuffled` real NOT NULL,
	PRIMARY KEY(`run_id`, `component`, `layer`, `head`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "mediation_interval" CHECK("mediation_effects"."low" <= "mediation_effects"."high")
);
