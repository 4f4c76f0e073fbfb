import { ConfigurationError, createClerk, fromEnv, memoryStore, withConnection } from '@acme/clerk-core'
import { startClerk } from '@acme/clerk-testing'
import {
  and,
  avg,
  between,
  count,
  countDistinct,
  desc,
  eq,
  gt,
  ilike,
  inArray,
  isNull,
  like,
  max,
  ne,
  not,
  or,
  sql,
  sum,
} from 'drizzle-orm'
import { mysqlTable, customType as myType } from 'drizzle-orm/mysql-core'
import { drizzle as mysql } from 'drizzle-orm/mysql2'
import { drizzle as postgres } from 'drizzle-orm/node-postgres'
import { foreignKey, pgSchema, pgTable, customType as pgType, text } from 'drizzle-orm/pg-core'
import { foreignKey as sqliteForeignKey, sqliteTable, text as sqliteText } from 'drizzle-orm/sqlite-core'
import { afterAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import { openScope, type ScopeDatabase, schemaOf, scopeOf, seed } from '../testing/scope/databases.js'
import { organizationScope } from './organization-scope.js'

const scoped = await openScope('sqlite')
const { db, tables, scope } = scoped
const { notes, notebooks, comments } = tables
const a = scope(db, 'org_a')
beforeEach(() => seed(scoped))
afterAll(() => scoped.close())

describe('what applications write in SQL is taken', () => {
  const onSqlite = {
    'functions and operators': sql`coalesce(nullif(lower(trim(${notes.title})), ''), 'none') || '!'`,
    'a case': sql`case when ${notes.stars} > 1 then 'many' when ${notes.stars} = 1 then 'one' else 'it''s none' end`,
    'a cast': sql`cast(${notes.stars} as text)`,
    'a window': sql`row_number() over (partition by ${notes.notebookId} order by ${notes.stars} desc)`,
    'a filter': sql`count(*) filter (where ${notes.stars} > 1) over ()`,
    'json and times': sql`json_object('at', strftime('%Y-%m', 'now'), 'n', ${notes.stars})`,
    'is distinct from': sql`${notes.title} is not distinct from ${notes.id}`,
    'a list': sql`${notes.id} in ${['a-note1', 'b-note1']}`,
  }
  test.each(Object.entries(onSqlite))('%s', async (_name, given) => {
    expect(await a.select({ given: sql`${given}`.as('given') }).from(notes)).toHaveLength(4)
  })

  test('Drizzle’s own', async () => {
    const condition = and(
      or(eq(notes.id, 'x'), gt(notes.stars, 0), like(notes.title, '%i%'), between(notes.stars, 1, 2)),
      not(inArray(notes.id, ['x'])),
      or(isNull(notes.country), ne(notes.country, 'xx')),
    )
    expect(await a.select().from(notes).where(condition).orderBy(desc(notes.stars))).toHaveLength(4)
    const totals = {
      n: count(),
      of: countDistinct(notes.country),
      sum: sum(notes.stars),
      avg: avg(notes.stars),
      max: max(notes.stars),
    }
    expect(await a.select(totals).from(notes)).toEqual([{ n: 4, of: 2, sum: '10', avg: '2.5', max: 4 }])
    const rows = a.insert(notes).values({ id: 'a-note1', orgId: 'org_a', title: 'new' })
    const upsert = rows.onConflictDoUpdate({ target: notes.id, set: { title: sql`excluded.title || '!'` } })
    expect(await upsert.returning({ title: notes.title })).toEqual([{ title: 'new!' }])
  })

  test('what PostgreSQL alone has, and a function that is named', () => {
    const pg = schemaOf('pg')
    const plain = postgres('postgres://127.0.0.1:1/none', { schema: pg }) as unknown as ScopeDatabase
    const named = organizationScope({ owned: [pg.notes.orgId], functions: ['st_distance'] })(plain, 'org_a')
    const given = [
      sql`extract(epoch from now() - interval '1 day')::int`,
      sql`${pg.notes.title} @@ to_tsquery('english', ${'x'})`,
      sql`${pg.notes.title}::jsonb #>> '{a,b}'`,
      sql`date_trunc('month', now() at time zone 'utc')`,
      sql`array_agg(distinct ${pg.notes.title} order by ${pg.notes.title}) filter (where ${pg.notes.stars} > 1)`,
      sql`cast(now() as timestamp with time zone)`,
      sql`percentile_cont(0.5) within group (order by ${pg.notes.stars})`,
      sql`st_distance(${pg.notes.title}, ${'x'})`,
      ilike(pg.notes.title, '%x%'),
      sql`position('x' in ${pg.notes.title})`,
    ]
    for (const each of given)
      expect(named.select({ each }).from(pg.notes).toSQL().sql).toContain('"org_id" = $')
    const without = scopeOf(pg)(plain, 'org_a')
    expect(() => without.select({ x: sql`st_distance(1)` }).from(pg.notes).toSQL()).toThrow(/functions/)
  })
})

test('a query by the relational builder has one condition for each table, with lateral joins and without', () => {
  for (const mode of ['default', 'planetscale'] as const) {
    const schema = schemaOf('mysql')
    const plain = mysql('mysql://127.0.0.1:1/none', { schema, mode }) as unknown as ScopeDatabase
    const query = scopeOf(schema)(plain, 'org_a').query.notebooks.findMany({
      with: { notes: { with: { comments: { limit: 1 }, parent: true }, limit: 2 } },
    })
    const { sql: statement, params } = query.toSQL()
    expect(statement.match(/cast\(`\w+`\.`org_id` as binary\) = cast\(\? as binary\)/g)).toHaveLength(4)
    expect(params.filter((value) => value === 'org_a')).toHaveLength(8)
  }
})

test('what is not known is refused: an index to use, a part of a query that a later version has', () => {
  const schema = schemaOf('mysql')
  const plain = mysql('mysql://127.0.0.1:1/none', { schema, mode: 'default' })
  const own = scopeOf(schema)(plain, 'org_a')
  const hint = { useIndex: 'x) join secrets on (1 = 1' } as never
  expect(() =>
    own
      .select()
      .from(schema.notes as never, hint)
      .toSQL(),
  ).toThrow(/useIndex/)
  const joined = own
    .select()
    .from(schema.notes as never)
    .leftJoin(schema.comments as never, sql`true`, hint)
  expect(() => joined.toSQL()).toThrow(/useIndex/)
  for (const query of [a.select().from(notes), a.update(notes).set({ title: 'x' }), a.delete(notes)]) {
    Object.assign((query as unknown as { config: object }).config, { later: true })
    expect(() => query.toSQL()).toThrow(/later/)
  }
  expect(() => a.query.notes.findMany({ later: true } as never).toSQL()).toThrow(/later/)
})

test('a batch of the database takes scoped queries', async () => {
  const [own, all] = await db.batch([
    a.select({ id: notes.id }).from(notes),
    db.select({ id: notes.id }).from(notes),
  ])
  expect([own.length, all.length]).toEqual([4, 7])
})

test('a statement within another sees what is around it', async () => {
  const counted = a
    .select({ id: notes.id, n: db.$count(comments, eq(comments.noteId, notes.id)) })
    .from(notes)
    .orderBy(notes.id)
  expect(await counted).toEqual([
    { id: 'a-note1', n: 1 },
    { id: 'a-note2', n: 1 },
    { id: 'a-note3', n: 0 },
    { id: 'a-stray', n: 0 },
  ])
})

describe('a reference that names the organisation too', () => {
  const books = sqliteTable('books', {
    id: sqliteText('id').primaryKey(),
    orgId: sqliteText('org_id').notNull(),
  })
  const pages = sqliteTable(
    'pages',
    {
      id: sqliteText('id').primaryKey(),
      orgId: sqliteText('org_id').notNull(),
      bookId: sqliteText('book_id'),
    },
    (table) => [
      sqliteForeignKey({
        columns: [table.orgId, table.bookId],
        foreignColumns: [books.orgId, books.id],
      }).onDelete('cascade'),
    ],
  )
  const own = organizationScope({ owned: [books.orgId, pages.orgId] })(db, 'org_a')
  test('is the database’s to check: nothing is added', () => {
    const insert = own.insert(pages).values({ id: 'p', orgId: 'org_a', bookId: 'b' }).toSQL()
    expect(insert.sql).toBe('insert into "pages" ("id", "org_id", "book_id") values (?, ?, ?)')
    expect(own.delete(books).toSQL().sql).toBe(
      'delete from "books" where "books"."org_id" = ? collate binary',
    )
    const copy = own.insert(pages).select(own.select().from(pages))
    expect(copy.toSQL().sql).toContain('select "id", ?, "book_id" from "pages"')
  })
})

test('columns of a type of one’s own hold the id as it is, where the condition says how to compare', () => {
  const lower = (value: string) => value.toLowerCase()
  const own = { dataType: () => 'varchar(191) COLLATE utf8mb4_bin', toDriver: lower }
  const mine = myType<{ data: string }>(own)
  const books = mysqlTable('books', { id: mine('id'), orgId: mine('org_id').notNull() })
  const pages = mysqlTable('pages', {
    orgId: mine('org_id').notNull(),
    bookId: mine('book_id').references(() => books.id),
  })
  const plain = mysql('mysql://127.0.0.1:1/none')
  const a = organizationScope({ owned: [books.orgId, pages.orgId] })(plain, 'ORG_A')
  const { params } = a.insert(pages).values({ orgId: 'ORG_A', bookId: 'x' }).toSQL()
  expect(params.filter((value) => value === 'ORG_A')).toHaveLength(3)
  const citext = pgType<{ data: string }>({ dataType: () => 'citext' })
  const loose = pgTable('loose', { orgId: citext('org_id').notNull() })
  expect(() => organizationScope({ owned: [loose.orgId] })).toThrow(ConfigurationError)
})

test('tables of a named schema', () => {
  const app = pgSchema('app')
  const books = app.table('books', { id: text('id').primaryKey(), orgId: text('org_id').notNull() })
  const pages = app.table('pages', { orgId: text('org_id').notNull(), bookId: text('book_id') }, (table) => [
    foreignKey({ columns: [table.bookId], foreignColumns: [books.id] }).onDelete('set null'),
  ])
  const plain = postgres('postgres://127.0.0.1:1/none')
  const own = organizationScope({ owned: [books.orgId, pages.orgId] })(plain, 'org_a')
  expect(own.delete(books).toSQL().sql).toContain(
    'from "app"."pages" "scope_1_0" where "scope_1_0"."book_id" = "app"."books"."id"',
  )
  expect(own.insert(pages).values({ orgId: 'org_a', bookId: 'x' }).toSQL().sql).toContain(
    'from "app"."books" where "app"."books"."id" = $',
  )
  expect(own.select().from(pages).leftJoin(books, eq(pages.bookId, books.id)).toSQL().sql).toContain(
    '"app"."books"."org_id" = $1',
  )
  expect(() => own.select().from(pages).rightJoin(books, eq(pages.bookId, books.id)).toSQL()).toThrow(
    /named schema/,
  )
})

test('the types are those of the database, without what a scope has not', () => {
  expectTypeOf(a.select().from(notes)).toEqualTypeOf(db.select().from(notes))
  expectTypeOf(a.query).toEqualTypeOf(db.query)
  expectTypeOf(a.update(notes).set({ title: 'x' }).returning()).toEqualTypeOf(
    db.update(notes).set({ title: 'x' }).returning(),
  )
  expectTypeOf<Parameters<Parameters<typeof a.transaction>[0]>[0]>().toHaveProperty('rollback')
  expectTypeOf(a).not.toHaveProperty('run')
  expectTypeOf(a).not.toHaveProperty('batch')
  const pg = scopeOf(schemaOf('pg'))(postgres('postgres://127.0.0.1:1/none'), 'org_a')
  expectTypeOf(pg).toHaveProperty('selectDistinctOn')
  expectTypeOf(pg).not.toHaveProperty('execute')
  const my = scopeOf(schemaOf('mysql'))(mysql('mysql://127.0.0.1:1/none'), 'org_a')
  const inMysql = () => my.transaction(async (tx) => tx.$count(notes as never))
  expectTypeOf(inMysql).returns.toEqualTypeOf<Promise<number>>()
  const counted = () => pg.transaction(async (tx) => tx.$count(notes as never))
  expectTypeOf(counted).returns.toEqualTypeOf<Promise<number>>()
  // @ts-expect-error a transaction is confined, so it runs no text
  const inTransaction = () => pg.transaction((tx) => tx.execute('select 1'))
  expect(inTransaction).toBeTypeOf('function')
})

describe('without an id', async () => {
  const ORIGIN = 'http://localhost:3000'
  const offline = await startClerk()
  const clerkOf = () =>
    createClerk({ ...fromEnv({ ...offline.env, CLERK_AUTHORIZED_PARTIES: ORIGIN }), ...memoryStore() })
  const [clerk, other] = [clerkOf(), clerkOf()]
  const user = offline.createUser({ firstName: 'Ada' })
  const [ours = '', theirs = ''] = ['Ours', 'Theirs'].map(
    (name) => offline.createOrganization({ name, createdBy: user.id }).id,
  )
  afterAll(async () => {
    await Promise.all([clerk.close(), other.close(), offline.stop()])
  })
  beforeEach(() =>
    db.insert(notes).values([ours, theirs].map((orgId) => ({ id: `of ${orgId}`, orgId, title: orgId }))),
  )

  /** As while a request of a member of the organisation is answered by this clerk. */
  async function asMemberOf<T>(organization: string | null, call: () => Promise<T>, by = clerk): Promise<T> {
    const { authorization } = await offline.authHeader(offline.createSession(user, { organization }), {
      azp: ORIGIN,
    })
    const connection = by.watch(await by.authenticate({ authorization }))
    return withConnection(by, connection, call) as Promise<T>
  }

  const current = scope.ofRequest(db)
  const titles = async () => (await current.select().from(notes)).map(({ title }) => title)

  test('requests that interleave see and change the rows of their own organisation', async () => {
    const asked = [ours, theirs, ours, theirs]
    expect(await Promise.all(asked.map((orgId) => asMemberOf(orgId, titles)))).toEqual(
      asked.map((orgId) => [orgId]),
    )
    const write = () =>
      current.transaction(async (tx) => {
        await tx.insert(notes).values({ id: 'written', orgId: ours, title: 'written' })
        return tx.$count(notes)
      })
    expect(await asMemberOf(ours, write)).toBe(2)
    await expect(asMemberOf(theirs, write)).rejects.toMatchObject({ code: 'organization-scope' })
    await asMemberOf(theirs, async () => current.delete(notes))
    expect(await db.$count(notes, eq(notes.orgId, ours))).toBe(2)
    expect(await db.$count(notes, eq(notes.orgId, theirs))).toBe(0)
  })

  test('what was made in one request runs in no other: a prepared query, and a query within another', async () => {
    const prepared = await asMemberOf(ours, async () => [current.select().from(notes).prepare()] as const)
    expect(await asMemberOf(ours, async () => prepared[0].all())).toMatchObject([{ orgId: ours }])
    await expect(asMemberOf(theirs, async () => prepared[0].all())).rejects.toMatchObject({
      code: 'organization-scope',
    })
    await expect((async () => prepared[0].execute())()).rejects.toMatchObject({ code: 'no-current-auth' })
    const [within] = await asMemberOf(ours, async () => [
      current.select({ id: notes.id }).from(notes).as('x'),
    ])
    const select = async () => current.select().from(within as never)
    expect(await asMemberOf(ours, select)).toHaveLength(1)
    await expect(asMemberOf(theirs, select)).rejects.toMatchObject({ code: 'organization-scope' })
    const counted = current.$count(notebooks)
    expect(await asMemberOf(ours, async () => counted)).toBe(0)
  })

  test('of two clerks it has to be told whose requests count', async () => {
    const named = scope.ofRequest(db, { clerk: other })
    const both = <T>(call: () => Promise<T>) => asMemberOf(ours, () => asMemberOf(theirs, call, other))
    expect(await both(async () => named.select().from(notes))).toMatchObject([{ orgId: theirs }])
    await expect(both(titles)).rejects.toMatchObject({ code: 'clerk-not-named' })
    expect(() => scope.ofRequest(db, { clerk: undefined } as never)).toThrow(ConfigurationError)
  })

  test('outside a request, and in one without an organisation, every statement refuses', async () => {
    await expect(titles()).rejects.toMatchObject({ code: 'no-current-auth' })
    await expect((async () => current.delete(notes))()).rejects.toMatchObject({ code: 'no-current-auth' })
    await expect(asMemberOf(null, titles)).rejects.toMatchObject({
      code: 'organization-required',
      status: 403,
    })
  })
})
