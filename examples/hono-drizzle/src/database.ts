import { fileURLToPath } from 'node:url'
import { createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import * as schema from './schema.js'

export type Database = Awaited<ReturnType<typeof openDatabase>>['db']

const MIGRATIONS = fileURLToPath(new URL('../drizzle/', import.meta.url))

/** Opens it, a file where none is named, and brings its tables up to date. */
export async function openDatabase({ DATABASE_URL }: Readonly<Record<string, string | undefined>>) {
  const client = createClient({ url: DATABASE_URL ?? 'file:team-notes.db', timeout: 5_000 })
  // Those who read do not wait for one who writes.
  await client.execute('PRAGMA journal_mode = WAL')
  const db = drizzle(client, { schema })
  await migrate(db, { migrationsFolder: MIGRATIONS })
  return { db, close: () => client.close() }
}
