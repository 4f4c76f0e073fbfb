import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaClient } from '../../../clerk-prisma/generated/v7-sqlite-app/client.js'

const prismaPackage = (file: string) => new URL(`../../../clerk-prisma/${file}`, import.meta.url)

/** The clerk of an application on SQLite, as a module for `acme-clerk.config.ts`. */
export const sqliteConfig = `import { createClerk, fromEnv } from '@acme/clerk-core'
import { defineConfig } from '@acme/clerk-cli'
import { prismaStore } from '@acme/clerk-prisma'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaClient } from ${JSON.stringify(fileURLToPath(prismaPackage('generated/v7-sqlite-app/client.ts')))}

const prisma = new PrismaClient({ adapter: new PrismaLibSql({ url: 'file:shop.db' }) })
const clerk = createClerk(fromEnv(), prismaStore(prisma))

export default defineConfig({
  clerk: () => clerk,
  close: () => prisma.$disconnect(),
  administrators: {
    create: async ({ email, password }) =>
      (await prisma.user.create({ data: { email, theme: String(password.length) } })).theme,
  },
})
`

/** Its database, with the tables of the package. */
export async function sqliteDatabase(file: string): Promise<PrismaClient> {
  const prisma = new PrismaClient({ adapter: new PrismaLibSql({ url: `file:${file}` }) })
  for (const name of ['users', 'clerk', 'roles']) {
    const sql = await readFile(prismaPackage(`migrations/sqlite/${name}.sql`), 'utf8')
    for (const statement of sql.split(/;\s*$/m))
      if (statement.trim() !== '') await prisma.$executeRawUnsafe(statement)
  }
  await prisma.$executeRawUnsafe('ALTER TABLE "User" ADD COLUMN "theme" TEXT')
  return prisma
}
