-- Staff of the application. A column of its own: no sync of Clerk's writes it.

ALTER TABLE "User" ADD COLUMN "isStaff" BOOLEAN NOT NULL DEFAULT false;
