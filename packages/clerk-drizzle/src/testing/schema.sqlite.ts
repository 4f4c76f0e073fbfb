import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { clerkOrganizationColumns, clerkUserColumns, clerkUserIndexes } from '../sqlite.js'

export { clerkChanges, clerkInbox, clerkRoles, invitations, memberships, organizations } from '../sqlite.js'

/** As a new application has it. */
export const users = sqliteTable(
  'users',
  { id: integer('id').primaryKey({ autoIncrement: true }), theme: text('theme'), ...clerkUserColumns() },
  clerkUserIndexes,
)

const { clerkId, email, emailVerified, username, phone, externalId, ...others } = clerkUserColumns()

/** Names an existing application may have had, unique columns and required ones of its own. */
export const accounts = sqliteTable('account', {
  accountId: integer('account_id').primaryKey({ autoIncrement: true }),
  plan: text('plan').notNull(),
  passwordHash: text('password_hash'),
  note: text('note'),
  externalAuthId: text('external_auth_id').unique(),
  emailAddress: text('email_address').unique(),
  emailConfirmed: integer('email_confirmed', { mode: 'boolean' }).notNull().default(false),
  handle: text('handle').unique(),
  phoneNumber: text('phone_number').unique(),
  foreignId: text('foreign_id').unique(),
  secretMetadata: text('secret_metadata', { mode: 'json' }),
  ...others,
})

const { name, slug, ...rest } = clerkOrganizationColumns()
export const companies = sqliteTable('company', {
  id: text('id')
    .primaryKey()
    .$defaultFn(() => crypto.randomUUID()),
  plan: text('plan').notNull(),
  title: text('title'),
  slug: text('slug').unique(),
  ...rest,
})
