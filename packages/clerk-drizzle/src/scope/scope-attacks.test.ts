import { ConfigurationError } from '@acme/clerk-core'
import { asc, eq, exists, inArray, Param, type SQL, sql, WithSubquery } from 'drizzle-orm'
import {
  alias,
  customType,
  integer,
  QueryBuilder,
  sqliteTable,
  sqliteView,
  text,
  union,
  withReplicas,
} from 'drizzle-orm/sqlite-core'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { FOREIGN, openScope, rowsOf, seed } from '../testing/scope/databases.js'
import { organizationScope } from './organization-scope.js'

const scoped = await openScope('sqlite')
afterAll(() => scoped.close())
const { db, tables, scope } = scoped
const { notes, notebooks, comments, countries, secrets } = tables
const a = scope(db, 'org_a')

let foreign = ''
beforeEach(async () => {
  await seed(scoped)
  foreign = await rowsOf(scoped, false)
})

type Attack = () => PromiseLike<unknown>

/** A refused query, which has not run: nothing is shown, nothing changed. */
async function refused(attack: Attack): Promise<void> {
  await expect((async () => attack())()).rejects.toMatchObject({ code: 'organization-scope' })
  expect(await rowsOf(scoped, false)).toBe(foreign)
}

/** A query that runs, and reaches the organisation's rows only. */
async function harmless(attack: Attack): Promise<unknown> {
  const answer = await (async () => attack())()
  expect(JSON.stringify(answer) ?? '').not.toMatch(new RegExp(`org_b|${FOREIGN}|"b-secret`))
  expect(await rowsOf(scoped, false)).toBe(foreign)
  return answer
}

const attacks = (all: Record<string, Attack>) => Object.entries(all)

describe('a table that is not declared is refused, wherever it stands', () => {
  const mine = eq(notes.orgId, 'org_a')
  const view = sqliteView('every_note').as((builder) => builder.select().from(notes))
  /** The same table, by another object, which does not know the column. */
  const twin = sqliteTable('notes', { id: text('id').primaryKey(), title: text('title').notNull() })
  test.each(
    attacks({
      from: () => a.select().from(secrets),
      'an alias': () => a.select().from(alias(secrets, 'notes')),
      'a join': () => a.select().from(notes).leftJoin(secrets, mine),
      'a join that keeps rows': () => a.select().from(notes).fullJoin(secrets, mine),
      'a query within': () =>
        a
          .select()
          .from(notes)
          .where(exists(db.select().from(secrets))),
      'a query without a database': () =>
        a
          .select()
          .from(notes)
          .where(inArray(notes.id, new QueryBuilder().select({ id: secrets.id }).from(secrets))),
      'one side of a union': () =>
        union(a.select({ id: notes.id }).from(notes), db.select({ id: secrets.id }).from(secrets)),
      'a count': () => a.$count(secrets),
      'a count in a field': () => a.select({ n: db.$count(secrets) }).from(notes),
      'a query of with': () =>
        a
          .with(a.$with('x').as((builder) => builder.select().from(secrets)))
          .select()
          .from(notes),
      'the relational builder': () => a.query.secrets.findMany(),
      insert: () => a.insert(secrets).values({ id: 'x', orgId: 'org_a', title: 'x' }),
      update: () => a.update(secrets).set({ title: 'x' }),
      delete: () => a.delete(secrets),
      'what an insert selects': () =>
        a.insert(notebooks).select((builder) => builder.select().from(secrets) as never),
      'what an update takes from': () =>
        a
          .update(notes)
          .set({ title: sql`${secrets.title}` })
          .from(secrets),
      'a view': () => a.select().from(view),
      'SQL text': () => a.select().from(sql`notes` as never),
      'SQL text in a join': () => a.select({ id: notes.id }).from(notes).leftJoin(sql`secrets`, sql`true`),
      'another object for a table that is declared': () => a.select().from(twin),
      'an update by that': () => a.update(twin).set({ title: 'x' }),
    }),
  )('%s', async (_name, attack) => refused(attack))
})

