import { boolean, jsonb, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { clerkOrganizationColumns, clerkUserColumns, clerkUserIndexes } from '../pg.js'

export { clerkChanges, clerkInbox, clerkRoles, invitations, memberships, organizations } from '../pg.js'

/** As a new application has it. */
export const users = pgTable(
  'users',
  { id: serial('id').primaryKey(), theme: text('theme'), ...clerkUserColumns() },
  clerkUserIndexes,
)

const { clerkId, email, emailVerified, username, phone, externalId, ...others } = clerkUserColumns()

/** Names an existing application may have had, unique columns and required ones of its own. */
export const accounts = pgTable('account', {
  accountId: serial('account_id').primaryKey(),
  plan: text('plan').notNull(),
  passwordHash: text('password_hash'),
  note: text('note'),
  externalAuthId: text('external_auth_id').unique(),
  emailAddress: text('email_address').unique(),
  emailConfirmed: boolean('email_confirmed').notNull().default(false),
  handle: text('handle').unique(),
  phoneNumber: text('phone_number').unique(),
  foreignId: text('foreign_id').unique(),
  secretMetadata: jsonb('secret_metadata'),
  ...others,
})

const { name, slug, ...rest } = clerkOrganizationColumns()
export const companies = pgTable('company', {
  id: text('id')
    .primaryKey()
    .$defaultFn(() => crypto.randomUUID()),
  plan: text('plan').notNull(),
  title: text('title'),
  slug: text('slug').unique(),
  ...rest,
})
