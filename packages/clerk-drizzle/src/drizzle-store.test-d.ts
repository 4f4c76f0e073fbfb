// Checked by the compiler alone.
import { createClerk } from '@acme/clerk-core'
import { drizzle as libsql } from 'drizzle-orm/libsql'
import { drizzle as mysql } from 'drizzle-orm/mysql2'
import { drizzle as postgres } from 'drizzle-orm/node-postgres'
import { drizzle as postgresJs } from 'drizzle-orm/postgres-js'
import { drizzle as sqlJs } from 'drizzle-orm/sql-js'
import type { Database } from 'sql.js'
import { drizzleStore } from './drizzle-store.js'
import * as mysqlSchema from './testing/schema.mysql.js'
import * as pgSchema from './testing/schema.pg.js'
import * as sqliteSchema from './testing/schema.sqlite.js'

declare const database: Database

/** Compiles only where both are the same type. */
declare function same<A, B>(..._: [A] extends [B] ? ([B] extends [A] ? [] : ['differs']) : ['differs']): void

// Every driver's database, and the row of the application's own table, with the names of the contract.
const clerk = createClerk({ ...drizzleStore(libsql(''), sqliteSchema), authorizedParties: 'any' })
const auth = await clerk.authenticate({ authorization: undefined })
if (auth.kind === 'user') {
  same<typeof auth.user.id, number>()
  same<typeof auth.user.theme, string | null>()
  same<typeof auth.user.email, string | null>()
  same<typeof auth.user.deletedAt, Date | null>()
}
const { users } = drizzleStore(postgres(''), pgSchema)
same<NonNullable<Awaited<ReturnType<typeof users.findByClerkId>>>['theme'], string | null>()
drizzleStore(mysql(''), mysqlSchema)
drizzleStore(postgresJs(''), pgSchema)
drizzleStore(sqlJs(database), sqliteSchema)

// Keys of another name: both are there.
const renamed = drizzleStore(
  postgres(''),
  { ...pgSchema, users: pgSchema.accounts },
  { users: { fields: { id: 'accountId', email: 'emailAddress' }, create: () => ({ plan: 'free' }) } },
)
type Account = NonNullable<Awaited<ReturnType<typeof renamed.users.findByClerkId>>>
same<Account['id'], number>()
same<Account['email'], string | null>()
same<Account['emailAddress'], string | null>()
same<Account['plan'], string>()

// @ts-expect-error `create` fills columns of the table
drizzleStore(libsql(''), sqliteSchema, { users: { create: () => ({ theme: 7 }) } })
// @ts-expect-error there is no such field
drizzleStore(libsql(''), sqliteSchema, { users: { fields: { mail: 'email' } } })
const { clerkInbox: _, ...without } = sqliteSchema
// @ts-expect-error a table is missing
drizzleStore(libsql(''), without)