test('a shared table is read and not written', async () => {
  expect(await harmless(() => a.select().from(countries).orderBy(asc(countries.code)))).toHaveLength(2)
  await refused(() => a.insert(countries).values({ code: 'de' }))
  await refused(() => a.update(countries).set({ code: 'de' }))
  await refused(() => a.delete(countries))
})

test('an alias is not written to, as Drizzle would take it for the name of a table', async () => {
  const named = alias(notebooks, 'secrets')
  await harmless(() => a.update(named).set({ title: 'x' }))
  await harmless(() => a.delete(named).where(eq(notebooks.id, 'a-notebook2')))
  expect(await db.$count(secrets)).toBe(2)
})

describe('what is no query of the builders is refused', () => {
  const names = [
    'run',
    'all',
    'get',
    'values',
    'execute',
    'batch',
    '$client',
    '$cache',
    'session',
    'dialect',
    '_',
  ]
  test.each(names)('%s', async (name) => {
    await refused(async () => (a as unknown as Record<string, () => unknown>)[name]?.())
  })
})

describe('SQL text that could be more than an expression is refused', () => {
  const wider = customType<{ data: string }>({
    dataType: () => 'text',
    toDriver: () => sql`(select title from secrets)`,
  })
  const odd = sqliteTable('odd', { title: wider('title') })
  const texts: Record<string, SQL> = {
    'a query': sql`(select count(*) from secrets)`,
    'a query of a table that is declared': sql`(select count(*) from ${notes})`,
    'a query in pieces': sql`${sql.raw('(sel')}${sql.raw('ect title fr')}${sql.raw('om secrets)')}`,
    'a scoped query as text': sql`(${a.select({ id: notes.id }).from(notes).getSQL()} union all select id from secrets)`,
    'the name of a table after in': sql`${notes.id} in secrets`,
    'a table after in': sql`${notes.id} in ${secrets}`,
    'a table after in, as in a function of another database': sql`position('x' in secrets)`,
    'an identifier after in': sql`${notes.id} in ${sql.identifier('secrets')}`,
    'a quoted name': sql`${notes.id} in "secrets"`,
    'a comment': sql`1 = 1 -- `,
    'a comment in pieces': sql`1 = 1 -${sql.raw('-')} `,
    'another comment': sql`1 = 1 /* ${notes.id} */`,
    'another statement': sql`1 = 1; delete from secrets`,
    'parentheses that are not its own': sql`1 = 1) or (1 = 1`,
    'parentheses that stay open': sql`(1 = 1`,
    'a text that stays open': sql`'`,
    'a parameter that is not its own': sql`${notes.orgId} = ? or 1`,
    'a named parameter': sql`:id is null`,
    'a function that is not known': sql`load_extension('x')`,
    'a function by a name': sql`${sql.identifier('load_extension')}(${'x'})`,
    'a function of a list': sql`${sql.identifier('load_extension')}${['x']}`,
    'a function of a schema': sql`${sql.identifier('x')}.lower('x')`,
    'a function of what is excluded': sql`excluded.load('x')`,
    'the beginning of what comes next': sql`${notes.id} in`,
    'a second expression': sql`1, ${notes.id}`,
    'the next clause': sql`1 = 1 union all values (1)`,
    'values in the text': sql`${notes.id} = ${'x'}`.inlineParams(),
    'a column type that is a query': eq(odd.title, 'x'),
    'a value that is a query': sql`${new Param(sql`(select title from secrets)`)}`,
    'a query of with by its name': sql`${notes.id} in ${db.$with('secrets').as(db.select().from(notes))}`,
  }
  test.each(Object.entries(texts))('%s', async (_name, given) => {
    await refused(() => a.select({ id: notes.id, given: sql`${given}`.as('given') }).from(notes))
    await refused(() => a.select().from(notes).where(given))
    await refused(() => a.select().from(notes).leftJoin(comments, given))
    await refused(() => a.select().from(notes).orderBy(given))
    await refused(() => a.select({ id: notes.id }).from(notes).groupBy(given))
    await refused(() => a.query.notes.findMany({ where: given }))
    await refused(() => a.query.notes.findMany({ extras: { given: given.as('given') } }))
    await refused(() => a.query.notebooks.findMany({ with: { notes: { orderBy: given } } }))
    await refused(() => a.$count(notes, given))
    await refused(() => a.update(notes).set({ title: given }))
    await refused(() => a.update(notes).set({ title: 'x' }).where(given))
    await refused(() => a.delete(notes).where(given).returning())
    await refused(() => a.delete(notes).returning({ given }))
    await refused(() => a.insert(notes).values({ id: 'x', orgId: 'org_a', title: given }))
    await refused(() =>
      a
        .select({ id: notes.id })
        .from(notes)
        .limit(given as never),
    )
  })
})

