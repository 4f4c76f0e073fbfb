import { sql } from 'drizzle-orm'
import { mysqlSchema, serial as mysqlSerial } from 'drizzle-orm/mysql-core'
import { pgSchema, serial as pgSerial } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { drizzleStore } from '../drizzle-store.js'
import * as mysql from '../mysql.js'
import * as pg from '../pg.js'
import { describeEngines } from '../testing/describe-engines.js'

await describeEngines('a table of the same name in another schema', (engine, open) => {
  const onServers = test.runIf(engine.server !== null)
  const isPg = engine.dialect === 'postgresql'
  /** The table of users in a named schema. */
  const usersOf = (schema: string) =>
    isPg
      ? pgSchema(schema).table('users', { id: pgSerial('id'), ...pg.clerkUserColumns() }, pg.clerkUserIndexes)
      : mysqlSchema(schema).table(
          'users',
          { id: mysqlSerial('id'), ...mysql.clerkUserColumns() },
          mysql.clerkUserIndexes,
        )

  onServers('says nothing of the one that the store has', async () => {
    const place = await open()
    const { db, run } = await place.connect()
    const elsewhere = isPg ? 'elsewhere' : `${await nameOf(db)}_elsewhere`
    await run(`CREATE SCHEMA ${elsewhere}`)
    await run(
      isPg
        ? `CREATE TABLE ${elsewhere}.users (LIKE users INCLUDING ALL)`
        : `CREATE TABLE ${elsewhere}.users LIKE users`,
    )
    await run(`CREATE UNIQUE INDEX one_phone ON ${elsewhere}.users (phone)`)
    await run(
      isPg
        ? 'ALTER TABLE users DROP CONSTRAINT users_clerk_id_unique'
        : 'DROP INDEX users_clerk_id_unique ON users',
    )
    const found = async (users: object) =>
      (await drizzleStore(db, { ...engine.schema, users } as typeof engine.schema).users.inspect()).map(
        ({ message }) => message,
      )
    expect(await found(engine.schema.users)).toEqual([
      expect.stringContaining('`users.clerk_id` is not unique'),
    ])
    expect(await found(usersOf(elsewhere))).toEqual([
      expect.stringContaining('`users.phone` is unique in the database'),
    ])
    await run(`DROP SCHEMA ${elsewhere}${isPg ? ' CASCADE' : ''}`)
    await place.drop()
  })
})

async function nameOf(db: object): Promise<string> {
  const { execute } = db as { execute(statement: ReturnType<typeof sql>): Promise<unknown> }
  const [rows] = (await execute.call(db, sql`SELECT DATABASE() AS name`)) as [{ name: string }[]]
  return rows[0]?.name ?? ''
}
