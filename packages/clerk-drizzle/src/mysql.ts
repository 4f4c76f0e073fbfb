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
import { indexName } from './schema/index-name.js'

type Json = Readonly<Record<string, unknown>>
type Columns<F extends string> = Readonly<Record<F, AnyMySqlColumn>>

const typed = <T>(type: string) => customType<{ data: T; driverData: T }>({ dataType: () => type })
/** Ids of Clerk's tell upper and lower case apart, and the collation that a database has by default does not. */
const exact = typed<string>('varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
const exactText = typed<string>('text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
const short = typed<string>('varchar(191) CHARACTER SET utf8mb4')
const address = typed<string>('varchar(320) CHARACTER SET utf8mb4')
const text = typed<string>('text CHARACTER SET utf8mb4')
const longText = typed<string>('longtext CHARACTER SET utf8mb4')
/** MariaDB answers JSON as text. */
const parsed = <T>() =>
  customType<{ data: T; driverData: unknown }>({
    ...{ dataType: () => 'json', toDriver: (value) => JSON.stringify(value) },
    fromDriver: (value) => (typeof value === 'string' ? JSON.parse(value) : value),
  })
const json = parsed<Json>()
const jsonList = parsed<readonly string[]>()

const key = (name: string) => exact(name).notNull().unique()
const flag = (name: string) => boolean(name).notNull().default(false)
const time = (name: string) => datetime(name, { fsp: 3 })
const ms = (name: string) => bigint(name, { mode: 'number' })
const version = () => ms('version').notNull().default(0)
const list = (name: string) => jsonList(name).notNull()
const id = () =>
  short('id')
    .primaryKey()
    .$defaultFn(() => crypto.randomUUID())

const indexOn = (...columns: readonly [AnyMySqlColumn, ...AnyMySqlColumn[]]) =>
  index(indexName(...columns)).on(...columns)

/** What Clerk knows of a user: `mysqlTable('users', { id: …, ...clerkUserColumns() }, clerkUserIndexes)`. */
export const clerkUserColumns = () => ({
  ...{ clerkId: exact('clerk_id').unique(), email: address('email') },
  ...{ emailVerified: flag('email_verified'), username: text('username'), phone: text('phone') },
  ...{ firstName: text('first_name'), lastName: text('last_name'), imageUrl: text('image_url') },
  ...{ externalId: text('external_id'), publicMetadata: json('public_metadata'), banned: flag('banned') },
  ...{ deprovisioned: flag('deprovisioned'), isActive: boolean('is_active').notNull().default(true) },
  ...{ clerkCreatedAt: time('clerk_created_at'), lastSignInAt: time('last_sign_in_at') },
  ...{ lastActiveAt: time('last_active_at'), version: version(), deletedAt: time('deleted_at') },
})

/** By what users are looked for: the third argument of `mysqlTable`, or a part of what it answers. */
export const clerkUserIndexes = (table: Columns<'email' | 'deletedAt'>) => [
  indexOn(table.email),
  indexOn(table.deletedAt),
]

export const clerkOrganizationColumns = () => ({
  ...{ clerkId: key('clerk_id'), name: text('name'), slug: text('slug'), imageUrl: text('image_url') },
  ...{ publicMetadata: json('public_metadata'), version: version(), deletedAt: time('deleted_at') },
})

export const clerkMembershipColumns = () => ({
  ...{ clerkId: key('clerk_id'), orgId: exact('org_id').notNull(), userId: exact('user_id').notNull() },
  ...{ role: short('role'), permissions: list('permissions'), publicMetadata: json('public_metadata') },
  ...{ createdAt: time('created_at').notNull(), version: version(), deletedAt: time('deleted_at') },
})

/** By what memberships are looked for: the third argument of `mysqlTable`, or a part of what it answers. */
export const clerkMembershipIndexes = (table: Columns<'orgId' | 'userId' | 'createdAt'>) => [
  indexOn(table.orgId, table.userId, table.createdAt),
  indexOn(table.orgId, table.createdAt),
  indexOn(table.userId, table.createdAt),
]

export const clerkInvitationColumns = () => ({
  ...{ clerkId: key('clerk_id'), orgId: exact('org_id').notNull(), email: address('email') },
  ...{ role: short('role'), status: short('status').notNull(), publicMetadata: json('public_metadata') },
  ...{ expiresAt: time('expires_at'), version: version() },
})

// Ids of Clerk's without foreign keys: an event about a member may arrive before the one about its organisation.

/** Ready tables. One with columns of your own is `mysqlTable('companies', { id: …, ...clerkOrganizationColumns() })`. */
export const organizations = mysqlTable('organizations', { id: id(), ...clerkOrganizationColumns() })

export const memberships = mysqlTable(
  'memberships',
  { id: id(), ...clerkMembershipColumns() },
  clerkMembershipIndexes,
)

export const invitations = mysqlTable('invitations', { id: id(), ...clerkInvitationColumns() })

export const clerkRoles = mysqlTable(
  'clerk_roles',
  {
    ...{ id: id(), clerkId: key('clerk_id'), key: exact('key'), name: text('name') },
    ...{ permissions: list('permissions'), version: version(), deletedAt: time('deleted_at') },
  },
  (table) => [indexOn(table.key)],
)

/** Deliveries of webhooks. Times in milliseconds, by the database's clock. */
export const clerkInbox = mysqlTable(
  'clerk_inbox',
  {
    ...{ id: exact('id').primaryKey(), type: short('type').notNull() },
    ...{ timestamp: ms('timestamp').notNull(), subjects: exactText('subjects').notNull() },
    ...{ body: longText('body').notNull(), status: short('status').notNull() },
    ...{ attempts: int('attempts').notNull(), succeeded: exactText('succeeded').notNull() },
    ...{ error: text('error'), reason: short('reason'), receivedAt: ms('received_at').notNull() },
    ...{ dueAt: ms('due_at').notNull(), leaseUntil: ms('lease_until'), owner: short('owner') },
    finishedAt: ms('finished_at'),
  },
  (table) => [indexOn(table.status, table.dueAt), indexOn(table.receivedAt), indexOn(table.finishedAt)],
)

/** What changed, for the other processes. Written once, never changed. */
export const clerkChanges = mysqlTable(
  'clerk_changes',
  {
    ...{ position: bigint('position', { mode: 'number' }).autoincrement().primaryKey() },
    ...{ at: ms('at').notNull(), id: short('id').notNull(), type: short('type').notNull() },
    ...{ subjects: exactText('subjects').notNull(), narrows: exact('narrows'), version: ms('version') },
  },
  (table) => [indexOn(table.at), indexOn(table.narrows, table.position)],
)
