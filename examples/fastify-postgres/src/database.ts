import { readdir, readFile } from 'node:fs/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../generated/client.js'

export type Database = PrismaClient

/** Opens the database and applies what is not there yet of `prisma/migrations`. */
export async function openDatabase(connectionString: string): Promise<Database> {
  const prisma = new PrismaClient({
    adapter: new PrismaPg({
      connectionString,
      // Without them a connection that went silent is waited for until the operating system gives it up. Migrations too.
      connectionTimeoutMillis: 3_000,
      query_timeout: 30_000,
    }),
  })
  const folder = new URL('../../prisma/migrations/', import.meta.url)
  const files = (await readdir(folder)).sort()
  await prisma.$transaction(
    async (tx) => {
      // Two processes that start together: the second one waits, and finds nothing left to do.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(7413)`
      await tx.$executeRaw`CREATE TABLE IF NOT EXISTS _migrations (name TEXT PRIMARY KEY)`
      const applied = await tx.$queryRaw<{ name: string }[]>`SELECT name FROM _migrations`
      for (const name of files.filter((file) => !applied.some((migration) => migration.name === file))) {
        for (const statement of (await readFile(new URL(name, folder), 'utf8')).split(/;\s*$/m))
          if (statement.trim() !== '') await tx.$executeRawUnsafe(statement)
        await tx.$executeRaw`INSERT INTO _migrations (name) VALUES (${name})`
      }
    },
    { timeout: 30_000 },
  )
  return prisma
}