test('a value and its neighbours stay in their places', async () => {
  const all = sql`${notes.id} is null or 1 = 1`
  expect(await harmless(() => a.select().from(notes).where(all))).toHaveLength(4)
  expect(await harmless(() => a.$count(notes, all))).toBe(4)
  await harmless(() => a.update(notes).set({ title: sql`'x' or 1 = 1` }).where(all))
  await harmless(() => a.update(notes).set({ title: sql`'x' = ${notes.orgId} = 'org_b'` }))
  await harmless(() => a.delete(comments).where(sql`${comments.id} is null or 1 = 1`))
})

describe('a query that something else has built is refused', () => {
  const b = scope(db, 'org_b')
  const plain = db.select({ id: notes.id }).from(notes)
  const own = a.$with('own').as(a.select({ id: notes.id }).from(notes))
  const next = a.$with('next').as(a.select().from(own))
  test.each(
    attacks({
      'as a table': () => a.select().from(plain.as('x')),
      'in a join': () => a.select().from(notes).leftJoin(plain.as('x'), sql`true`),
      'as a field': () => a.select({ x: plain.as('x') }).from(notes),
      'in a condition': () =>
        a
          .select()
          .from(notes)
          .where(exists(plain.as('x'))),
      'of another organisation': () => a.select().from(b.select().from(notes).as('x')),
      'in with': () => a.with(db.$with('x').as(plain)).select().from(notes),
      'of another organisation in with': () =>
        a
          .with(b.$with('x').as(b.select().from(notes)))
          .select()
          .from(notes),
      'as text in with': () =>
        a
          .with(a.$with('x', { id: sql`id` }).as(sql`select id from secrets`))
          .select()
          .from(notes),
      // Without `with` it is nothing but a name, and the name is that of a table.
      'a name': () => a.select().from(db.$with('secrets').as(plain)),
      'a query of with that is not brought along': () =>
        a.select().from(a.$with('secrets').as(a.select().from(notes))),
      'one that another needs': () => a.with(next).select().from(next),
      'one that comes too late': () => a.with(next, own).select().from(next),
      'one by another name': () =>
        a
          .with(own)
          .select()
          .from(new WithSubquery(own._.sql, {}, 'secrets', true) as never),
    }),
  )('%s', async (_name, attack) => refused(attack))

  test('a query of the plain builder is built anew, and so is a union with one', async () => {
    expect(await harmless(() => a.select().from(notes).where(inArray(notes.id, plain)))).toHaveLength(4)
    expect(await harmless(() => union(a.select({ id: notes.id }).from(notes), plain))).toHaveLength(4)
    expect(await harmless(() => a.with(own, next).select().from(next))).toHaveLength(4)
  })

  test('what is changed after it was built does not count', async () => {
    const condition = sql`1 = 1`
    const before = a.select({ id: notes.id }).from(notes).where(condition).as('x')
    condition.append(sql.raw(' union select id from secrets'))
    expect(await harmless(() => a.select().from(before))).toHaveLength(4)
    expect(() => (before._.sql as SQL).append(sql.raw(' union select id from secrets'))).toThrow(TypeError)
  })
})

