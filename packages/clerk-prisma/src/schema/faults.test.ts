import type { StoreFaultError } from '@acme/clerk-core/store'
import { expect, test } from 'vitest'
import { prismaStore } from '../prisma-store.js'
import { createDatabase, type Engine, type TestClient } from '../testing/databases.js'
import { describeEngines } from '../testing/describe-engines.js'
import { aUser, T } from '../testing/snapshots.js'

type Sql = Readonly<Record<Engine['provider'], readonly string[]>>
const everywhere = (...sql: string[]): Sql => ({
  postgresql: sql,
  sqlite: sql,
  mysql: sql.map((one) => one.replaceAll('"', '`')),
})
const modify = (column: string, postgresql: string[], mysql: string, sqlite: string[] = []): Sql => ({
  postgresql: postgresql.map((one) => `ALTER TABLE "User" ALTER COLUMN "${column}" ${one}`),
  mysql: [`ALTER TABLE \`User\` MODIFY \`${column}\` ${mysql}`],
  sqlite,
})
const rebuilt = (column: string, definition: string): string[] => [
  `ALTER TABLE "User" DROP COLUMN "${column}"`,
  `ALTER TABLE "User" ADD COLUMN "${column}" ${definition}`,
]

const open = (prisma: TestClient) => prismaStore(prisma)
type Opened = ReturnType<typeof open>

interface Refusal {
  readonly name: string
  readonly sql: Sql
  readonly fails: (opened: Opened) => Promise<unknown>
  readonly fault: Partial<Pick<StoreFaultError, 'fault' | 'field'>>
  readonly says?: RegExp
  /** SQLite has no such rule. */
  readonly notOnSqlite?: true
}

const SECRET = 'a-secret-value'
const apply = (fields: object) => (opened: Opened) =>
  opened.users.apply(aUser({ clerkId: 'user_1', version: T + 1, ...fields }))

const refusals: readonly Refusal[] = [
  {
    name: 'a column that may not be empty',
    sql: modify(
      'lastName',
      ['SET NOT NULL'],
      'VARCHAR(99) NOT NULL',
      rebuilt('lastName', "TEXT NOT NULL DEFAULT ''"),
    ),
    fails: apply({ lastName: null }),
    fault: { fault: 'required', field: 'lastName' },
    says: /Let the column be empty: .*(DROP NOT NULL|NULL;|ADD COLUMN "lastName_new" TEXT)/,
  },
  {
    name: 'an address that may not be empty, at a deletion',
    sql: modify('email', ['SET NOT NULL'], 'VARCHAR(320) NOT NULL'),
    fails: (opened) => opened.users.remove('user_gone', T),
    fault: { fault: 'required', field: 'email' },
    says: /Let the column be empty: ALTER TABLE .User. (ALTER COLUMN "email" DROP NOT NULL|MODIFY `email` varchar\(320\).* NULL);/,
    notOnSqlite: true,
  },
  {
    name: 'a unique column of the application, with a default',
    sql: everywhere('CREATE UNIQUE INDEX "one_theme" ON "User"("theme")'),
    fails: async ({ users }) => {
      await users.apply(aUser({ clerkId: 'user_t1', email: null }))
      return users.apply(aUser({ clerkId: 'user_t2', email: null }))
    },
    fault: { fault: 'unique' },
  },
  {
    name: 'a value that is too long',
    sql: modify('username', ['TYPE VARCHAR(5)'], 'VARCHAR(5)'),
    fails: apply({ username: SECRET }),
    fault: { fault: 'value' },
    notOnSqlite: true,
  },
  {
    name: 'an enum without the value',
    sql: {
      ...modify('imageUrl', [], "ENUM('a', 'b')"),
      postgresql: [
        `CREATE TYPE mood AS ENUM ('a', 'b')`,
        'ALTER TABLE "User" ALTER COLUMN "imageUrl" TYPE mood USING NULL',
      ],
    },
    fails: apply({ imageUrl: SECRET }),
    fault: { fault: 'value' },
    notOnSqlite: true,
  },
  {
    name: 'a number where a text is to be',
    sql: modify('externalId', ['TYPE INTEGER USING NULL'], 'INTEGER'),
    fails: apply({ externalId: SECRET }),
    fault: { fault: 'value' },
    notOnSqlite: true,
  },
  {
    name: 'a CHECK',
    sql: {
      ...everywhere(`ALTER TABLE "User" ADD CONSTRAINT "tame" CHECK ("phone" <> '${SECRET}')`),
      sqlite: rebuilt('phone', `TEXT CHECK ("phone" <> '${SECRET}')`),
    },
    fails: apply({ phone: SECRET }),
    fault: { fault: 'other' },
  },
  {
    name: 'a column that is missing',
    sql: everywhere('ALTER TABLE "User" DROP COLUMN "deprovisioned"'),
    fails: (opened) => opened.users.findByClerkId('user_1'),
    fault: { fault: 'missing' },
  },
  {
    name: 'a table that is missing',
    sql: everywhere('DROP TABLE "Invitation"'),
    fails: (opened) => opened.organizations.findInvitation('orginv_1'),
    fault: { fault: 'missing' },
  },
]

