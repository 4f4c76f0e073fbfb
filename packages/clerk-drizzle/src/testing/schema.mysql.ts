import { boolean, customType, int, json, mysqlTable, text, varchar } from 'drizzle-orm/mysql-core'
import { clerkOrganizationColumns, clerkUserColumns, clerkUserIndexes } from '../mysql.js'

export { clerkChanges, clerkInbox, clerkRoles, invitations, memberships, organizations } from '../mysql.js'

/** As a new application has it. */
export const users = mysqlTable(
  'users',
  { id: int('id').autoincrement().primaryKey(), theme: text('theme'), ...clerkUserColumns() },
  clerkUserIndexes,
)

const { clerkId, email, emailVerified, username, phone, externalId, ...others } = clerkUserColumns()

const exact = customType<{ data: string }>({
  dataType: () => 'varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
})

/** Names an existing application may have had, unique columns and required ones of its own. */
export const accounts = mysqlTable('account', {
  accountId: int('account_id').autoincrement().primaryKey(),
  plan: text('plan').notNull(),
  passwordHash: text('password_hash'),
  note: text('note'),
  externalAuthId: exact('external_auth_id').unique(),
  emailAddress: varchar('email_address', { length: 320 }).unique(),
  emailConfirmed: boolean('email_confirmed').notNull().default(false),
  handle: varchar('handle', { length: 191 }).unique(),
  phoneNumber: varchar('phone_number', { length: 191 }).unique(),
  foreignId: varchar('foreign_id', { length: 191 }).unique(),
  secretMetadata: json('secret_metadata'),
  ...others,
})

const { name, slug, ...rest } = clerkOrganizationColumns()
export const companies = mysqlTable('company', {
  id: varchar('id', { length: 36 })
    .primaryKey()
    .$defaultFn(() => crypto.randomUUID()),
  plan: text('plan').notNull(),
  title: text('title'),
  slug: varchar('slug', { length: 191 }).unique(),
  ...rest,
})
