-- The columns for an existing "User" table that has `id` and `email`: every row and id stays as it is. Leave out what
-- your table has under the same name, and name in `prismaStore` what it has under another one.
-- Ids have a binary collation: Clerk's tell case apart, and the collation of the other columns does not.

ALTER TABLE `User`
    ADD COLUMN `clerkId` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    ADD COLUMN `emailVerified` BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN `username` TEXT,
    ADD COLUMN `phone` TEXT,
    ADD COLUMN `firstName` TEXT,
    ADD COLUMN `lastName` TEXT,
    ADD COLUMN `imageUrl` TEXT,
    ADD COLUMN `externalId` TEXT,
    ADD COLUMN `publicMetadata` JSON,
    ADD COLUMN `banned` BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN `deprovisioned` BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN `isActive` BOOLEAN NOT NULL DEFAULT true,
    ADD COLUMN `clerkCreatedAt` DATETIME(3),
    ADD COLUMN `lastSignInAt` DATETIME(3),
    ADD COLUMN `lastActiveAt` DATETIME(3),
    ADD COLUMN `version` DOUBLE NOT NULL DEFAULT 0,
    ADD COLUMN `deletedAt` DATETIME(3);

-- Deleted users have no address. Clerk also knows users without one. As long as an address may be.
ALTER TABLE `User` MODIFY `email` VARCHAR(320) NULL;

CREATE UNIQUE INDEX `User_clerkId_key` ON `User`(`clerkId`);
CREATE INDEX `User_email_idx` ON `User`(`email`);
CREATE INDEX `User_deletedAt_idx` ON `User`(`deletedAt`);
