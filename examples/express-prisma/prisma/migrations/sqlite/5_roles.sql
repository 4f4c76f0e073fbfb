-- Roles of organisations, for databases with and without `clerk.sql` of an earlier version. Adds a table and changes no row.

CREATE TABLE "ClerkRole" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "clerkId" TEXT NOT NULL,
    "key" TEXT,
    "name" TEXT,
    "permissions" JSONB NOT NULL,
    "version" REAL NOT NULL DEFAULT 0,
    "deletedAt" DATETIME
);

CREATE UNIQUE INDEX "ClerkRole_clerkId_key" ON "ClerkRole"("clerkId");
CREATE INDEX "ClerkRole_key_idx" ON "ClerkRole"("key");
