-- Users, for an application that has no table of them yet.

CREATE TABLE "User" (
    "id" TEXT NOT NULL,
    "clerkId" TEXT,
    "email" TEXT,
    "emailVerified" BOOLEAN NOT NULL DEFAULT false,
    "username" TEXT,
    "phone" TEXT,
    "firstName" TEXT,
    "lastName" TEXT,
    "imageUrl" TEXT,
    "externalId" TEXT,
    "publicMetadata" JSONB,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "clerkCreatedAt" TIMESTAMP(3),
    "lastSignInAt" TIMESTAMP(3),
    "lastActiveAt" TIMESTAMP(3),
    "version" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "deletedAt" TIMESTAMP(3),

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "User_clerkId_key" ON "User"("clerkId");
CREATE INDEX "User_email_idx" ON "User"("email");
CREATE INDEX "User_deletedAt_idx" ON "User"("deletedAt");
-- Finds the row to link in any case. Prisma's schema cannot express it and `migrate` leaves it alone.
CREATE INDEX "User_email_lower_idx" ON "User"(lower("email")) WHERE "clerkId" IS NULL AND "deletedAt" IS NULL;
