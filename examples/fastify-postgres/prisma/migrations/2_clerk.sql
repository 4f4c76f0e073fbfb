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
    "subjects" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "succeeded" TEXT NOT NULL,
    "error" TEXT,
    "reason" TEXT,
    "receivedAt" DOUBLE PRECISION NOT NULL,
    "dueAt" DOUBLE PRECISION NOT NULL,
    "leaseUntil" DOUBLE PRECISION,
    "owner" TEXT,
    "finishedAt" DOUBLE PRECISION,

    CONSTRAINT "WebhookEvent_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "WebhookEvent_status_dueAt_idx" ON "WebhookEvent"("status", "dueAt");
CREATE INDEX "WebhookEvent_receivedAt_idx" ON "WebhookEvent"("receivedAt");
CREATE INDEX "WebhookEvent_finishedAt_idx" ON "WebhookEvent"("finishedAt");

CREATE TABLE "ClerkChange" (
    "position" BIGSERIAL NOT NULL,
    "at" DOUBLE PRECISION NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "subjects" TEXT NOT NULL,
    "narrows" TEXT,
    "version" DOUBLE PRECISION,

    CONSTRAINT "ClerkChange_pkey" PRIMARY KEY ("position")
);

CREATE INDEX "ClerkChange_at_idx" ON "ClerkChange"("at");
CREATE INDEX "ClerkChange_narrows_position_idx" ON "ClerkChange"("narrows", "position");
