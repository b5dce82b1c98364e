CREATE TABLE `attention_shares` (
	`run_id` integer NOT NULL,
	`layer` integer NOT NULL,
	`head` integer NOT NULL,
	`part` text NOT NULL,
	`attention` real NOT NULL,
	`low` real NOT NULL,
	`high` real NOT NULL,
	`tokens` real NOT NULL,
	`items` integer NOT NULL,
	PRIMARY KEY(`run_id`, `layer`, `head`, `part`),
	FOREIGN KEY (`run_id`) REFERENCES `unit_runs`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "attention_interval" CHECK("attention_shares"."low" <= "attention_shares"."high")
);
