import { createClient } from '@libsql/client'
import { type Column, relations, sql } from 'drizzle-orm'
import { drizzle as libsql } from 'drizzle-orm/libsql'
import * as my from 'drizzle-orm/mysql-core'
import { drizzle as mysql } from 'drizzle-orm/mysql2'
import { drizzle as postgres } from 'drizzle-orm/node-postgres'
import * as pg from 'drizzle-orm/pg-core'
import * as lite from 'drizzle-orm/sqlite-core'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import type { Family } from '../../scope/drizzle.js'
import { organizationScope } from '../../scope/organization-scope.js'

function sqliteTables() {
  const { sqliteTable, text, integer } = lite
  const own = () => ({
    id: text('id').primaryKey(),
    orgId: text('org_id').notNull(),
    title: text('title').notNull(),
  })
  const countries = sqliteTable('countries', { code: text('code').primaryKey() })
  const notebooks = sqliteTable('notebooks', own())
  const notes = sqliteTable('notes', {
    ...own(),
    stars: integer('stars').notNull().default(0),
    notebookId: text('notebook_id').references(() => notebooks.id, { onDelete: 'set null' }),
    parentId: text('parent_id').references((): lite.AnySQLiteColumn => notes.id, { onDelete: 'cascade' }),
    country: text('country').references(() => countries.code),
  })
  const comments = sqliteTable('comments', {
    ...own(),
    noteId: text('note_id').references(() => notes.id, { onDelete: 'cascade' }),
  })
  const secrets = sqliteTable('secrets', own())
  return { countries, notebooks, notes, comments, secrets }
}

export type ScopeTables = ReturnType<typeof sqliteTables>

function pgTables() {
  const { pgTable, text, integer } = pg
  const own = () => ({
    id: text('id').primaryKey(),
    orgId: text('org_id').notNull(),
    title: text('title').notNull(),
  })
  const countries = pgTable('countries', { code: text('code').primaryKey() })
  const notebooks = pgTable('notebooks', own())
  const notes = pgTable('notes', {
    ...own(),
    stars: integer('stars').notNull().default(0),
    notebookId: text('notebook_id').references(() => notebooks.id, { onDelete: 'set null' }),
    parentId: text('parent_id').references((): pg.AnyPgColumn => notes.id, { onDelete: 'cascade' }),
    country: text('country').references(() => countries.code),
  })
  const comments = pgTable('comments', {
    ...own(),
    noteId: text('note_id').references(() => notes.id, { onDelete: 'cascade' }),
  })
  const secrets = pgTable('secrets', own())
  return { countries, notebooks, notes, comments, secrets }
}

function mysqlTables() {
  const { mysqlTable, varchar, int } = my
  const text = (name: string) => varchar(name, { length: 64 })
  const own = () => ({
    id: text('id').primaryKey(),
    orgId: text('org_id').notNull(),
    title: text('title').notNull(),
  })
  const countries = mysqlTable('countries', { code: text('code').primaryKey() })
  const notebooks = mysqlTable('notebooks', own())
  const notes = mysqlTable('notes', {
    ...own(),
    stars: int('stars').notNull().default(0),
    notebookId: text('notebook_id').references(() => notebooks.id, { onDelete: 'set null' }),
    parentId: text('parent_id').references((): my.AnyMySqlColumn => notes.id, { onDelete: 'cascade' }),
    country: text('country').references(() => countries.code),
  })
  const comments = mysqlTable('comments', {
    ...own(),
    noteId: text('note_id').references(() => notes.id, { onDelete: 'cascade' }),
  })
  const secrets = mysqlTable('secrets', own())
  return { countries, notebooks, notes, comments, secrets }
}

const TABLES: Readonly<Record<Family, () => ScopeTables>> = {
  sqlite: sqliteTables,
  // The same keys and columns, so that one set of tests writes the queries for all three.
  pg: () => pgTables() as unknown as ScopeTables,
  mysql: () => mysqlTables() as unknown as ScopeTables,
}

export function schemaOf(family: Family) {
  const tables = TABLES[family]()
  const { notebooks, notes, comments } = tables
  return {
    ...tables,
    notebookRelations: relations(notebooks, ({ many }) => ({ notes: many(notes) })),
    noteRelations: relations(notes, ({ one, many }) => ({
      notebook: one(notebooks, { fields: [notes.notebookId], references: [notebooks.id] }),
      parent: one(notes, { fields: [notes.parentId], references: [notes.id], relationName: 'parent' }),
      children: many(notes, { relationName: 'parent' }),
      comments: many(comments),
    })),
    commentRelations: relations(comments, ({ one }) => ({
      note: one(notes, { fields: [comments.noteId], references: [notes.id] }),
    })),
  }
}

export type ScopeSchema = ReturnType<typeof schemaOf>

const openSqlite = (url: string, schema: ScopeSchema) => libsql(createClient({ url }), { schema })
export type ScopeDatabase = ReturnType<typeof openSqlite>

export interface ScopeTest {
  readonly family: Family
  readonly db: ScopeDatabase
  readonly tables: ScopeTables
  readonly scope: ReturnType<typeof scopeOf>
  run(statement: string): Promise<unknown>
  close(): Promise<unknown>
}

export const scopeOf = ({ notebooks, notes, comments, countries }: ScopeTables) =>
  organizationScope({ owned: [notebooks.orgId, notes.orgId, comments.orgId], shared: [countries] })

