-- For a "User" table of this package's from before `banned` and `deprovisioned`. Adds columns and changes no row.
-- Until the rows are refreshed, what was banned stays locked out by `isActive`: see "Upgrading" in docs/prisma.md.

ALTER TABLE "User"
    ADD COLUMN "banned" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "deprovisioned" BOOLEAN NOT NULL DEFAULT false;
