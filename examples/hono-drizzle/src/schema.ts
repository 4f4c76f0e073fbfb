import { clerkUserColumns, clerkUserIndexes } from '@acme/clerk-drizzle/sqlite'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export {
  clerkChanges,
  clerkInbox,
  clerkRoles,
  invitations,
  memberships,
  organizations,
} from '@acme/clerk-drizzle/sqlite'

/** The application's own table, with Clerk's columns in it. No webhook ever touches `plan`. */
export const users = sqliteTable(
  'users',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    plan: text('plan').notNull().default('free'),
    ...clerkUserColumns(),
  },
  clerkUserIndexes,
)

export const notes = sqliteTable(
  'notes',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    orgId: text('org_id').notNull(),
    authorId: text('author_id').notNull(),
    text: text('text').notNull(),
    createdAt: integer('created_at', { mode: 'timestamp_ms' })
      .notNull()
      .$defaultFn(() => new Date()),
  },
  (table) => [index('notes_org_id_created_at_idx').on(table.orgId, table.createdAt)],
)
