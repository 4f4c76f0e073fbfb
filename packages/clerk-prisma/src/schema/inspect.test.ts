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
    const index = 'DROP INDEX "WebhookEvent_appliedAt_idx"'
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
})
