import { inspect } from 'node:util'
import { StoreInputError } from '@acme/clerk-core'
import type { StoreFaultError, UserSnapshot } from '@acme/clerk-core/store'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { drizzleStore } from '../drizzle-store.js'
import type { Connection, Engine, TestDatabase } from '../testing/databases.js'
import { describeEngines } from '../testing/describe-engines.js'
import { isContention, queried } from './errors.js'

const SECRET = 'a-secret-value@example.com'
const T = 1_700_000_000_000

const aUser = (fields: Partial<UserSnapshot>): UserSnapshot => ({
  ...{ clerkId: 'user_1', email: null, emailVerified: false, username: null, phone: null, version: T },
  lastName: 'Lovelace',
  ...fields,
})

const storesOf = ({ db }: Connection, { schema }: Pick<Engine, 'schema'>) => drizzleStore(db, schema)
type Stores = ReturnType<typeof storesOf>
type Sql = Readonly<Record<Engine['dialect'], string | null>>
const everywhere = (statement: string): Sql => ({
  ...{ postgresql: statement, mysql: statement, sqlite: statement },
})

interface Refusal {
  readonly name: string
  readonly sql: Sql
  readonly fails: (stores: Stores) => Promise<unknown>
  readonly fault: Partial<Pick<StoreFaultError, 'fault' | 'field' | 'model'>>
}

const apply = (fields: Partial<UserSnapshot>) => (stores: Stores) =>
  stores.users.apply(aUser({ version: T + 1, ...fields }))

const refusals: readonly Refusal[] = [
  {
    name: 'a column that may not be empty',
    sql: {
      postgresql: 'ALTER TABLE users ALTER COLUMN last_name SET NOT NULL',
      mysql: 'ALTER TABLE users MODIFY last_name varchar(99) NOT NULL',
      sqlite: "ALTER TABLE users ADD COLUMN plan text NOT NULL DEFAULT '' CHECK (last_name IS NOT NULL)",
    },
    fails: apply({ lastName: null, firstName: SECRET }),
    fault: { model: 'users' },
  },
  {
    name: 'a unique column of the application, with a default',
    sql: everywhere('CREATE UNIQUE INDEX one_switch ON users (is_active)'),
    fails: async (stores) => {
      await stores.users.apply(aUser({ clerkId: 'user_t1' }))
      return stores.users.apply(aUser({ clerkId: 'user_t2', username: SECRET }))
    },
    fault: { fault: 'unique', model: 'users' },
  },
  {
    name: 'a value that is too long',
    sql: {
      postgresql: 'ALTER TABLE users ALTER COLUMN username TYPE varchar(5)',
      mysql: 'ALTER TABLE users MODIFY username varchar(5)',
      sqlite: null,
    },
    fails: apply({ username: SECRET }),
    fault: { fault: 'value' },
  },
  {
    name: 'a number where a text is to be',
    sql: {
      postgresql: 'ALTER TABLE users ALTER COLUMN external_id TYPE integer USING NULL',
      mysql: 'ALTER TABLE users MODIFY external_id integer',
      sqlite: null,
    },
    fails: apply({ externalId: SECRET }),
    fault: { fault: 'value' },
  },
  {
    name: 'a column that is missing',
    sql: everywhere('ALTER TABLE users DROP COLUMN deprovisioned'),
    fails: apply({ username: SECRET }),
    fault: { fault: 'missing', model: 'users' },
  },
  {
    name: 'JSON that is none, where the column takes any text',
    sql: {
      ...{ postgresql: null, mysql: null },
      sqlite: `UPDATE users SET public_metadata = '${SECRET}'`,
    },
    fails: ({ users }) => users.findByClerkId('user_1'),
    fault: { fault: 'other', model: 'users' },
  },
  {
    name: 'a table that is missing',
    sql: everywhere('DROP TABLE clerk_inbox'),
    fails: ({ inbox }) =>
      inbox.claim({ id: 'msg_1', type: 'user.created', timestamp: T, subjects: [], body: SECRET }, 1000),
    fault: { fault: 'missing', model: 'clerk_inbox' },
  },
]

/** Everything that a log could show of an error. */
function shown(error: unknown): string {
  const { message, stack, cause } = error as Error
  return [
    message,
    stack,
    inspect(error, { depth: 9, showHidden: true }),
    JSON.stringify(error),
    inspect(cause),
  ].join()
}