/** @param url `:memory:`, or of a database that is empty */
export async function openScope(family: Family, url = ':memory:'): Promise<ScopeTest> {
  const schema = schemaOf(family)
  const opened = OPEN[family](url, schema)
  const text = family === 'mysql' ? 'varchar(64)' : 'text'
  const test = { family, tables: schema, scope: scopeOf(schema), ...opened }
  for (const statement of ddl(text)) await test.run(statement)
  return test
}

type Opened = Pick<ScopeTest, 'db' | 'run' | 'close'>

const OPEN: Readonly<Record<Family, (url: string, schema: ScopeSchema) => Opened>> = {
  sqlite(url, schema) {
    const db = openSqlite(url, schema)
    return { db, run: (statement) => db.run(sql.raw(statement)), close: async () => db.$client.close() }
  },
  pg(url, schema) {
    const pool = new Pool({ connectionString: url, max: 2 })
    const db = postgres(pool, { schema }) as unknown as ScopeDatabase
    return { db, run: (statement) => pool.query(statement), close: () => pool.end() }
  },
  mysql(url, schema) {
    const pool = createPool({ uri: url, connectionLimit: 2 })
    // MariaDB has no lateral joins.
    const db = mysql(pool, { schema, mode: 'planetscale' }) as unknown as ScopeDatabase
    return { db, run: (statement) => pool.query(statement), close: () => pool.end() }
  },
}

const ddl = (text: string) => {
  const own = `id ${text} primary key, org_id ${text} not null, title ${text} not null`
  return [
    `create table countries (code ${text} primary key)`,
    `create table notebooks (${own})`,
    `create table secrets (${own})`,
    `create table notes (${own}, stars integer not null default 0, notebook_id ${text}, parent_id ${text}, country ${text},
      foreign key (notebook_id) references notebooks (id) on delete set null,
      foreign key (parent_id) references notes (id) on delete cascade,
      foreign key (country) references countries (code))`,
    `create table comments (${own}, note_id ${text}, foreign key (note_id) references notes (id) on delete cascade)`,
  ]
}

/** What every title of the other organisation holds, and no other does. */
export const FOREIGN = 'belongs to B'

/** Rows of A that rows of B refer to, or that rows of A do which B's may refer to: A cannot delete them. */
export const REFERRED = ['a-notebook', 'a-note1', 'a-note3']

/**
 * Two organisations with the same rows, and references across as they may stand in a database from before. A's to B's:
 * `a-stray` is in B's notebook, `a-comment3` on B's note. B's to A's: `b-note2` is in A's notebook, `b-note3` is a child and
 * `b-comment3` a comment of A's third note.
 */
export async function seed(
  { run }: ScopeTest,
  organizations: readonly ('a' | 'b')[] = ['a', 'b'],
): Promise<void> {
  for (const table of ['comments', 'notes', 'notebooks', 'countries', 'secrets']) {
    if (table === 'notes') await run('update notes set parent_id = null')
    await run(`delete from ${table}`)
  }
  const both = organizations.length > 1
  const value = (given: string | number | null) =>
    given === null ? 'null' : typeof given === 'number' ? String(given) : `'${given}'`
  const insert = (table: string, ...rows: readonly (string | number | null)[][]) =>
    run(`insert into ${table} values ${rows.map((row) => `(${row.map(value).join(', ')})`).join(', ')}`)
  await insert('countries', ['ch'], ['fr'])
  const each = organizations.map((org) => ({
    org,
    orgId: `org_${org}`,
    title: org === 'a' ? 'mine' : FOREIGN,
  }))
  for (const { org, orgId, title } of each) {
    await insert('notebooks', [`${org}-notebook`, orgId, title])
    await insert('notebooks', [`${org}-notebook2`, orgId, title])
    await insert('secrets', [`${org}-secret`, orgId, title])
  }
  for (const { org, orgId, title } of each) {
    const a = org === 'a'
    await insert('notes', [`${org}-note1`, orgId, `${title} 1`, 1, `${org}-notebook`, null, 'ch'])
    await insert(
      'notes',
      [`${org}-note2`, orgId, `${title} 2`, 2, 'a-notebook', `${org}-note1`, null],
      [`${org}-note3`, orgId, `${title} 3`, 3, `${org}-notebook2`, a ? null : 'a-note3', 'fr'],
    )
    if (a) await insert('notes', ['a-stray', orgId, 'mine', 4, both ? 'b-notebook' : null, null, null])
  }
  for (const { org, orgId, title } of each) {
    await insert('comments', [`${org}-comment1`, orgId, title, `${org}-note1`])
    await insert('comments', [`${org}-comment2`, orgId, title, `${org}-note2`])
    const stray = org === 'a' ? (both ? 'b-note1' : null) : 'a-note3'
    await insert('comments', [`${org}-comment3`, orgId, title, stray])
  }
}

/** The rows of an organisation, or of all but A. */
export async function rowsOf({ db, tables }: ScopeTest, own: boolean): Promise<string> {
  const rows: unknown[] = []
  for (const table of [tables.notebooks, tables.notes, tables.comments, tables.secrets]) {
    const of = (column: Column) => (own ? sql`${column} = 'org_a'` : sql`${column} <> 'org_a'`)
    rows.push(await db.select().from(table).where(of(table.orgId)).orderBy(table.id))
  }
  if (!own) rows.push(await db.select().from(tables.countries).orderBy(tables.countries.code))
  return JSON.stringify(rows)
}
