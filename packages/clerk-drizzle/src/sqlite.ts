import { sql } from 'drizzle-orm'
import { type AnySQLiteColumn, index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { columnsOf } from './schema/columns.js'
import { indexName } from './schema/index-name.js'

type Column = AnySQLiteColumn
const time = (name: string) => integer(name, { mode: 'timestamp_ms' })
const ms = (name: string) => integer(name)
const textOf = (name: string) => text(name)
const required = (name: string) => text(name).notNull()
const boolean = (name: string) => integer(name, { mode: 'boolean' })

const columns = columnsOf({
  ...{ text: textOf, address: textOf, short: textOf, exact: textOf, time, ms },
  ...{ shortRequired: required, exactRequired: required, lines: required, body: required },
  exactUnique: (name: string) => text(name).unique(),
  key: (name: string) => text(name).notNull().unique(),
  json: (name: string) => text(name, { mode: 'json' }).$type<Readonly<Record<string, unknown>>>(),
  list: (name: string) => text(name, { mode: 'json' }).$type<readonly string[]>().notNull(),
  flag: (name: string) => boolean(name).notNull().default(false),
  switchedOn: (name: string) => boolean(name).notNull().default(true),
  count: (name: string) => integer(name).notNull(),
  timeRequired: (name: string) => time(name).notNull(),
  msRequired: (name: string) => ms(name).notNull(),
  version: (name: string) => ms(name).notNull().default(0),
  id: (name: string) =>
    text(name)
      .primaryKey()
      .$defaultFn(() => crypto.randomUUID()),
  eventId: (name: string) => text(name).primaryKey(),
  position: (name: string) => integer(name).primaryKey({ autoIncrement: true }),
})

type Columns<F extends string> = Readonly<Record<F, Column>>
const indexOn = (...on: readonly [Column, ...Column[]]) => index(indexName(...on)).on(...on)

/** What Clerk knows of a user: `sqliteTable('users', { id: …, ...clerkUserColumns() }, clerkUserIndexes)`. */
export const clerkUserColumns = columns.user

/** By what users are looked for: the third argument of `sqliteTable`, or a part of what it answers. */
export const clerkUserIndexes = (table: Columns<'email' | 'clerkId' | 'deletedAt'>) => [
  indexOn(table.email),
  // Finds the row to link in any case of the address.
  index(indexName(table.email).replace(/idx$/, 'lower_idx'))
    .on(sql`lower(${table.email})`)
    .where(sql`${table.clerkId} is null and ${table.deletedAt} is null`),
  indexOn(table.deletedAt),
]

// Ids of Clerk's without foreign keys: an event about a member may arrive before the one about its organisation.
export const clerkOrganizationColumns = columns.organization
export const clerkMembershipColumns = columns.membership
export const clerkInvitationColumns = columns.invitation

/** By what memberships are looked for: the third argument of `sqliteTable`, or a part of what it answers. */
export const clerkMembershipIndexes = (table: Columns<'orgId' | 'userId' | 'createdAt'>) => [
  indexOn(table.orgId, table.userId, table.createdAt),
  indexOn(table.orgId, table.createdAt),
  indexOn(table.userId, table.createdAt),
]

/** Ready tables. One with columns of your own is `sqliteTable('companies', { id: …, ...clerkOrganizationColumns() })`. */
export const organizations = sqliteTable('organizations', { ...columns.id(), ...columns.organization() })
export const memberships = sqliteTable(
  'memberships',
  { ...columns.id(), ...columns.membership() },
  clerkMembershipIndexes,
)
export const invitations = sqliteTable('invitations', { ...columns.id(), ...columns.invitation() })
export const clerkRoles = sqliteTable('clerk_roles', columns.role(), ({ key }) => [indexOn(key)])

/** Deliveries of webhooks. Times in milliseconds, by the database's clock. */
export const clerkInbox = sqliteTable('clerk_inbox', columns.event(), (table) => [
  ...[indexOn(table.status, table.dueAt), indexOn(table.receivedAt), indexOn(table.finishedAt)],
])

/** What changed, for the other processes. Written once, never changed. */
export const clerkChanges = sqliteTable('clerk_changes', columns.change(), (table) => [
  ...[indexOn(table.at), indexOn(table.narrows, table.position)],
])
