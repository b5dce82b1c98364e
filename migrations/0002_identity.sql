CREATE TABLE `identity` (
	`id` text PRIMARY KEY NOT NULL
);
