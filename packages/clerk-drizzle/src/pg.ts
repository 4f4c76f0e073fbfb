import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  boolean,
  type ExtraConfigColumn,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import { indexName } from './schema/index-name.js'

type Json = Readonly<Record<string, unknown>>
type Columns<F extends string> = Readonly<Record<F, ExtraConfigColumn>>

const key = (name: string) => text(name).notNull().unique()
const flag = (name: string) => boolean(name).notNull().default(false)
const time = (name: string) => timestamp(name, { precision: 3, withTimezone: true })
const ms = (name: string) => bigint(name, { mode: 'number' })
const version = () => ms('version').notNull().default(0)
const json = (name: string) => jsonb(name).$type<Json>()
const list = (name: string) => jsonb(name).$type<readonly string[]>().notNull()
const id = () =>
  text('id')
    .primaryKey()
    .$defaultFn(() => crypto.randomUUID())

const indexOn = (...columns: readonly [ExtraConfigColumn, ...ExtraConfigColumn[]]) =>
  index(indexName(...columns)).on(...columns)

/** What Clerk knows of a user: `pgTable('users', { id: …, ...clerkUserColumns() }, clerkUserIndexes)`. */
export const clerkUserColumns = () => ({
  ...{ clerkId: text('clerk_id').unique(), email: text('email'), emailVerified: flag('email_verified') },
  ...{ username: text('username'), phone: text('phone'), firstName: text('first_name') },
  ...{ lastName: text('last_name'), imageUrl: text('image_url'), externalId: text('external_id') },
  ...{ publicMetadata: json('public_metadata'), banned: flag('banned') },
  ...{ deprovisioned: flag('deprovisioned'), isActive: boolean('is_active').notNull().default(true) },
  ...{ clerkCreatedAt: time('clerk_created_at'), lastSignInAt: time('last_sign_in_at') },
  ...{ lastActiveAt: time('last_active_at'), version: version(), deletedAt: time('deleted_at') },
})

/** By what users are looked for: the third argument of `pgTable`, or a part of what it answers. */
export const clerkUserIndexes = (table: Columns<'email' | 'clerkId' | 'deletedAt'>) => [
  indexOn(table.email),
  // Finds the row to link in any case of the address.
  index(indexName(table.email).replace(/idx$/, 'lower_idx'))
    .on(sql`lower(${table.email})`)
    .where(sql`${table.clerkId} is null and ${table.deletedAt} is null`),
  indexOn(table.deletedAt),
]

export const clerkOrganizationColumns = () => ({
  ...{ clerkId: key('clerk_id'), name: text('name'), slug: text('slug'), imageUrl: text('image_url') },
  ...{ publicMetadata: json('public_metadata'), version: version(), deletedAt: time('deleted_at') },
})

export const clerkMembershipColumns = () => ({
  ...{ clerkId: key('clerk_id'), orgId: text('org_id').notNull(), userId: text('user_id').notNull() },
  ...{ role: text('role'), permissions: list('permissions'), publicMetadata: json('public_metadata') },
  ...{ createdAt: time('created_at').notNull(), version: version(), deletedAt: time('deleted_at') },
})

/** By what memberships are looked for: the third argument of `pgTable`, or a part of what it answers. */
export const clerkMembershipIndexes = (table: Columns<'orgId' | 'userId' | 'createdAt'>) => [
  indexOn(table.orgId, table.userId, table.createdAt),
  indexOn(table.orgId, table.createdAt),
  indexOn(table.userId, table.createdAt),
]

export const clerkInvitationColumns = () => ({
  ...{ clerkId: key('clerk_id'), orgId: text('org_id').notNull(), email: text('email') },
  ...{ role: text('role'), status: text('status').notNull(), publicMetadata: json('public_metadata') },
  ...{ expiresAt: time('expires_at'), version: version() },
})

// Ids of Clerk's without foreign keys: an event about a member may arrive before the one about its organisation.

/** Ready tables. One with columns of your own is `pgTable('companies', { id: …, ...clerkOrganizationColumns() })`. */
export const organizations = pgTable('organizations', { id: id(), ...clerkOrganizationColumns() })

export const memberships = pgTable(
  'memberships',
  { id: id(), ...clerkMembershipColumns() },
  clerkMembershipIndexes,
)

export const invitations = pgTable('invitations', { id: id(), ...clerkInvitationColumns() })

export const clerkRoles = pgTable(
  'clerk_roles',
  {
    ...{ id: id(), clerkId: key('clerk_id'), key: text('key'), name: text('name') },
    ...{ permissions: list('permissions'), version: version(), deletedAt: time('deleted_at') },
  },
  (table) => [indexOn(table.key)],
)

/** Deliveries of webhooks. Times in milliseconds, by the database's clock. */
export const clerkInbox = pgTable(
  'clerk_inbox',
  {
    ...{ id: text('id').primaryKey(), type: text('type').notNull() },
    ...{ timestamp: ms('timestamp').notNull(), subjects: text('subjects').notNull() },
    ...{ body: text('body').notNull(), status: text('status').notNull() },
    ...{ attempts: integer('attempts').notNull(), succeeded: text('succeeded').notNull() },
    ...{ error: text('error'), reason: text('reason'), receivedAt: ms('received_at').notNull() },
    ...{ dueAt: ms('due_at').notNull(), leaseUntil: ms('lease_until'), owner: text('owner') },
    finishedAt: ms('finished_at'),
  },
  (table) => [indexOn(table.status, table.dueAt), indexOn(table.receivedAt), indexOn(table.finishedAt)],
)

/** What changed, for the other processes. Written once, never changed. */
export const clerkChanges = pgTable(
  'clerk_changes',
  {
    ...{ position: bigserial('position', { mode: 'number' }).primaryKey(), at: ms('at').notNull() },
    ...{ id: text('id').notNull(), type: text('type').notNull(), subjects: text('subjects').notNull() },
    ...{ narrows: text('narrows'), version: ms('version') },
  },
  (table) => [indexOn(table.at), indexOn(table.narrows, table.position)],
)