describe('the organisation of a row is the scope’s', () => {
  const row = { id: 'new', title: 'new' }
  test.each(
    attacks({
      'an insert': () => a.insert(notes).values({ ...row, orgId: 'org_b' }),
      'one row of several': () =>
        a.insert(notes).values([
          { ...row, orgId: 'org_a' },
          { ...row, id: 'x', orgId: 'org_b' },
        ]),
      'an insert of an expression': () => a.insert(notes).values({ ...row, orgId: sql`'org_b'` }),
      'an update': () => a.update(notes).set({ orgId: 'org_b' }),
      'an update by an expression': () => a.update(notes).set({ orgId: sql`'org_b'` }),
      'an upsert': () =>
        a
          .insert(notes)
          .values({ ...row, orgId: 'org_a' })
          .onConflictDoUpdate({ target: notes.id, set: { orgId: 'org_b' } }),
      'what an insert selects': () =>
        a
          .insert(notebooks)
          .select(
            a.select({ id: notes.id, orgId: sql<string>`'org_b'`.as('o'), title: notes.title }).from(notes),
          ),
      'what it selects from a shared table': () =>
        a
          .insert(notebooks)
          .select(
            a.select({ id: countries.code, orgId: countries.code, title: countries.code }).from(countries),
          ),
    }),
  )('%s', async (_name, attack) => refused(attack))

  test('it is filled in, and given by a placeholder it is refused', async () => {
    const made = await harmless(() =>
      a
        .insert(notes)
        .values(row as never)
        .returning(),
    )
    expect(made).toMatchObject([{ ...row, orgId: 'org_a' }])
    const prepared = () =>
      a
        .insert(notes)
        .values({ ...row, orgId: sql.placeholder('org') })
        .prepare()
        .run({ org: 'org_b' })
    await refused(async () => prepared())
  })
})

test('a list or an object is no value, as some drivers make several of it', async () => {
  for (const given of [[], ['org_b', 'b-note1'], { title: 'x', org_id: 'org_b' }] as never[]) {
    await refused(() => a.update(notes).set({ title: given }))
    await refused(() => a.update(notes).set({ title: 'x' }).where(eq(notes.id, given)))
    await refused(() =>
      a
        .update(notes)
        .set({ title: 'x' })
        .where(sql`${notes.id} = ${new Param(given)}`),
    )
    await refused(() => a.insert(notes).values({ id: 'x', orgId: 'org_a', title: given }))
    await refused(() => a.update(notes).set({ notebookId: given }))
    await refused(() => a.query.notes.findMany({ where: eq(notes.id, given) }))
    const prepared = a
      .select()
      .from(notes)
      .where(eq(notes.id, sql.placeholder('id')))
      .prepare()
    await refused(() => prepared.execute({ id: given }))
    const limit = sql.placeholder('n')
    await refused(() => a.select().from(notes).limit(limit).prepare().execute({ n: given }))
    const nested = a.query.notebooks.findMany({ with: { notes: { limit: limit as never } } }).prepare()
    await refused(() => nested.execute({ n: given }))
    expect(await nested.execute({ n: 1 })).toHaveLength(2)
  }
})

test('what an insert selects stays in its places, whatever happens to the query afterwards', async () => {
  const joined = a.select().from(notebooks).$dynamic()
  const insert = a.insert(notebooks).select(joined)
  joined.leftJoin(notes, sql`true`)
  await refused(() => insert)
  const fields = { id: sql<string>`'x'`.as('id'), orgId: notebooks.orgId, title: notebooks.title }
  const moved = a.select(fields).from(notebooks)
  const second = a.insert(notebooks).select(moved)
  const { config } = moved as unknown as { config: { fields: object } }
  config.fields = { orgId: notebooks.orgId, id: sql`'org_b'`.as('id'), title: notebooks.title }
  await refused(() => second)
})

