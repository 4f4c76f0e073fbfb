ALTER TABLE `User` ADD COLUMN `theme` VARCHAR(191);

CREATE TABLE `accounts` (
    `accountId` INTEGER PRIMARY KEY AUTO_INCREMENT,
    `auth_id` VARCHAR(191) COLLATE utf8mb4_bin UNIQUE,
    `email_address` VARCHAR(191) UNIQUE,
    `emailConfirmed` BOOLEAN NOT NULL DEFAULT false,
    `handle` VARCHAR(191) UNIQUE,
    `phoneNumber` VARCHAR(191),
    `givenName` VARCHAR(191),
    `familyName` VARCHAR(191),
    `avatar` VARCHAR(191),
    `foreignId` VARCHAR(191),
    `metadata` JSON,
    `secretMetadata` JSON,
    `enabled` BOOLEAN NOT NULL DEFAULT true,
    `clerkVersion` DOUBLE NOT NULL DEFAULT 0,
    `removedAt` DATETIME(3),
    `seenAt` DATETIME(3),
    `plan` VARCHAR(191) NOT NULL,
    `passwordHash` VARCHAR(191),
    `note` VARCHAR(191)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
