-- The shop of docs/existing-users.md before Clerk, with customers.
CREATE TABLE "User" (
    "id" SERIAL PRIMARY KEY,
    "email" TEXT,
    "emailConfirmedAt" TIMESTAMP(3),
    "mobile" TEXT,
    "handle" TEXT NOT NULL UNIQUE,
    "name" TEXT NOT NULL,
    "passwordHash" TEXT NOT NULL
);
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
CREATE TABLE "Order" ("id" SERIAL PRIMARY KEY, "userId" INTEGER NOT NULL REFERENCES "User"("id"), "item" TEXT NOT NULL);

INSERT INTO "User" ("id", "email", "emailConfirmedAt", "mobile", "handle", "name", "passwordHash") VALUES
    (7, 'Ada@Example.com', '2023-01-01', NULL, 'ada', 'Ada L.', '$2b$10$salusalusalusalusalusa7hash7hash7hash7hash7hash7hash7'),
    (8, 'grace@example.com', '2023-01-01', NULL, 'grace', 'Grace H.', '$2b$10$salusalusalusalusalusa8hash8hash8hash8hash8hash8hash8'),
    (9, NULL, NULL, '+15555550109', 'linus', 'Linus T.', '$2b$10$salusalusalusalusalusa9hash9hash9hash9hash9hash9hash9'),
    (10, 'eve@example.com', NULL, NULL, 'eve', 'Eve M.', '$2b$10$salusalusalusalusalusa10hash10hash10hash10hash10hash1');
SELECT setval('"User_id_seq"', 100);
INSERT INTO "Order" ("userId", "item") VALUES (7, 'book'), (7, 'pen'), (8, 'lamp'), (9, 'desk'), (9, 'chair'), (9, 'bed'), (10, 'sofa');
