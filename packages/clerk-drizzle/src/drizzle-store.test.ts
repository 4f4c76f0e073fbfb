import { ConfigurationError } from '@acme/clerk-core'
import { drizzle } from 'drizzle-orm/libsql'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { drizzleStore } from './drizzle-store.js'
import type { ClerkTables } from './options.js'
import { clerkUserColumns, clerkUserIndexes } from './sqlite.js'
import type { Engine } from './testing/databases.js'
import { describeEngines } from './testing/describe-engines.js'
import * as pgSchema from './testing/schema.pg.js'
import * as schema from './testing/schema.sqlite.js'

const db = drizzle('file::memory:')

test('columns of the package that are missing are spread into the table, others are added', () => {
  const users = sqliteTable('people', { key: text('key').primaryKey() }) as never
  const make = () =>
    drizzleStore(db, { ...schema, users }, { users: { fields: { locked: 'closed' } } } as never)
  expect(make).toThrow(
    "`people` has no column with the key `clerkId`. Spread `...clerkUserColumns()` of '@acme/clerk-drizzle/sqlite' into the table, or name the key of yours: { users: { fields: { clerkId: '…' } } }.",
  )
  expect(make).toThrow('key `id`. Add it, or name')
  expect(make).toThrow('key `closed`. Add it, or name')
})

function problemsOf(make: () => unknown): readonly string[] {
  try {
    make()
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ option, message }) => `${option} ${message}`)
  }
}

test('every table that is missing, or of another database, is told at once', () => {
  const { clerkInbox: _, clerkRoles, ...rest } = schema
  const wrong = {
    ...rest,
    clerkRoles: { id: 1 },
    memberships: pgSchema.memberships,
  } as unknown as ClerkTables
  expect(problemsOf(() => drizzleStore(db, wrong))).toEqual([
    'drizzleStore tables.memberships is no table of sqlite, which the database is.',
    'drizzleStore tables.clerkRoles is no table of Drizzle.',
    'drizzleStore tables.clerkInbox is missing.',
  ])
  expect(problemsOf(() => drizzleStore({} as typeof db, schema))).toEqual([
    'drizzleStore db is no database of Drizzle that is supported.',
  ])
})

test('every column that is missing, or of a type that loses something, is told at once', () => {
  const { banned: _, ...columns } = clerkUserColumns()
  const users = sqliteTable('people', {
    id: integer('id').primaryKey(),
    ...columns,
    deletedAt: integer('deleted_at', { mode: 'timestamp' }),
    version: text('version'),
    publicMetadata: text('public_metadata'),
  })
  expect(
    problemsOf(() => drizzleStore(db, { ...schema, users }, { users: { fields: { locked: 'closed' } } })),
  ).toEqual([
    'drizzleStore users `people` has no column with the key `banned`.',
    'drizzleStore users `people.version` is text (string), which does not hold it.',
    'drizzleStore users `people.deleted_at` is integer (date), which does not hold it.',
    'drizzleStore users `people.public_metadata` is text (string), which does not hold it.',
    'drizzleStore users `people` has no column with the key `closed`.',
  ])
})

test('a column of the application’s that an external id cannot be compared with is told at once', () => {
  const externalIdColumn = 'isActive'
  expect(problemsOf(() => drizzleStore(db, schema, { users: { externalIdColumn } }))).toEqual([
    'drizzleStore users.externalIdColumn `isActive` is no column of `users` that holds texts or whole numbers.',
  ])
})

test('a column that the table leaves out is not stored, and the store says so', async () => {
  const { phone: _, lastActiveAt: __, ...columns } = clerkUserColumns()
  const users = sqliteTable('users', { id: integer('id').primaryKey(), ...columns }, clerkUserIndexes)
  expect(await drizzleStore(db, { ...schema, users }).users.unstored()).toEqual([
    ...['phone', 'lastActiveAt', 'privateMetadata', 'locked'],
  ])
})