await describeEngines('what the database refuses', (engine) => {
  test.each(refusals.filter(({ notOnSqlite }) => engine.provider !== 'sqlite' || !notOnSqlite))(
    '$name: is a fault, told by names alone, and no outage',
    { timeout: 60_000 },
    async ({ sql, fails, fault, says = /./ }) => {
      const database = await createDatabase(engine)
      if ('missing' in database) throw new Error(database.missing)
      const prisma = await database.connect()
      const defaults = /one_theme/.test(sql.sqlite.join())
      const opened = prismaStore(prisma, defaults ? { users: { create: () => ({ theme: 'dark' }) } } : {})
      await opened.users.apply(aUser({ clerkId: 'user_1', lastName: '' }))
      for (const statement of sql[engine.provider]) await prisma.$executeRawUnsafe(statement)
      const error = (await fails(opened as Opened).catch((reason: unknown) => reason)) as StoreFaultError
      expect(error).toMatchObject({ name: 'StoreFaultError', ...fault })
      expect(error.message).toMatch(says)
      expect(error.model).toMatch(/^(User|Invitation|user)$/)
      expect(`${error.stack}${JSON.stringify(error)}`).not.toContain(SECRET)
      expect(error.cause).toBeUndefined()
      await database.drop()
    },
  )

  test('a soft-delete extension of the application hides no row for long: it is told before the first query', async () => {
    const database = await createDatabase(engine)
    if ('missing' in database) throw new Error(database.missing)
    const prisma = await database.connect()
    const soft = prisma.$extends({
      query: {
        user: {
          findUnique: ({ args, query }) =>
            query({ ...args, where: { ...args.where, deletedAt: null } } as typeof args),
          findMany: ({ args, query }) => query({ ...args, where: { ...args.where, deletedAt: null } }),
        },
      },
    }) as unknown as TestClient
    const hidden = { name: 'StoreFaultError', fault: 'hidden', model: 'user' }
    const { users } = prismaStore(soft)
    await expect(users.findByClerkId('user_1')).rejects.toMatchObject(hidden)
    await expect(users.remove('user_1', T)).rejects.toMatchObject(hidden)
    const [finding] = await users.inspect()
    expect(finding).toMatchObject({
      severity: 'error',
      remedy: expect.stringMatching(/client without extensions/),
    })
    // The client that it was made from is as before.
    expect(await prismaStore(prisma).users.findByClerkId('user_1')).toBeNull()
    await database.drop()
  })

  test('an extension that hides rows only where the store cannot foresee it ends in the same fault', async () => {
    const database = await createDatabase(engine)
    if ('missing' in database) throw new Error(database.missing)
    const prisma = await database.connect()
    const soft = prisma.$extends({
      query: {
        user: {
          async findUnique({ args, query }) {
            const row = await query(args)
            return (row as { email?: unknown } | null)?.email === 'hide@example.com' ? null : row
          },
        },
      },
    }) as unknown as TestClient
    const { users } = prismaStore(soft)
    const snapshot = aUser({ clerkId: 'user_h', email: 'hide@example.com' })
    await users.apply(snapshot)
    const again = users.apply({ ...snapshot, version: 1 })
    await expect(again).rejects.toMatchObject({ name: 'StoreFaultError', fault: 'hidden' })
    await database.drop()
  })

  test('an error of an extension is told by its class alone, and is no outage', async () => {
    const database = await createDatabase(engine)
    if ('missing' in database) throw new Error(database.missing)
    class PolicyError extends Error {}
    const strict = (await database.connect()).$extends({
      query: {
        user: {
          findUnique() {
            throw new PolicyError(SECRET)
          },
        },
      },
    }) as unknown as TestClient
    const { users } = prismaStore(strict)
    const error = await users.findByClerkId('user_1').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'StoreFaultError', fault: 'other', driverCode: 'PolicyError' })
    expect(String((error as Error).message)).not.toContain(SECRET)
    expect(await users.inspect()).toMatchObject([{ message: expect.stringContaining('PolicyError') }])
    await database.drop()
  })
})
