import { ConfigurationError } from '@acme/clerk-core'
import { createClient } from '@libsql/client'
import { eq, type SQL, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import { drizzle as postgres } from 'drizzle-orm/node-postgres'
import { pgTable, text as pgText } from 'drizzle-orm/pg-core'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { organizationScope } from './organization-scope.js'

const given = { default: 'b1', number: sql`1` as unknown, seen: sql`'now'` as unknown }
const posts = sqliteTable('posts', {
  id: text('id').primaryKey(),
  orgId: text('org_id').notNull(),
  number: integer('number').$defaultFn(() => given.number as number),
  seen: text('seen').$onUpdate(() => given.seen as string),
})
const comments = sqliteTable('comments', {
  id: text('id').primaryKey(),
  orgId: text('org_id').notNull(),
  postId: text('post_id')
    .references(() => posts.id, { onDelete: 'cascade' })
    .$defaultFn(() => given.default),
  firstId: text('first_id')
    .references(() => posts.id)
    .default('a1'),
})
const client = createClient({ url: ':memory:' })
const db = drizzle(client)
const scope = organizationScope({ owned: [posts.orgId, comments.orgId] })
const a = scope(db, 'org_a')
afterAll(() => client.close())
beforeEach(async () => {
  Object.assign(given, { default: 'a1', number: sql`1 + 1`, seen: sql`lower('NOW')` })
  await client.executeMultiple(`PRAGMA foreign_keys = ON;
    DROP TABLE IF EXISTS comments; DROP TABLE IF EXISTS posts;
    CREATE TABLE posts (id text PRIMARY KEY, org_id text NOT NULL, number integer, seen text);
    CREATE TABLE comments (id text PRIMARY KEY, org_id text NOT NULL,
      post_id text REFERENCES posts (id) ON DELETE CASCADE, first_id text REFERENCES posts (id));
    INSERT INTO posts VALUES ('a1', 'org_a', 1, NULL), ('b1', 'org_b', 5, 'b-secret');
    INSERT INTO comments VALUES ('b2', 'org_b', 'a1', NULL);`)
})

const refusal = { code: 'organization-scope' }
const attempt = async (run: () => PromiseLike<unknown>) => run()

describe('what a column fills in by itself is confined as what is given', () => {
  const every = sql`(select group_concat(org_id || seen) from posts)`

  test('where a row is created', async () => {
    expect(await a.insert(posts).values({ id: 'a2', orgId: 'org_a' }).returning()).toMatchObject([
      { number: 2, seen: 'now' },
    ])
    given.number = every
    const values = { id: 'a3', orgId: 'org_a' }
    await expect(attempt(() => a.insert(posts).values(values).returning())).rejects.toMatchObject(refusal)
    Object.assign(given, { number: 3, seen: every })
    await expect(attempt(() => a.insert(posts).values(values).returning())).rejects.toMatchObject(refusal)
    expect(
      await a
        .insert(posts)
        .values({ ...values, seen: 'given' })
        .returning(),
    ).toMatchObject([{ number: 3, seen: 'given' }])
  })

  test('where rows are changed, by an update and in a conflict', async () => {
    expect(await a.update(posts).set({ number: 7 }).returning()).toMatchObject([{ number: 7, seen: 'now' }])
    const conflict = () =>
      a
        .insert(posts)
        .values({ id: 'a1', orgId: 'org_a', seen: 'new' })
        .onConflictDoUpdate({ target: posts.id, set: { number: 8 } })
        .returning()
    expect(await conflict()).toMatchObject([{ number: 8, seen: 'now' }])
    given.seen = every
    await expect(attempt(() => a.update(posts).set({ number: 7 }).returning())).rejects.toMatchObject(refusal)
    await expect(attempt(conflict)).rejects.toMatchObject(refusal)
  })

  test('where it refers to a row', async () => {
    const insert = () => a.insert(comments).values({ id: 'a2', orgId: 'org_a' }).returning()
    expect(await insert()).toMatchObject([{ postId: 'a1', firstId: 'a1' }])
    await a.delete(comments)
    given.default = 'b1'
    await expect(insert()).rejects.toMatchObject({ cause: { message: /FOREIGN KEY/ } })
    given.default = 'a1'
    const b = scope(db, 'org_b')
    const values = { id: 'b3', orgId: 'org_b', postId: 'b1' }
    await expect(attempt(() => b.insert(comments).values(values))).rejects.toMatchObject({
      cause: { message: /FOREIGN KEY/ },
    })
  })
})

test('what an insert selects is a value for each column, as the columns stand: the others would move', async () => {
  const { number, seen } = posts
  const moved = { id: { id: sql`'a2'`, orgId: sql`'org_b'` }, orgId: {}, number, seen }
  const insert = (fields: object) => () =>
    a.insert(posts).select(a.select(fields as never).from(posts) as never)
  await expect(attempt(insert(moved))).rejects.toMatchObject(refusal)
  await attempt(insert({ id: sql`'a3'`, orgId: posts.orgId, number, seen }))
  expect((await client.execute('SELECT id, org_id FROM posts')).rows).toEqual([
    { id: 'a1', org_id: 'org_a' },
    { id: 'b1', org_id: 'org_b' },
    { id: 'a3', org_id: 'org_a' },
  ])
})

test('a query of `with` takes the place of no table: conditions of the scope would read it', async () => {
  const named = a.$with('Posts').as(
    a
      .select({ id: sql<string>`'b1'`.as('id'), orgId: sql<string>`'org_a'`.as('org_id') })
      .from(posts)
      .where(eq(posts.id, 'a1')),
  )
  const values = { id: 'a2', orgId: 'org_a', postId: 'b1' }
  await expect(attempt(() => a.with(named).insert(comments).values(values))).rejects.toMatchObject(refusal)
  await expect(attempt(() => a.with(named).select().from(named))).rejects.toMatchObject(refusal)
})

describe('a builder has nothing of the database by which more could be run', () => {
  interface Internals extends PromiseLike<unknown> {
    dialect: object
    readonly session: Record<string, (query: unknown) => PromiseLike<unknown>>
  }
  const builder = () => a.select().from(posts) as unknown as Internals

  test('no session that runs SQL text', async () => {
    for (const name of ['all', 'run', 'execute', 'client', 'transaction'])
      expect(builder().session[name]).toBeUndefined()
    expect(Object.getPrototypeOf(builder().session)).toBe(Object.prototype)
    const query = { sql: 'select * from posts', params: [] }
    await expect(attempt(async () => builder().session.prepareQuery?.(query))).rejects.toMatchObject(refusal)
  })

  test('no dialect that writes for every organisation', async () => {
    const made = builder()
    made.dialect = Object.getPrototypeOf(made.dialect) as object
    await expect(attempt(() => made)).rejects.toMatchObject(refusal)
    expect(await builder()).toHaveLength(1)
  })
})

describe('an object that is a value when it is looked at stays one', () => {
  const notes = pgTable('notes', { id: pgText('id'), orgId: pgText('org_id') })
  const own = organizationScope({ owned: [notes.orgId] })(postgres('postgres://127.0.0.1:1/none'), 'org_a')
  const query = (): SQL => sql`(select token from secrets)`

  test('though it says later that it is SQL', () => {
    let looks = 0
    const value = {
      get getSQL() {
        looks += 1
        return looks > 1 ? query : undefined
      },
    }
    expect(
      own
        .select({ x: sql`${value}` })
        .from(notes)
        .toSQL().sql,
    ).toMatch(/^select \$1 from "notes" where /)
  })

  test('and a function is none, whatever it has', () => {
    const value = Object.assign(() => undefined, { enumName: 'x', getSQL: query })
    expect(() =>
      own
        .select({ x: sql`${value}` })
        .from(notes)
        .toSQL(),
    ).toThrow(/cannot be confined/)
  })
})

describe('a declaration by which another organisation’s rows could be reached makes no scope', () => {
  const twin = sqliteTable('Posts', { id: text('id').primaryKey(), seen: text('seen') })
  const twice = sqliteTable('twice', { orgId: text('org_id').notNull(), company: text('ORG_ID') })
  const cased = sqliteTable('cased', { orgId: text().notNull(), company: text('org_id') })
  const referring = sqliteTable('x', { id: text('key').references(() => twin.id) })
  const wrong: Record<string, Parameters<typeof organizationScope>[0]> = {
    'a table that is owned, as shared by another object': { owned: [posts.orgId], shared: [twin] },
    'a shared table that refers to such an object': { owned: [posts.orgId], shared: [referring] },
    'a table twice, by two objects': { owned: [posts.orgId, twin.id] },
    'a column by two keys': { owned: [twice.orgId] },
    'a column by two keys, of which one has the name of its key': { owned: [cased.orgId] },
  }
  test.each(Object.entries(wrong))('%s', (_name, options) => {
    expect(() => organizationScope(options)).toThrow(ConfigurationError)
  })
})
