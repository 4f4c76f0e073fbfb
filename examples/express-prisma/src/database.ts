import { readdir, readFile } from 'node:fs/promises'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient as PostgresClient } from '../generated/postgresql/client.js'
import { PrismaClient } from '../generated/sqlite/client.js'

export type Database = PrismaClient

export const databaseUrl = (env: Readonly<Record<string, string | undefined>>): string =>
  env['DATABASE_URL'] ?? 'file:./team-notes.db'

/** @param url `file:…` for SQLite, `postgres://…` for PostgreSQL */
export async function openDatabase(url: string): Promise<Database> {
  const isPostgres = /^postgres(ql)?:/.test(url)
  const prisma = isPostgres
    ? // Made from one schema: the same models and methods.
      (new PostgresClient({
        adapter: new PrismaPg({
          connectionString: url,
          // Without them a connection that went silent is waited for until the operating system gives it up.
          connectionTimeoutMillis: 3_000,
          query_timeout: 10_000,
        }),
      }) as unknown as Database)
    : new PrismaClient({ adapter: new PrismaLibSql({ url }) })
  await migrate(prisma, isPostgres ? 'postgresql' : 'sqlite')
  return prisma
}

/**
 * Applies what is not there yet of `prisma/migrations`, through the driver: an embedded database is ready at the first
 * start. In production, run `prisma migrate deploy` when you deploy instead.
 */
async function migrate(prisma: Database, provider: string): Promise<void> {
  await prisma.$executeRawUnsafe(
    'CREATE TABLE IF NOT EXISTS "_migrations" ("name" TEXT NOT NULL PRIMARY KEY)',
  )
  const applied = await prisma.$queryRawUnsafe<{ name: string }[]>('SELECT "name" FROM "_migrations"')
  const folder = new URL(`../../prisma/migrations/${provider}/`, import.meta.url)
  for (const name of (await readdir(folder)).sort()) {
    if (applied.some((migration) => migration.name === name)) continue
    const sql = await readFile(new URL(name, folder), 'utf8')
    await prisma.$transaction([
      ...sql
        .split(/;\s*$/m)
        .filter((statement) => statement.trim() !== '')
        .map((statement) => prisma.$executeRawUnsafe(statement)),
      prisma.$executeRaw`INSERT INTO "_migrations" ("name") VALUES (${name})`,
    ])
  }
}
