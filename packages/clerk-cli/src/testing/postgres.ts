import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../../clerk-prisma/generated/v7-postgresql-app/client.js'

const prismaPackage = (file: string) => new URL(`../../../clerk-prisma/${file}`, import.meta.url)

/** The clerk of an application on PostgreSQL, and how it is closed, as a module for `acme-clerk.config.ts`. */
export const postgresClerk = `import { createClerk, fromEnv } from '@acme/clerk-core'
import { prismaStore } from '@acme/clerk-prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from ${JSON.stringify(fileURLToPath(prismaPackage('generated/v7-postgresql-app/client.ts')))}

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL, max: 4 }) })

export const clerk = createClerk(fromEnv(), prismaStore(prisma))
export const close = () => prisma.$disconnect()
`

export const postgresConfig = `import { defineConfig } from '@acme/clerk-cli'
import { clerk, close } from './clerk.js'

export default defineConfig({ clerk: () => clerk, close })
`

/** A client of the database at the address, which gets the tables of the package. */
export async function postgresTables(url: string): Promise<PrismaClient> {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
  for (const name of ['users', 'clerk', 'roles']) {
    const sql = await readFile(prismaPackage(`migrations/postgresql/${name}.sql`), 'utf8')
    for (const statement of sql.split(/;\s*$/m))
      if (statement.trim() !== '') await prisma.$executeRawUnsafe(statement)
  }
  await prisma.$executeRawUnsafe('ALTER TABLE "User" ADD COLUMN "theme" TEXT')
  return prisma
}
