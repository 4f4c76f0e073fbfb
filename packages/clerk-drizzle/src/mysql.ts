import {
  type AnyMySqlColumn,
  bigint,
  boolean,
  customType,
  datetime,
  index,
  int,
  mysqlTable,
} from 'drizzle-orm/mysql-core'
import { columnsOf } from './schema/columns.js'
import { indexName } from './schema/index-name.js'

type Column = AnyMySqlColumn
const textOf = (type: string) => customType<{ data: string; driverData: string }>({ dataType: () => type })
/** Ids of Clerk's tell upper and lower case apart, and the collation that a database has by default does not. */
const exact = textOf('varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
const lines = textOf('text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
const short = textOf('varchar(191) CHARACTER SET utf8mb4')
const address = textOf('varchar(320) CHARACTER SET utf8mb4')
const text = textOf('text CHARACTER SET utf8mb4')
const longText = textOf('longtext CHARACTER SET utf8mb4')
/** MariaDB answers JSON as text. */
const parsed = <T>() =>
  customType<{ data: T; driverData: unknown }>({
    ...{ dataType: () => 'json', toDriver: (value) => JSON.stringify(value) },
    fromDriver: (value) => (typeof value === 'string' ? JSON.parse(value) : value),
  })
const json = parsed<Readonly<Record<string, unknown>>>()
const list = parsed<readonly string[]>()
const time = (name: string) => datetime(name, { fsp: 3 })
const ms = (name: string) => bigint(name, { mode: 'number' })

const columns = columnsOf({
  text: (name: string) => text(name),
  address: (name: string) => address(name),
  short: (name: string) => short(name),
  exact: (name: string) => exact(name),
  json: (name: string) => json(name),
  ...{ time, ms },
  shortRequired: (name: string) => short(name).notNull(),
  exactRequired: (name: string) => exact(name).notNull(),
  lines: (name: string) => lines(name).notNull(),
  body: (name: string) => longText(name).notNull(),
  exactUnique: (name: string) => exact(name).unique(),
  key: (name: string) => exact(name).notNull().unique(),
  list: (name: string) => list(name).notNull(),
  flag: (name: string) => boolean(name).notNull().default(false),
  switchedOn: (name: string) => boolean(name).notNull().default(true),
  count: (name: string) => int(name).notNull(),
  timeRequired: (name: string) => time(name).notNull(),
  msRequired: (name: string) => ms(name).notNull(),
  version: (name: string) => ms(name).notNull().default(0),
  id: (name: string) =>
    short(name)
      .primaryKey()
      .$defaultFn(() => crypto.randomUUID()),
  eventId: (name: string) => exact(name).primaryKey(),
  position: (name: string) => ms(name).autoincrement().primaryKey(),
})

type Columns<F extends string> = Readonly<Record<F, Column>>
const indexOn = (...on: readonly [Column, ...Column[]]) => index(indexName(...on)).on(...on)

/** What Clerk knows of a user: `mysqlTable('users', { id: …, ...clerkUserColumns() }, clerkUserIndexes)`. */
export const clerkUserColumns = columns.user

/** By what users are looked for: the third argument of `mysqlTable`, or a part of what it answers. */
export const clerkUserIndexes = (table: Columns<'email' | 'deletedAt'>) => [
  indexOn(table.email),
  indexOn(table.deletedAt),
]

// Ids of Clerk's without foreign keys: an event about a member may arrive before the one about its organisation.
export const clerkOrganizationColumns = columns.organization
export const clerkMembershipColumns = columns.membership
export const clerkInvitationColumns = columns.invitation

/** By what memberships are looked for: the third argument of `mysqlTable`, or a part of what it answers. */
export const clerkMembershipIndexes = (table: Columns<'orgId' | 'userId' | 'createdAt'>) => [
  indexOn(table.orgId, table.userId, table.createdAt),
  indexOn(table.orgId, table.createdAt),
  indexOn(table.userId, table.createdAt),
]

/** Ready tables. One with columns of your own is `mysqlTable('companies', { id: …, ...clerkOrganizationColumns() })`. */
export const organizations = mysqlTable('organizations', { ...columns.id(), ...columns.organization() })
export const memberships = mysqlTable(
  'memberships',
  { ...columns.id(), ...columns.membership() },
  clerkMembershipIndexes,
)
export const invitations = mysqlTable('invitations', { ...columns.id(), ...columns.invitation() })
export const clerkRoles = mysqlTable('clerk_roles', columns.role(), ({ key }) => [indexOn(key)])

/** Deliveries of webhooks. Times in milliseconds, by the database's clock. */
export const clerkInbox = mysqlTable('clerk_inbox', columns.event(), (table) => [
  ...[indexOn(table.status, table.dueAt), indexOn(table.receivedAt), indexOn(table.finishedAt)],
])

/** What changed, for the other processes. Written once, never changed. */
export const clerkChanges = mysqlTable('clerk_changes', columns.change(), (table) => [
  ...[indexOn(table.at), indexOn(table.narrows, table.position)],
])
