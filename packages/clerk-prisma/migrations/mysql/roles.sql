-- Roles of organisations, for databases with and without `clerk.sql` of an earlier version. Adds a table and changes no row.
-- Ids and keys have a binary collation: Clerk's tell case apart, and the collation of the other columns does not.

CREATE TABLE `ClerkRole` (
    `id` VARCHAR(191) NOT NULL,
    `clerkId` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `key` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    `name` TEXT,
    `permissions` JSON NOT NULL,
    `version` DOUBLE NOT NULL DEFAULT 0,
    `deletedAt` DATETIME(3),

    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE UNIQUE INDEX `ClerkRole_clerkId_key` ON `ClerkRole`(`clerkId`);
CREATE INDEX `ClerkRole_key_idx` ON `ClerkRole`(`key`);
