ALTER TABLE "User" ADD COLUMN "theme" TEXT;

CREATE TABLE "accounts" (
    "accountId" SERIAL PRIMARY KEY,
    "auth_id" TEXT UNIQUE,
    "email_address" TEXT UNIQUE,
    "emailConfirmed" BOOLEAN NOT NULL DEFAULT false,
    "handle" TEXT UNIQUE,
    "phoneNumber" TEXT UNIQUE,
    "givenName" TEXT,
    "familyName" TEXT,
    "avatar" TEXT,
    "foreignId" TEXT UNIQUE,
    "metadata" JSONB,
    "secretMetadata" JSONB,
    "barred" BOOLEAN NOT NULL DEFAULT false,
    "deprovisioned" BOOLEAN NOT NULL DEFAULT false,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "clerkVersion" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "removedAt" TIMESTAMP(3),
    "seenAt" TIMESTAMP(3),
    "activeAt" TIMESTAMP(3),
    "joinedAt" TIMESTAMP(3),
    "plan" TEXT NOT NULL,
    "passwordHash" TEXT,
    "note" TEXT
);

CREATE INDEX "accounts_removedAt_idx" ON "accounts"("removedAt");
CREATE INDEX "accounts_email_lower_idx" ON "accounts"(lower("email_address")) WHERE "auth_id" IS NULL AND "removedAt" IS NULL;

CREATE TABLE "Company" (
    "id" TEXT PRIMARY KEY,
    "clerkId" TEXT NOT NULL UNIQUE,
    "title" TEXT,
    "slug" TEXT UNIQUE,
    "imageUrl" TEXT,
    "metadata" JSONB,
    "version" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "deletedAt" TIMESTAMP(3),
    "plan" TEXT NOT NULL
);

CREATE TABLE "Guest" (
    "id" TEXT PRIMARY KEY,
    "clerkId" TEXT NOT NULL,
    "email" TEXT,
    "emailVerified" BOOLEAN NOT NULL DEFAULT false,
    "externalId" TEXT,
    "banned" BOOLEAN NOT NULL DEFAULT false,
    "deprovisioned" BOOLEAN NOT NULL DEFAULT false,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "version" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "deletedAt" TIMESTAMP(3)
);

CREATE UNIQUE INDEX "Guest_clerkId_key" ON "Guest"("clerkId");
CREATE UNIQUE INDEX "Guest_email_key" ON "Guest"("email");
CREATE INDEX "Guest_deletedAt_idx" ON "Guest"("deletedAt");
