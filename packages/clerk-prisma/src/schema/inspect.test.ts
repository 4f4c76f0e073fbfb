import { expect, test } from 'vitest'
import { prismaStore } from '../prisma-store.js'
import { applySql, createDatabase } from '../testing/databases.js'
import { describeEngines } from '../testing/describe-engines.js'
import { aUser, T } from '../testing/snapshots.js'
import { accountOptions, SHAPES } from '../testing/stores.js'

const { create: _, ...SHAPE_WITHOUT_CREATE } = accountOptions.users

await describeEngines('the schema of the database', (engine, database) => {
  test("has nothing wrong with it as the package's migrations make it, and as another application has it", async () => {
    for (const shape of ['recommended', 'existing'] as const) {
      const opened = SHAPES[shape](await database.connect())
      expect(await opened.users.inspect()).toEqual([])
      expect(await opened.organizations.inspect()).toEqual([])
      expect(await opened.inbox.inspect()).toEqual([])
    }
  })

  test('is mended by the very statements that the findings have', { timeout: 60_000 }, async () => {
    const own = await createDatabase(engine)
    if ('missing' in own) throw new Error(own.missing)
    const prisma = await own.connect()
    const run = (sql: string) =>
      applySql(prisma, engine.provider === 'mysql' ? sql.replaceAll('"', '`') : sql)
    const before = {
      postgresql: 'ALTER TABLE "User" ALTER COLUMN "email" SET NOT NULL',
      mysql: 'ALTER TABLE "User" MODIFY "email" VARCHAR(320) NOT NULL',
      sqlite: `DROP INDEX "User_email_idx"; DROP INDEX "User_email_lower_idx"; ALTER TABLE "User" DROP COLUMN "email"; ALTER TABLE "User" ADD COLUMN "email" TEXT NOT NULL DEFAULT ''; CREATE UNIQUE INDEX "mail" ON "User"("email")`,
    }
    await run(before[engine.provider])
    const index = 'DROP INDEX "WebhookEvent_finishedAt_idx"'
    await run(engine.provider === 'mysql' ? `${index} ON "WebhookEvent"` : index)
    await run('ALTER TABLE "User" DROP COLUMN "lastSignInAt"')
    await run(
      'CREATE UNIQUE INDEX "names" ON "Organization"("name")'.replace(
        '"name")',
        engine.provider === 'mysql' ? '"name"(99))' : '"name")',
      ),
    )

    const { users, organizations, inbox } = prismaStore(prisma)
    const found = [...(await users.inspect()), ...(await organizations.inspect()), ...(await inbox.inspect())]
    expect(
      found.map(({ severity, message }) => [severity, message.replace(/^The column /, '').split(' ')[0]]),
    ).toEqual([
      ['error', '`User.email`'],
      ['error', '`User.lastSignInAt`'],
      ['error', '`Organization.name`'],
      ['warning', '`WebhookEvent`'],
    ])
    for (const { remedy } of found) await applySql(prisma, remedy)
    expect([
      ...(await users.inspect()),
      ...(await organizations.inspect()),
      ...(await inbox.inspect()),
    ]).toEqual([])
    await users.apply(aUser({ clerkId: 'user_mended' }))
    expect(await users.remove('user_mended', T)).toMatchObject({
      email: expect.toSatisfy((email) => email === null || email === 'ada@example.com'),
    })
    await own.drop()
  })

  test('has columns of the application that no row from Clerk would fill', { timeout: 60_000 }, async () => {
    const own = await createDatabase(engine)
    if ('missing' in own) throw new Error(own.missing)
    const prisma = await own.connect()
    const stores = prismaStore(prisma, { users: { ...SHAPE_WITHOUT_CREATE } })
    expect(await stores.users.inspect()).toMatchObject([
      {
        severity: 'error',
        message: expect.stringContaining('`accounts.plan` is NOT NULL without a default'),
      },
    ])
    const filled = prismaStore(prisma, {
      users: { ...SHAPE_WITHOUT_CREATE, create: () => ({ plan: 'free' }) },
    })
    expect(await filled.users.inspect()).toEqual([])
    await own.drop()
  })

  test('has every table of the package, or the statements that make it', { timeout: 60_000 }, async () => {
    const own = await createDatabase(engine)
    if ('missing' in own) throw new Error(own.missing)
    const prisma = await own.connect()
    const quote = (name: string) => (engine.provider === 'mysql' ? `\`${name}\`` : `"${name}"`)
    for (const name of ['User', 'ClerkRole', 'WebhookEvent', 'ClerkChange'])
      await prisma.$executeRawUnsafe(`DROP TABLE ${quote(name)}`)
    const { users, organizations, inbox } = prismaStore(prisma)
    const all = async () => [
      ...(await users.inspect()),
      ...(await organizations.inspect()),
      ...(await inbox.inspect()),
    ]
    const found = await all()
    expect(found.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'error: The table `User` is missing.',
      'error: The table `ClerkRole` is missing.',
      'error: The table `WebhookEvent` is missing.',
      'error: The table `ClerkChange` is missing.',
    ])
    for (const { remedy } of found) await applySql(prisma, remedy)
    expect(await all()).toEqual([])
    const narrows = { narrows: 'user_1', version: 1 }
    const entry = { id: 'msg_1', type: 'user.updated', subjects: ['user_1'], ...narrows }
    await inbox.append(entry)
    expect((await inbox.changesSince(null, 10)).changes).toMatchObject([entry])
    await own.drop()
  })

  test('has rules for events and entries of the log that their statements would break on', {
    timeout: 60_000,
  }, async () => {
    const own = await createDatabase(engine)
    if ('missing' in own) throw new Error(own.missing)
    const prisma = await own.connect()
    const mysql = engine.provider === 'mysql'
    const run = (sql: string) => applySql(prisma, mysql ? sql.replaceAll('"', '`') : sql)
    // An event has two entries at least, and nothing fills a column that only the Prisma schema has a default for.
    await run('CREATE UNIQUE INDEX "one_entry" ON "ClerkChange"("id")')
    await run('DROP TABLE "WebhookEvent"')
    await run(
      `CREATE TABLE "WebhookEvent" ("id" ${mysql ? 'VARCHAR(191)' : 'TEXT'} NOT NULL, "type" VARCHAR(191) NOT NULL,
        "timestamp" DOUBLE PRECISION NOT NULL, "subjects" ${mysql ? 'TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci' : 'TEXT'} NOT NULL,
        "body" TEXT NOT NULL, "status" VARCHAR(191) NOT NULL, "attempts" INTEGER NOT NULL, "succeeded" TEXT NOT NULL,
        "error" TEXT, "reason" TEXT, "receivedAt" DOUBLE PRECISION NOT NULL, "dueAt" DOUBLE PRECISION NOT NULL,
        "leaseUntil" DOUBLE PRECISION NOT NULL, "owner" TEXT, "finishedAt" DOUBLE PRECISION, "tenant" INTEGER NOT NULL)
        ${mysql ? 'COLLATE utf8mb4_bin' : ''}`,
    )
    const found = await prismaStore(prisma).inbox.inspect()
    expect(found.map(({ message }) => message.replace(/^The (table|column) /, ''))).toEqual([
      ...(mysql
        ? [expect.stringContaining('`WebhookEvent.subjects` compares ids without regard to case')]
        : []),
      expect.stringContaining('`WebhookEvent.leaseUntil` is NOT NULL'),
      expect.stringContaining('`WebhookEvent.tenant` is NOT NULL without a default, and nothing fills it'),
      expect.stringContaining('`WebhookEvent.id` is not unique'),
      ...['status, dueAt', 'receivedAt', 'finishedAt'].map((columns) =>
        expect.stringContaining(`no index on ${columns}`),
      ),
      expect.stringContaining('`ClerkChange.id` is unique'),
    ])
    for (const { remedy } of found) await run(remedy.replace(/^.*let it be empty: /, ''))
    expect(await prismaStore(prisma).inbox.inspect()).toEqual([])
    await own.drop()
  })
})
