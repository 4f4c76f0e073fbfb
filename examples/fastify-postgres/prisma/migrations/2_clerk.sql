-- Organisations, memberships, invitations and the inbox of webhooks.

CREATE TABLE "Organization" (
    "id" TEXT NOT NULL,
    "clerkId" TEXT NOT NULL,
    "name" TEXT,
    "slug" TEXT,
    "imageUrl" TEXT,
    "publicMetadata" JSONB,
    "version" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "deletedAt" TIMESTAMP(3),

    CONSTRAINT "Organization_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "Organization_clerkId_key" ON "Organization"("clerkId");

CREATE TABLE "Membership" (
    "id" TEXT NOT NULL,
    "clerkId" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "role" TEXT,
    "permissions" JSONB NOT NULL,
    "publicMetadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "version" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "deletedAt" TIMESTAMP(3),

    CONSTRAINT "Membership_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "Membership_clerkId_key" ON "Membership"("clerkId");
CREATE INDEX "Membership_orgId_userId_createdAt_idx" ON "Membership"("orgId", "userId", "createdAt");
CREATE INDEX "Membership_orgId_createdAt_idx" ON "Membership"("orgId", "createdAt");
CREATE INDEX "Membership_userId_createdAt_idx" ON "Membership"("userId", "createdAt");

CREATE TABLE "Invitation" (
    "id" TEXT NOT NULL,
    "clerkId" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "email" TEXT,
    "role" TEXT,
    "status" TEXT NOT NULL,
    "publicMetadata" JSONB,
    "expiresAt" TIMESTAMP(3),
    "version" DOUBLE PRECISION NOT NULL DEFAULT 0,

    CONSTRAINT "Invitation_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "Invitation_clerkId_key" ON "Invitation"("clerkId");

CREATE TABLE "WebhookEvent" (
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "timestamp" DOUBLE PRECISION NOT NULL,
    "subjects" JSONB NOT NULL,
    "body" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "succeeded" TEXT NOT NULL,
    "appliedAt" DOUBLE PRECISION,
    "leaseUntil" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "error" TEXT,
    "doneAt" DOUBLE PRECISION,

    CONSTRAINT "WebhookEvent_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "WebhookEvent_doneAt_timestamp_idx" ON "WebhookEvent"("doneAt", "timestamp");
CREATE INDEX "WebhookEvent_appliedAt_idx" ON "WebhookEvent"("appliedAt");
