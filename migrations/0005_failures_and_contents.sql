ALTER TABLE `failures` ADD `log` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `failures` ADD `worker` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `sweep_models` ADD `content_hash` text;--> statement-breakpoint
ALTER TABLE `sweep_models` ADD `numerics` text;