const reasonOf = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => undefined,
    (reason: unknown) => reason,
  )

/** Two transactions that wait for each other: what the one says that the database ends. */
async function deadlock(db: TestDatabase, touch: (id: string) => ReturnType<typeof sql>): Promise<unknown> {
  let begun = 0
  let meet: () => void = () => undefined
  const met = new Promise<void>((resolve) => {
    meet = resolve
  })
  const inOrder = (mine: string, other: string) =>
    reasonOf(
      queried('clerk_inbox', () =>
        db.transaction(async (tx) => {
          const { execute } = tx as unknown as {
            execute(statement: ReturnType<typeof sql>): Promise<unknown>
          }
          await execute.call(tx, touch(mine))
          begun += 1
          if (begun === 2) meet()
          await met
          await execute.call(tx, touch(other))
        }),
      ),
    )
  return (await Promise.all([inOrder('a', 'b'), inOrder('b', 'a')])).find((reason) => reason !== undefined)
}

await describeEngines('what the database refuses', (engine, open) => {
  // sql.js takes the quoted name of a missing column for a text: `inspect` tells of it.
  const told = (fault: string | undefined) => engine.driver !== 'sql.js' || fault !== 'missing'
  test.each(refusals.filter(({ sql, fault }) => sql[engine.dialect] !== null && told(fault.fault)))(
    'is a fault that names table and code, and no value: $name',
    async ({ sql, fails, fault }) => {
      const place = await open()
      const connection = await place.connect()
      const stores = storesOf(connection, engine)
      await stores.users.apply(aUser({}))
      await connection.run(sql[engine.dialect] ?? '')
      const error = await reasonOf(fails(stores))
      expect(error).toMatchObject({ name: 'StoreFaultError', ...fault })
      expect(shown(error)).not.toContain(SECRET)
      await place.drop()
    },
  )

  test('is told from what `create` throws, whose message is the application’s', async () => {
    const place = await open()
    const { db } = await place.connect()
    const create = () => {
      throw new Error(`no plan for ${SECRET}`)
    }
    const { users } = drizzleStore(db, engine.schema, { users: { create } })
    const error = await reasonOf(users.apply(aUser({})))
    expect(error).toMatchObject({ name: 'StoreFaultError', fault: 'other', driverCode: 'Error' })
    expect(shown(error)).not.toContain(SECRET)
    await place.drop()
  })

  test('is told from what is no id at all, before there is a query', async () => {
    const place = await open()
    const { users } = storesOf(await place.connect(), engine)
    const nothing = { $ne: null } as unknown as string
    await expect(users.findByClerkId(nothing)).rejects.toThrow(StoreInputError)
    await place.drop()
  })

  test.runIf(engine.server !== null)(
    'is told from two writers in each other’s way, who are repeated',
    async () => {
      const place = await open()
      const connection = await place.connect()
      const { inbox } = storesOf(connection, engine)
      for (const id of ['a', 'b'])
        await inbox.claim({ id, type: 'user.created', timestamp: T, subjects: [], body: '' }, 1000)
      const { clerkInbox } = engine.schema
      const error = await deadlock(
        connection.db,
        (id) => sql`UPDATE ${clerkInbox} SET attempts = attempts + 1 WHERE id = ${id}`,
      )
      expect(error).toMatchObject({ name: 'StoreUnavailableError' })
      expect(isContention(error)).toBe(true)
      await place.drop()
    },
  )

  test.skipIf(engine.driver === 'sql.js')('is told from a database that is not there', async () => {
    const url = {
      sqlite: 'file:/nowhere/at/all.db',
      postgresql: 'postgres://127.0.0.1:1/x',
      mysql: 'mysql://127.0.0.1:1/x',
    }
    const reached = reasonOf(
      (async () => {
        const { db } = await engine.connect(url[engine.dialect])
        return queried('users', () => db.select().from(engine.schema.users))
      })(),
    )
    // libSQL opens the file at once, and tells the application itself.
    if (engine.driver === 'libsql') expect(await reached).toBeInstanceOf(Error)
    else expect(await reached).toMatchObject({ name: 'StoreUnavailableError' })
  })
})