await describeEngines('what is found in the database', (engine: Engine, open) => {
  test('is nothing where drizzle-kit made the tables of this package', async () => {
    const place = await open()
    const { db } = await place.connect()
    const { users, organizations, inbox } = drizzleStore(db, engine.schema)
    expect(await users.inspect({ linking: true })).toEqual([])
    expect(await organizations.inspect()).toEqual([])
    expect(await inbox.inspect()).toEqual([])
    await place.drop()
  })

  test('is each thing that a migration has not made, with what mends it', async () => {
    const place = await open()
    const { db, run } = await place.connect()
    const { users, organizations, inbox } = drizzleStore(db, engine.schema)
    await run('ALTER TABLE invitations DROP COLUMN status')
    await run('DROP TABLE clerk_changes')
    await run(
      engine.dialect === 'postgresql'
        ? 'ALTER TABLE users DROP CONSTRAINT users_clerk_id_unique'
        : `DROP INDEX users_clerk_id_unique${engine.dialect === 'mysql' ? ' ON users' : ''}`,
    )
    await run(
      engine.dialect === 'mysql'
        ? 'CREATE UNIQUE INDEX one_name ON users (first_name(20))'
        : 'CREATE UNIQUE INDEX one_name ON users (first_name)',
    )
    const told = [...(await users.inspect()), ...(await organizations.inspect()), ...(await inbox.inspect())]
    const messages = told.map(({ severity, message }) => `${severity}: ${message}`)
    expect(messages).toContain(
      'error: `users.clerk_id` is not unique: two processes make two rows of one id.',
    )
    expect(messages).toContain(
      'error: `users.first_name` is unique, and many rows from Clerk have the same value there.',
    )
    expect(messages).toContain('error: The column `invitations.status` is missing.')
    expect(messages).toContain('error: The table `clerk_changes` is missing.')
    expect(
      told.every(({ remedy }) => remedy.includes('drizzle-kit') || remedy.includes('Drop the index')),
    ).toBe(true)
    await place.drop()
  })

  test('is a column of the application’s own that no migration has made: each lookup would read it', async () => {
    const place = await open()
    const { db, run } = await place.connect()
    await run('ALTER TABLE users DROP COLUMN theme')
    expect(await drizzleStore(db, engine.schema).users.inspect()).toMatchObject([
      {
        severity: 'error',
        message: 'The column `users.theme` is missing.',
        remedy: expect.stringContaining('migrate'),
      },
    ])
    await place.drop()
  })

  test.runIf(engine.dialect === 'mysql')('is a collation that takes two people for one', async () => {
    const place = await open()
    const { db, run } = await place.connect()
    const { users } = drizzleStore(db, engine.schema)
    await run(
      'ALTER TABLE users MODIFY clerk_id varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    )
    expect(await users.inspect()).toMatchObject([
      {
        severity: 'error',
        message: expect.stringContaining('`users.clerk_id` compares ids without regard to case'),
      },
    ])
    await users.apply({ ...aUser('user_a') })
    await expect(users.findByClerkId('user_A')).rejects.toMatchObject({ driverCode: 'collation' })
    await place.drop()
  })

  test('is what `create` leaves out, and what may not be empty', async () => {
    const place = await open()
    const { db } = await place.connect()
    const { accounts } = engine.schema
    const fields = {
      ...{
        id: 'accountId',
        clerkId: 'externalAuthId',
        email: 'emailAddress',
        emailVerified: 'emailConfirmed',
      },
      ...{ username: 'handle', phone: 'phoneNumber', externalId: 'foreignId' },
    }
    const { users } = drizzleStore(db, { ...engine.schema, users: accounts }, { users: { fields } })
    expect((await users.inspect()).map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'error: `account.plan` is NOT NULL without a default, and `create` of `users` does not fill it: no row can be made.',
      'warning: `account` has no index on deleted_at: the table is read from end to end.',
    ])
    await place.drop()
  })

  test('works in a transaction of the application’s, and goes with it', async () => {
    const place = await open()
    const { db } = await place.connect()
    const { users } = drizzleStore(db, engine.schema)
    await users.apply(aUser('user_kept'))
    if (engine.driver === 'sql.js') return place.drop() // its transactions end before anything is awaited
    const rolledBack = db.transaction(async (tx) => {
      const within = drizzleStore(tx, engine.schema).users
      await within.apply({ ...aUser('user_kept'), version: 2 })
      await within.apply(aUser('user_new'))
      await within.remove('user_gone', 5)
      tx.rollback()
    })
    await expect(rolledBack).rejects.toThrow()
    expect((await users.findByClerkId('user_kept'))?.version).toBe(1)
    expect(await users.findByClerkId('user_new')).toBeNull()
    return place.drop()
  })
})

const aUser = (clerkId: string) => ({
  ...{
    clerkId,
    email: `${clerkId}@example.com`,
    emailVerified: true,
    username: null,
    phone: null,
    version: 1,
  },
})
