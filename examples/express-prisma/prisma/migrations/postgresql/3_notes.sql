-- The application's own tables.

CREATE TABLE "Note" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "orgId" TEXT NOT NULL,
    "authorId" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX "Note_orgId_createdAt_idx" ON "Note"("orgId", "createdAt");

CREATE TABLE "Subscription" (
    "userId" TEXT NOT NULL PRIMARY KEY,
    "plan" TEXT NOT NULL
);

CREATE TABLE "Administrator" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "email" TEXT NOT NULL,
    "passwordHash" TEXT NOT NULL
);

CREATE UNIQUE INDEX "Administrator_email_key" ON "Administrator"("email");
