import { and, asc, eq, exists, gt, inArray, like, not, notInArray, or, type SQL, sql } from 'drizzle-orm'
import { alias as aliasOfMysql, unionAll as mysqlUnion } from 'drizzle-orm/mysql-core'
import { alias as aliasOfPg, unionAll as pgUnion } from 'drizzle-orm/pg-core'
import { alias, unionAll } from 'drizzle-orm/sqlite-core'
import fc from 'fast-check'
import type { ScopeDatabase, ScopeTables, ScopeTest } from './databases.js'

const own = fc.constantFrom(
  'a-note1',
  'a-note2',
  'a-note3',
  'a-stray',
  'a-notebook',
  'a-notebook2',
  'a-comment1',
)
const foreign = fc.constantFrom('b-note1', 'b-note2', 'b-note3', 'b-notebook', 'b-comment3')
const made = fc.constantFrom('a-new1', 'a-new2', 'a-new3')
const id = fc.oneof(own, own, foreign, made)
const table = fc.constantFrom('notebooks', 'notes', 'comments')
type Owned = 'notebooks' | 'notes' | 'comments'

const condition = fc.oneof(
  fc.record({ by: fc.constant('none' as const) }),
  fc.record({ by: fc.constantFrom('id', 'not', 'or', 'text', 'in' as const), id }),
  fc.record({ by: fc.constant('title' as const), like: fc.constantFrom('%mine%', '%belongs%', '%') }),
  fc.record({ by: fc.constant('org' as const), orgId: fc.constantFrom('org_a', 'org_b') }),
  fc.record({ by: fc.constant('exists' as const), plain: fc.boolean() }),
)
type Condition = typeof condition extends fc.Arbitrary<infer T> ? T : never

const reference = fc.constantFrom(null, 'a-notebook2', 'a-notebook2', 'b-notebook')
const parent = fc.constantFrom(null, null, 'a-note2', 'b-note1')
const row = fc.record({
  ...{ id: fc.oneof(made, made, own, foreign), title: fc.constantFrom('mine new', 'mine') },
  ...{ notebookId: reference, parentId: parent, stars: fc.nat(5) },
})
const change = fc.record(
  {
    title: fc.constantFrom('mine changed', 'upper'),
    ...{
      stars: fc.nat(5),
      orgId: fc.constantFrom('org_a', 'org_a', 'org_a', 'org_b'),
      notebookId: reference,
    },
  },
  { requiredKeys: ['title'] },
)

const call = fc.oneof(
  fc.record({
    kind: fc.constant('select' as const),
    join: fc.constantFrom('none', 'left', 'inner', 'right', 'full', 'cross', 'twice', 'self'),
    ...{ where: condition, limit: fc.option(fc.nat(4)), plain: fc.boolean() },
  }),
  fc.record({ kind: fc.constant('group' as const), table, having: fc.boolean(), where: condition }),
  fc.record({
    kind: fc.constantFrom('union', 'with', 'from' as const),
    where: condition,
    plain: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('count' as const), table, where: condition, inField: fc.boolean() }),
  fc.record({
    kind: fc.constant('query' as const),
    ...{
      first: fc.boolean(),
      where: condition,
      nested: condition,
      limit: fc.option(fc.integer({ min: 1, max: 3 })),
    },
    from: fc.constantFrom('notebooks', 'notes', 'comments'),
  }),
  fc.record({
    kind: fc.constant('insert' as const),
    rows: fc.array(row, { minLength: 1, maxLength: 2 }),
    stamped: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('upsert', 'ignore' as const), row, change }),
  fc.record({ kind: fc.constant('insertSelect' as const), where: condition }),
  fc.record({ kind: fc.constant('update' as const), change, where: condition }),
  fc.record({ kind: fc.constant('updateFrom' as const), where: condition }),
  fc.record({ kind: fc.constant('delete' as const), table, where: condition }),
)
export type Call = typeof call extends fc.Arbitrary<infer T> ? T : never
export const calls = fc.array(call, { minLength: 1, maxLength: 6 })

/** A conflict with a row that is not there where A is alone. */
export const meetsForeign = (made: Call): boolean => {
  const rows = made.kind === 'insert' ? made.rows : 'row' in made ? [made.row] : []
  return rows.some((each) => each.id.startsWith('b-'))
}

const UNION = {
  sqlite: unionAll,
  pg: pgUnion as unknown as typeof unionAll,
  mysql: mysqlUnion as unknown as typeof unionAll,
}
const ALIAS = {
  sqlite: alias,
  pg: aliasOfPg as unknown as typeof alias,
  mysql: aliasOfMysql as unknown as typeof alias,
}