describe('a conflict with another organisation’s row', () => {
  const row = { id: 'b-note1', orgId: 'org_a', title: 'mine' }
  const insert = () => a.insert(notes).values(row)
  test('changes nothing, and answers nothing', async () => {
    const set = { title: 'mine' }
    expect(await harmless(() => insert().onConflictDoUpdate({ target: notes.id, set }).returning())).toEqual(
      [],
    )
    const where = sql`1 = 1 or ${notes.id} = 'x'`
    expect(
      await harmless(() =>
        insert().onConflictDoUpdate({ target: notes.id, set, setWhere: where }).returning(),
      ),
    ).toEqual([])
    expect(
      await harmless(() => insert().onConflictDoUpdate({ target: notes.id, set, where }).returning()),
    ).toEqual([])
    expect(await harmless(() => insert().onConflictDoNothing().returning())).toEqual([])
  })

  test('is told as Drizzle tells it, without its values, where the insert says nothing', async () => {
    const error = await insert().then(
      () => null,
      (reason: Error) => reason,
    )
    expect(`${error?.message} ${(error?.cause as Error | undefined)?.message}`).not.toContain(FOREIGN)
  })

  test('takes no text in its target, its conditions and its values', async () => {
    const query = sql`(select title from secrets)`
    for (const given of [
      { set: { title: query } },
      { set: { title: 'x' }, setWhere: query },
      { set: { title: 'x' }, targetWhere: query },
    ]) {
      await refused(() => insert().onConflictDoUpdate({ target: notes.id, ...given }))
    }
    await refused(() => insert().onConflictDoNothing({ target: notes.id, where: query }))
    await refused(() => insert().onConflictDoNothing({ target: secrets.id }))
    await refused(() => insert().onConflictDoNothing({ target: sql`id` as never }))
  })
})

describe('a reference', () => {
  const row = { id: 'new', orgId: 'org_a', title: 'new' }
  test('to another organisation’s row fails as one to a row that is not there', async () => {
    for (const write of [
      (id: string) => a.insert(notes).values({ ...row, notebookId: id }),
      (id: string) => a.insert(notes).values({ ...row, parentId: id }),
      (id: string) => a.update(notes).set({ notebookId: id }).where(eq(notes.id, 'a-note1')),
      (id: string) =>
        a
          .insert(notes)
          .values({ ...row, id: 'a-note1' })
          .onConflictDoUpdate({ target: notes.id, set: { notebookId: id } }),
    ]) {
      for (const id of ['b-notebook', 'b-note1', 'nowhere']) {
        const error = await write(id).then(
          () => null,
          (reason: Error) => reason,
        )
        expect((error?.cause as Error | undefined)?.message).toMatch(/FOREIGN KEY/)
      }
    }
    expect(await rowsOf(scoped, false)).toBe(foreign)
    await harmless(() =>
      a.insert(notes).values({ ...row, notebookId: 'a-notebook2', parentId: 'a-note2', country: 'ch' }),
    )
  })

  test('is a value', async () => {
    await refused(() => a.insert(notes).values({ ...row, notebookId: sql`'b-notebook'` }))
    await refused(() => a.update(notes).set({ notebookId: sql.placeholder('id') as never }))
    await refused(() => a.insert(notes).select(a.select().from(notes)))
  })

  test('to a table that is not declared is refused', async () => {
    const others = organizationScope({ owned: [comments.orgId] })(db, 'org_a')
    await refused(() => others.insert(comments).values({ ...row, noteId: 'b-note1' }))
    await harmless(() => others.insert(comments).values({ ...row, noteId: null }))
  })

  test('is not changed by a new value of what it refers to', async () => {
    const books = sqliteTable('books', { id: text('id').primaryKey(), orgId: text('org_id').notNull() })
    const pages = sqliteTable('pages', {
      orgId: text('org_id').notNull(),
      bookId: text('book_id').references(() => books.id, { onUpdate: 'cascade' }),
    })
    const own = organizationScope({ owned: [books.orgId, pages.orgId] })(db, 'org_a')
    await refused(() => own.update(books).set({ id: 'new' }))
    const insert = own.insert(books).values({ id: 'x', orgId: 'org_a' })
    await refused(() => insert.onConflictDoUpdate({ target: books.id, set: { id: 'new' } }))
  })

  test('of another organisation keeps a row from being deleted, where the database would change the one that refers', async () => {
    expect(await harmless(() => a.delete(notebooks).returning({ id: notebooks.id }))).toEqual([
      { id: 'a-notebook2' },
    ])
    expect(await harmless(() => a.delete(notes).where(eq(notes.id, 'a-note3')).returning())).toEqual([])
  })
})

