-- Organisations, memberships, invitations and the inbox of webhooks.
-- Ids have a binary collation: Clerk's tell case apart, and the collation of the other columns does not.

CREATE TABLE `Organization` (
    `id` VARCHAR(191) NOT NULL,
    `clerkId` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `name` TEXT,
    `slug` TEXT,
    `imageUrl` TEXT,
    `publicMetadata` JSON,
    `version` DOUBLE NOT NULL DEFAULT 0,
    `deletedAt` DATETIME(3),

    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE UNIQUE INDEX `Organization_clerkId_key` ON `Organization`(`clerkId`);

CREATE TABLE `Membership` (
    `id` VARCHAR(191) NOT NULL,
    `clerkId` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `orgId` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `userId` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `role` VARCHAR(191),
    `permissions` JSON NOT NULL,
    `publicMetadata` JSON,
    `createdAt` DATETIME(3) NOT NULL,
    `version` DOUBLE NOT NULL DEFAULT 0,
    `deletedAt` DATETIME(3),

    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE UNIQUE INDEX `Membership_clerkId_key` ON `Membership`(`clerkId`);
CREATE INDEX `Membership_orgId_userId_createdAt_idx` ON `Membership`(`orgId`, `userId`, `createdAt`);
CREATE INDEX `Membership_orgId_createdAt_idx` ON `Membership`(`orgId`, `createdAt`);
CREATE INDEX `Membership_userId_createdAt_idx` ON `Membership`(`userId`, `createdAt`);

CREATE TABLE `Invitation` (
    `id` VARCHAR(191) NOT NULL,
    `clerkId` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `orgId` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `email` VARCHAR(320),
    `role` VARCHAR(191),
    `status` VARCHAR(191) NOT NULL,
    `publicMetadata` JSON,
    `expiresAt` DATETIME(3),
    `version` DOUBLE NOT NULL DEFAULT 0,

    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE UNIQUE INDEX `Invitation_clerkId_key` ON `Invitation`(`clerkId`);

CREATE TABLE `WebhookEvent` (
    `id` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `type` VARCHAR(191) NOT NULL,
    `timestamp` DOUBLE NOT NULL,
    `subjects` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `body` LONGTEXT NOT NULL,
    `status` VARCHAR(191) NOT NULL,
    `attempts` INTEGER NOT NULL,
    `succeeded` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `error` TEXT,
    `reason` VARCHAR(191),
    `receivedAt` DOUBLE NOT NULL,
    `dueAt` DOUBLE NOT NULL,
    `leaseUntil` DOUBLE,
    `owner` VARCHAR(191),
    `finishedAt` DOUBLE,

    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE INDEX `WebhookEvent_status_dueAt_idx` ON `WebhookEvent`(`status`, `dueAt`);
CREATE INDEX `WebhookEvent_receivedAt_idx` ON `WebhookEvent`(`receivedAt`);
CREATE INDEX `WebhookEvent_finishedAt_idx` ON `WebhookEvent`(`finishedAt`);

CREATE TABLE `ClerkChange` (
    `position` BIGINT NOT NULL AUTO_INCREMENT,
    `at` DOUBLE NOT NULL,
    `id` VARCHAR(191) NOT NULL,
    `type` VARCHAR(191) NOT NULL,
    `subjects` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `narrows` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    `version` DOUBLE,

    PRIMARY KEY (`position`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE INDEX `ClerkChange_at_idx` ON `ClerkChange`(`at`);
CREATE INDEX `ClerkChange_narrows_position_idx` ON `ClerkChange`(`narrows`, `position`);