/** @param db a scoped database, or that of A alone, which is told what a scope adds */
export async function perform(
  test: ScopeTest,
  db: ScopeDatabase,
  made: Call,
  scoped: boolean,
): Promise<unknown> {
  const { notebooks, notes, comments } = test.tables
  const { family } = test
  const of = (where: Condition, from: ScopeTables[Owned] = notes) => conditionOf(test, db, where, from)
  const stamp = scoped ? {} : { orgId: 'org_a' }
  switch (made.kind) {
    case 'select': {
      const joined = db.select().from(notes).$dynamic()
      const on = eq(notes.notebookId, notebooks.id)
      const other = ALIAS[family](notes, 'other')
      const join: Record<string, () => unknown> = {
        ...{ left: () => joined.leftJoin(notebooks, on), inner: () => joined.innerJoin(notebooks, on) },
        right: () => joined.rightJoin(notebooks, on),
        full: () => (family === 'mysql' ? joined.leftJoin(notebooks, on) : joined.fullJoin(notebooks, on)),
        cross: () => joined.crossJoin(comments),
        twice: () =>
          joined.leftJoin(notebooks, on).innerJoin(comments, sql`${comments.noteId} = ${notes.id} or 1 = 1`),
        self: () => joined.leftJoin(other, eq(other.parentId, notes.id)),
      }
      join[made.join]?.()
      const sorted = { none: [], cross: [comments.id], twice: [comments.id], self: [other.id] }[
        made.join as 'none'
      ] ?? [notebooks.id]
      joined.where(of(made.where)).orderBy(asc(notes.id), ...sorted)
      return made.limit === null ? joined : joined.limit(made.limit)
    }
    case 'group': {
      const from = test.tables[made.table]
      const query = db.select({ orgId: from.orgId, n: sql<number>`count(*)`.mapWith(Number) }).from(from)
      const grouped = query.where(of(made.where, from)).groupBy(from.orgId)
      return made.having ? grouped.having(sql`count(*) > 1 or 1 = 1`) : grouped
    }
    case 'union': {
      const right = (made.plain ? test.db : db).select({ id: notebooks.id }).from(notebooks)
      return UNION[family](
        db.select({ id: notes.id }).from(notes).where(of(made.where)),
        scoped ? right : db.select({ id: notebooks.id }).from(notebooks),
      )
    }
    case 'with': {
      const query = db.$with('found').as((builder) =>
        builder
          .select({ id: notes.id, up: sql<string>`upper(${notes.title})`.as('up') })
          .from(notes)
          .where(of(made.where)),
      )
      return db.with(query).select().from(query).leftJoin(comments, eq(comments.noteId, query.id))
    }
    case 'from': {
      const query = db
        .select({ id: notes.id, up: sql<string>`upper(${notes.title})`.as('up') })
        .from(notes)
        .where(of(made.where))
        .as('found')
      return db
        .select({ up: query.up, comment: comments.id })
        .from(comments)
        .innerJoin(query, eq(comments.noteId, query.id))
    }
    case 'count': {
      const from = test.tables[made.table]
      if (!made.inField) return db.$count(from, of(made.where, from))
      return db
        .select({ id: notes.id, n: db.$count(comments, eq(comments.noteId, notes.id)) })
        .from(notes)
        .where(of(made.where))
    }
    case 'query': {
      const nested = {
        where: of(made.nested, comments),
        orderBy: [asc(comments.id)],
        limit: made.limit ?? 100,
      }
      const limit = made.limit ?? 100
      const method = (made.first ? 'findFirst' : 'findMany') as 'findMany'
      const up = (from: { title: typeof notes.title }) => ({ up: sql<string>`upper(${from.title})`.as('up') })
      // On MariaDB Drizzle asks for many rows, unsorted and all, or fails.
      if (family === 'mysql')
        return db.query.notebooks.findMany({
          with: { notes: { with: { comments: { where: nested.where } }, extras: up } },
          where: of(made.where, notebooks),
        })
      if (made.from === 'notebooks')
        return db.query.notebooks[method]({
          with: { notes: { with: { comments: nested, parent: true }, orderBy: [asc(notes.id)] } },
          where: of(made.where, notebooks),
          orderBy: [asc(notebooks.id)],
          limit,
        })
      if (made.from === 'comments')
        return db.query.comments[method]({
          with: { note: { with: { notebook: true }, extras: up } },
          where: of(made.where, comments),
          orderBy: [asc(comments.id)],
          limit,
        })
      return db.query.notes[method]({
        with: {
          notebook: true,
          parent: { columns: { title: true } },
          children: { limit: 2, orderBy: [asc(notes.id)] },
          comments: nested,
        },
        extras: up(notes),
        where: of(made.where),
        orderBy: [asc(notes.id)],
        limit,
      })
    }
    case 'insert':
      return answered(
        test,
        db
          .insert(notes)
          .values(
            made.rows.map((each) => ({ ...each, ...(made.stamped ? { orgId: 'org_a' } : stamp) })) as never,
          ),
      )
    case 'upsert':
    case 'ignore': {
      const insert = db.insert(notes).values({ ...made.row, ...stamp } as never)
      const set = changeOf(test, made.change)
      if (family === 'mysql') {
        const { onDuplicateKeyUpdate } = insert as unknown as {
          onDuplicateKeyUpdate(given: object): Promise<unknown>
        }
        return onDuplicateKeyUpdate
          .call(insert, { set: made.kind === 'ignore' ? { id: sql`${notes.id}` } : set })
          .then(() => null)
      }
      return answered(
        test,
        made.kind === 'ignore'
          ? insert.onConflictDoNothing()
          : insert.onConflictDoUpdate({ target: notes.id, set }),
      )
    }
    case 'insertSelect': {
      const copied =
        family === 'sqlite'
          ? sql<string>`'a-copy-' || ${notes.id}`
          : sql<string>`concat('a-copy-', ${notes.id})`
      const query = db
        .select({ id: copied.as('id'), orgId: notes.orgId, title: notes.title })
        .from(notes)
        .where(of(made.where))
      return answered(test, db.insert(notebooks).select(query as never))
    }
    case 'update':
      return answered(test, db.update(notes).set(changeOf(test, made.change)).where(of(made.where)))
    case 'updateFrom': {
      if (family === 'mysql') return null
      const update = db
        .update(notes)
        .set({ title: sql`${notebooks.title}` })
        .from(notebooks)
      return update
        .where(and(eq(notes.notebookId, notebooks.id), grouped(of(made.where))))
        .returning({ id: notes.id, title: notes.title })
    }
    case 'delete': {
      const from = test.tables[made.table]
      const guarded = scoped ? [] : await guardedIds(test, made.table)
      return answered(
        test,
        db.delete(from).where(and(grouped(of(made.where, from)), notInArray(from.id, ['none', ...guarded]))),
      )
    }
  }
}