test('a lock, a cache and a database in another object are not what they seem', async () => {
  await refused(() =>
    (a.select().from(notes) as unknown as { $withCache(config: object): Promise<unknown> }).$withCache({
      tag: 'notes',
    }),
  )
  const replicas = withReplicas(db, [db])
  expect(() => scope(replicas, 'org_a')).toThrow(ConfigurationError)
  await refused(async () =>
    scope(
      new Proxy(db, {
        get: (target, name) => (name === 'select' ? () => target.select() : Reflect.get(target, name)),
      }),
      'org_a',
    )
      .select()
      .from(notes),
  )
})

test('a transaction is confined, and one within it', async () => {
  await refused(() => a.transaction((tx) => tx.transaction(async (inner) => inner.select().from(secrets))))
  const count = a.transaction((tx) => tx.transaction((inner) => inner.$count(notes)))
  expect(await count).toBe(4)
  const undone = a.transaction(async (tx) => {
    await tx.delete(comments)
    tx.rollback()
  })
  await expect(undone).rejects.toThrow('Rollback')
  expect(await a.$count(comments)).toBe(3)
})

describe('a declaration that cannot be confined makes no scope', () => {
  const numbered = sqliteTable('numbered', { orgId: integer('org_id') })
  const computed = sqliteTable('computed', { orgId: text('org_id').$onUpdate(() => 'org_b') })
  const wrong: Record<string, Parameters<typeof organizationScope>[0]> = {
    'no column': { owned: [] },
    'a table in the place of a column': { owned: [notes as never] },
    'the column of an alias': { owned: [alias(notes, 'x').orgId] },
    'a column that is no text': { owned: [numbered.orgId] },
    'a column that is computed': { owned: [computed.orgId] },
    'two columns of a table': { owned: [notes.orgId, notes.title] },
    'a table that is shared and owned': { owned: [notes.orgId], shared: [notes] },
    'a shared table with the column': { owned: [notes.orgId], shared: [secrets] },
    'a shared table that refers to one that is owned': {
      owned: [notebooks.id],
      shared: [sqliteTable('x', { id: text('key').references(() => notebooks.id) })],
    },
    'a view': {
      owned: [notes.orgId],
      shared: [sqliteView('x').as((builder) => builder.select().from(notes)) as never],
    },
    'an option that is none': { owned: [notes.orgId], share: [] } as never,
  }
  test.each(Object.entries(wrong))('%s', (_name, options) => {
    expect(() => organizationScope(options)).toThrow(ConfigurationError)
  })

  test('a database of another kind, and no database', () => {
    expect(() => scope({} as never, 'org_a')).toThrow(ConfigurationError)
    expect(() => scope(db, undefined as never)).toThrow(/orgId/)
    expect(() => scope(db, '')).toThrow(/orgId/)
    expect(() => scope.ofRequest(db, { clark: null } as never)).toThrow(ConfigurationError)
  })
})
