-- The columns for an existing "User" table that has `id` and `email`: every row and id stays as it is. Leave out what
-- your table has under the same name, and name in `prismaStore` what it has under another one.

ALTER TABLE "User"
    ADD COLUMN "clerkId" TEXT,
    ADD COLUMN "emailVerified" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "username" TEXT,
    ADD COLUMN "phone" TEXT,
    ADD COLUMN "firstName" TEXT,
    ADD COLUMN "lastName" TEXT,
    ADD COLUMN "imageUrl" TEXT,
    ADD COLUMN "externalId" TEXT,
    ADD COLUMN "publicMetadata" JSONB,
    ADD COLUMN "banned" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "deprovisioned" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "isActive" BOOLEAN NOT NULL DEFAULT true,
    ADD COLUMN "clerkCreatedAt" TIMESTAMP(3),
    ADD COLUMN "lastSignInAt" TIMESTAMP(3),
    ADD COLUMN "lastActiveAt" TIMESTAMP(3),
    ADD COLUMN "version" DOUBLE PRECISION NOT NULL DEFAULT 0,
    ADD COLUMN "deletedAt" TIMESTAMP(3);

-- Deleted users have no address. Clerk also knows users without one.
ALTER TABLE "User" ALTER COLUMN "email" DROP NOT NULL;

CREATE UNIQUE INDEX "User_clerkId_key" ON "User"("clerkId");
CREATE INDEX "User_email_idx" ON "User"("email");
CREATE INDEX "User_deletedAt_idx" ON "User"("deletedAt");
-- Finds the row to link in any case. Prisma's schema cannot express it and `migrate` leaves it alone.
CREATE INDEX "User_email_lower_idx" ON "User"(lower("email")) WHERE "clerkId" IS NULL AND "deletedAt" IS NULL;
