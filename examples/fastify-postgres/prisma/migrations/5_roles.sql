-- Roles of organisations, for databases with and without `clerk.sql` of an earlier version. Adds a table and changes no row.

CREATE TABLE "ClerkRole" (
    "id" TEXT NOT NULL,
    "clerkId" TEXT NOT NULL,
    "key" TEXT,
    "name" TEXT,
    "permissions" JSONB NOT NULL,
    "version" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "deletedAt" TIMESTAMP(3),

    CONSTRAINT "ClerkRole_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "ClerkRole_clerkId_key" ON "ClerkRole"("clerkId");
CREATE INDEX "ClerkRole_key_idx" ON "ClerkRole"("key");
