ALTER TABLE `User` ADD COLUMN `theme` TEXT;

CREATE TABLE `accounts` (
    `accountId` INTEGER PRIMARY KEY AUTO_INCREMENT,
    `auth_id` VARCHAR(191) COLLATE utf8mb4_bin UNIQUE,
    `email_address` VARCHAR(191) UNIQUE,
    `emailConfirmed` BOOLEAN NOT NULL DEFAULT false,
    `handle` VARCHAR(191) UNIQUE,
    `phoneNumber` TEXT,
    `givenName` TEXT,
    `familyName` TEXT,
    `avatar` TEXT,
    `foreignId` TEXT,
    `metadata` JSON,
    `secretMetadata` JSON,
    `enabled` BOOLEAN NOT NULL DEFAULT true,
    `clerkVersion` DOUBLE NOT NULL DEFAULT 0,
    `removedAt` DATETIME(3),
    `seenAt` DATETIME(3),
    `plan` TEXT NOT NULL,
    `passwordHash` TEXT,
    `note` TEXT
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE INDEX `accounts_removedAt_idx` ON `accounts`(`removedAt`);
