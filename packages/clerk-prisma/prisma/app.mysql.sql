ALTER TABLE `User` ADD COLUMN `theme` TEXT;

CREATE TABLE `accounts` (
    `accountId` INTEGER PRIMARY KEY AUTO_INCREMENT,
    `auth_id` VARCHAR(191) COLLATE utf8mb4_bin UNIQUE,
    `email_address` VARCHAR(320) UNIQUE,
    `emailConfirmed` BOOLEAN NOT NULL DEFAULT false,
    `handle` VARCHAR(320) UNIQUE,
    `phoneNumber` VARCHAR(191) UNIQUE,
    `givenName` TEXT,
    `familyName` TEXT,
    `avatar` TEXT,
    `foreignId` VARCHAR(191) UNIQUE,
    `metadata` JSON,
    `secretMetadata` JSON,
    `barred` BOOLEAN NOT NULL DEFAULT false,
    `deprovisioned` BOOLEAN NOT NULL DEFAULT false,
    `enabled` BOOLEAN NOT NULL DEFAULT true,
    `clerkVersion` DOUBLE NOT NULL DEFAULT 0,
    `removedAt` DATETIME(3),
    `seenAt` DATETIME(3),
    `activeAt` DATETIME(3),
    `joinedAt` DATETIME(3),
    `plan` TEXT NOT NULL,
    `passwordHash` TEXT,
    `note` TEXT
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE INDEX `accounts_removedAt_idx` ON `accounts`(`removedAt`);

CREATE TABLE `Company` (
    `id` VARCHAR(191) PRIMARY KEY,
    `clerkId` VARCHAR(191) COLLATE utf8mb4_bin NOT NULL UNIQUE,
    `title` TEXT,
    `slug` VARCHAR(191) UNIQUE,
    `imageUrl` TEXT,
    `metadata` JSON,
    `version` DOUBLE NOT NULL DEFAULT 0,
    `deletedAt` DATETIME(3),
    `plan` TEXT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE `Guest` (
    `id` VARCHAR(191) PRIMARY KEY,
    `clerkId` VARCHAR(191) COLLATE utf8mb4_bin NOT NULL,
    `email` VARCHAR(320),
    `emailVerified` BOOLEAN NOT NULL DEFAULT false,
    `externalId` VARCHAR(191),
    `banned` BOOLEAN NOT NULL DEFAULT false,
    `deprovisioned` BOOLEAN NOT NULL DEFAULT false,
    `isActive` BOOLEAN NOT NULL DEFAULT true,
    `version` DOUBLE NOT NULL DEFAULT 0,
    `deletedAt` DATETIME(3)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE UNIQUE INDEX `Guest_clerkId_key` ON `Guest`(`clerkId`);
CREATE UNIQUE INDEX `Guest_email_key` ON `Guest`(`email`);
CREATE INDEX `Guest_deletedAt_idx` ON `Guest`(`deletedAt`);