const grouped = (condition: SQL | undefined) => condition && sql`(${condition})`

/** The rows that a write answers. MySQL answers none. */
async function answered({ family }: ScopeTest, write: PromiseLike<unknown>): Promise<unknown> {
  if (family !== 'mysql') return (write as unknown as { returning(): Promise<unknown> }).returning()
  await write
  return null
}

const changeOf = (
  { tables: { notes } }: ScopeTest,
  { title, stars, ...change }: { title: string; stars?: number; orgId?: string; notebookId?: string | null },
) => ({
  ...change,
  title: title === 'upper' ? sql`upper(${notes.title})` : title,
  ...(stars === undefined ? {} : { stars: sql`${notes.stars} + ${stars}` }),
})

/** What A cannot delete, as rows of B refer to it, or could: rows with children, while any row of B refers to A's. */
async function guardedIds({ db, tables: { notes } }: ScopeTest, table: Owned): Promise<string[]> {
  if (table === 'comments') return []
  if (table === 'notebooks') return ['a-notebook']
  const parents = await db.select({ id: notes.parentId }).from(notes)
  return ['a-note3', ...parents.flatMap(({ id }) => id ?? [])]
}

function conditionOf(
  test: ScopeTest,
  db: ScopeDatabase,
  where: Condition,
  from: ScopeTables[Owned],
): SQL | undefined {
  const { comments } = test.tables
  switch (where.by) {
    case 'none':
      return undefined
    case 'id':
      return eq(from.id, where.id)
    case 'not':
      return not(eq(from.id, where.id))
    case 'or':
      return or(eq(from.id, where.id), gt(sql`length(${from.title})`, 0))
    case 'text':
      // Drizzle writes it beside its own conditions as it is, a scope in parentheses.
      return db === test.db
        ? sql`(${from.id} = ${where.id} or 1 = 1)`
        : sql`${from.id} = ${where.id} or 1 = 1`
    case 'in':
      return inArray(from.id, [where.id, 'a-note1', 'b-note1'])
    case 'title':
      return like(from.title, where.like)
    case 'org':
      return eq(from.orgId, where.orgId)
    case 'exists':
      return exists(
        (where.plain ? test.db : db)
          .select({ id: comments.id })
          .from(comments)
          .where(or(eq(comments.title, from.title), like(comments.title, '%belongs%'))),
      )
  }
}
