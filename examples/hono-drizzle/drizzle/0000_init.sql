CREATE TABLE `clerk_changes` (
	`position` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`id` text NOT NULL,
	`type` text NOT NULL,
	`subjects` text NOT NULL,
	`narrows` text,
	`version` integer
);
--> statement-breakpoint
CREATE INDEX `clerk_changes_at_idx` ON `clerk_changes` (`at`);--> statement-breakpoint
CREATE INDEX `clerk_changes_narrows_position_idx` ON `clerk_changes` (`narrows`,`position`);--> statement-breakpoint
CREATE TABLE `clerk_inbox` (
	`id` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`timestamp` integer NOT NULL,
	`subjects` text NOT NULL,
	`body` text NOT NULL,
	`status` text NOT NULL,
	`attempts` integer NOT NULL,
	`succeeded` text NOT NULL,
	`error` text,
	`reason` text,
	`received_at` integer NOT NULL,
	`due_at` integer NOT NULL,
	`lease_until` integer,
	`owner` text,
	`finished_at` integer
);
--> statement-breakpoint
CREATE INDEX `clerk_inbox_status_due_at_idx` ON `clerk_inbox` (`status`,`due_at`);--> statement-breakpoint
CREATE INDEX `clerk_inbox_received_at_idx` ON `clerk_inbox` (`received_at`);--> statement-breakpoint
CREATE INDEX `clerk_inbox_finished_at_idx` ON `clerk_inbox` (`finished_at`);--> statement-breakpoint
CREATE TABLE `clerk_roles` (
	`id` text PRIMARY KEY NOT NULL,
	`clerk_id` text NOT NULL,
	`key` text,
	`name` text,
	`permissions` text NOT NULL,
	`version` integer DEFAULT 0 NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `clerk_roles_clerk_id_unique` ON `clerk_roles` (`clerk_id`);--> statement-breakpoint
CREATE INDEX `clerk_roles_key_idx` ON `clerk_roles` (`key`);--> statement-breakpoint
CREATE TABLE `invitations` (
	`id` text PRIMARY KEY NOT NULL,
	`clerk_id` text NOT NULL,
	`org_id` text NOT NULL,
	`email` text,
	`role` text,
	`status` text NOT NULL,
	`public_metadata` text,
	`expires_at` integer,
	`version` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `invitations_clerk_id_unique` ON `invitations` (`clerk_id`);--> statement-breakpoint
CREATE TABLE `memberships` (
	`id` text PRIMARY KEY NOT NULL,
	`clerk_id` text NOT NULL,
	`org_id` text NOT NULL,
	`user_id` text NOT NULL,
	`role` text,
	`permissions` text NOT NULL,
	`public_metadata` text,
	`created_at` integer NOT NULL,
	`version` integer DEFAULT 0 NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `memberships_clerk_id_unique` ON `memberships` (`clerk_id`);--> statement-breakpoint
CREATE INDEX `memberships_org_id_user_id_created_at_idx` ON `memberships` (`org_id`,`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `memberships_org_id_created_at_idx` ON `memberships` (`org_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `memberships_user_id_created_at_idx` ON `memberships` (`user_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `notes` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`org_id` text NOT NULL,
	`author_id` text NOT NULL,
	`text` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `notes_org_id_created_at_idx` ON `notes` (`org_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `organizations` (
	`id` text PRIMARY KEY NOT NULL,
	`clerk_id` text NOT NULL,
	`name` text,
	`slug` text,
	`image_url` text,
	`public_metadata` text,
	`version` integer DEFAULT 0 NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `organizations_clerk_id_unique` ON `organizations` (`clerk_id`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`plan` text DEFAULT 'free' NOT NULL,
	`clerk_id` text,
	`email` text,
	`email_verified` integer DEFAULT false NOT NULL,
	`username` text,
	`phone` text,
	`first_name` text,
	`last_name` text,
	`image_url` text,
	`external_id` text,
	`public_metadata` text,
	`banned` integer DEFAULT false NOT NULL,
	`deprovisioned` integer DEFAULT false NOT NULL,
	`is_active` integer DEFAULT true NOT NULL,
	`clerk_created_at` integer,
	`last_sign_in_at` integer,
	`last_active_at` integer,
	`version` integer DEFAULT 0 NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_clerk_id_unique` ON `users` (`clerk_id`);--> statement-breakpoint
CREATE INDEX `users_email_idx` ON `users` (`email`);--> statement-breakpoint
CREATE INDEX `users_email_lower_idx` ON `users` (lower("email")) WHERE "users"."clerk_id" is null and "users"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX `users_deleted_at_idx` ON `users` (`deleted_at`);