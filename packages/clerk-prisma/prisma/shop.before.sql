-- The shop of docs/existing-users.md before Clerk, with customers.
CREATE TABLE "User" (
    "id" SERIAL PRIMARY KEY,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "passwordHash" TEXT NOT NULL,
    "emailConfirmedAt" TIMESTAMP(3)
);
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
CREATE TABLE "Order" ("id" SERIAL PRIMARY KEY, "userId" INTEGER NOT NULL REFERENCES "User"("id"), "item" TEXT NOT NULL);

INSERT INTO "User" ("id", "email", "name", "passwordHash", "emailConfirmedAt") VALUES
    (7, 'Ada@Example.com', 'Ada L.', 'hash of 7', '2023-01-01'),
    (8, 'grace@example.com', 'Grace H.', 'hash of 8', NULL),
    (9, 'linus@example.com', 'Linus T.', 'hash of 9', '2023-01-01');
SELECT setval('"User_id_seq"', 100);
INSERT INTO "Order" ("userId", "item") VALUES (7, 'book'), (7, 'pen'), (8, 'lamp'), (9, 'desk');
