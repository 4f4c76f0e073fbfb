import { randomUUID } from 'node:crypto'
import { describeWith } from '@acme/tools/services/vitest'
import { bigint, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { drizzleStore } from '../drizzle-store.js'
import { clerkUserColumns, clerkUserIndexes } from '../pg.js'
import { createDatabase, ENGINES, type TestSchema } from '../testing/databases.js'

const engine = ENGINES['node-postgres']
const users = pgTable(
  'users',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    small: integer('small'),
    large: bigint('large', { mode: 'bigint' }),
    legacy: text('legacy'),
    ...clerkUserColumns(),
  },
  clerkUserIndexes,
)

await describeWith('postgres', 'a row that an external id names', () => {
  const aUser = {
    clerkId: 'user_1',
    email: null,
    emailVerified: false,
    username: null,
    phone: null,
    version: 1,
  }

  test('is found in the column’s own type, exactly, and what the column cannot hold finds nothing', async () => {
    const schema = { ...engine.schema, users } as unknown as TestSchema
    const place = await createDatabase(engine, { ...engine.schema, users, accounts: undefined })
    if ('missing' in place) throw new Error(place.missing)
    const { db } = await place.connect()
    const id = randomUUID()
    const own = { id, small: 7, large: 9007199254740993n, legacy: 'Ä-7' }
    await db.insert(users as unknown as TestSchema['users']).values(own as object)
    const found = async (externalIdColumn: string, externalId: string) => {
      const store = drizzleStore(db, schema, { users: { externalIdColumn } }).users
      return (await store.findLinkable({ externalId })).map((row) => String(row.id))
    }
    const cases: readonly (readonly [column: string, finds: string, ...not: string[]])[] = [
      ['id', id, id.toUpperCase(), 'no uuid', '7'],
      ['small', '7', '07', '7.0', '7 ', '99999999999', '9007199254740993', 'seven'],
      ['large', '9007199254740993', '9007199254740992', '99999999999999999999', ''.padEnd(30, '9')],
      ['legacy', 'Ä-7', 'ä-7', 'Ä-7 ', 'Ä'],
    ]
    for (const [column, finds, ...not] of cases) {
      expect(await found(column, finds), column).toEqual([id])
      for (const other of not) expect(await found(column, other), `${column} ${other}`).toEqual([])
    }
    const store = drizzleStore(db, schema, { users: { externalIdColumn: 'large' } }).users
    const snapshot = { ...aUser, externalId: '9007199254740993' }
    expect(
      await store.link(id as never, { ...snapshot, externalId: '9007199254740992' }, 'external-id'),
    ).toBeNull()
    expect(await store.link('no uuid' as never, snapshot, 'external-id')).toBeNull()
    expect(await store.link(id as never, snapshot, 'external-id')).toMatchObject({ id, clerkId: 'user_1' })
    expect(await found('large', '9007199254740993')).toEqual([])
    await place.drop()
  })
})
