-- Users, for an application that has no table of them yet.
-- Ids have a binary collation: Clerk's tell case apart, and the collation of the other columns does not.

CREATE TABLE `User` (
    `id` VARCHAR(191) NOT NULL,
    `clerkId` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    `email` VARCHAR(320),
    `emailVerified` BOOLEAN NOT NULL DEFAULT false,
    `username` TEXT,
    `phone` TEXT,
    `firstName` TEXT,
    `lastName` TEXT,
    `imageUrl` TEXT,
    `externalId` TEXT,
    `publicMetadata` JSON,
    `banned` BOOLEAN NOT NULL DEFAULT false,
    `deprovisioned` BOOLEAN NOT NULL DEFAULT false,
    `isActive` BOOLEAN NOT NULL DEFAULT true,
    `clerkCreatedAt` DATETIME(3),
    `lastSignInAt` DATETIME(3),
    `lastActiveAt` DATETIME(3),
    `version` DOUBLE NOT NULL DEFAULT 0,
    `deletedAt` DATETIME(3),

    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE UNIQUE INDEX `User_clerkId_key` ON `User`(`clerkId`);
CREATE INDEX `User_email_idx` ON `User`(`email`);
CREATE INDEX `User_deletedAt_idx` ON `User`(`deletedAt`);
