CREATE TABLE `head_sum_angles` (
	`run_id` integer NOT NULL,
	`task_id` text NOT NULL,
	`vector` text NOT NULL,
	`layer` integer NOT NULL,
	`cosine` real NOT NULL,
	`norm_sum` real NOT NULL,
	`norm_theta` real NOT NULL,
	PRIMARY KEY(`run_id`, `task_id`, `vector`, `layer`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action
);
