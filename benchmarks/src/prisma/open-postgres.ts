import { readFile } from 'node:fs/promises'
import { service } from '@acme/tools/services'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../../packages/clerk-prisma/generated/v7-postgresql-app/client.ts'

export interface Statement {
  readonly text: string
  readonly values: unknown[]
}

export interface Postgres {
  readonly prisma: PrismaClient
  readonly url: string
  /** Off, nothing is remembered and `statements()` stays empty. */
  record(on: boolean): void
  /** The statements that were sent since this was asked last. */
  statements(): readonly Statement[]
  close(): Promise<void>
}

/** An empty database with the tables that the package ships; `null`, with a line that says why, where there is no server. */
export async function openPostgres(connections: number): Promise<Postgres | null> {
  const server = await service('postgres')
  if ('missing' in server) {
    console.log(`  skipped: ${server.missing}`)
    return null
  }
  const { url, drop } = await server.createDatabase('bench')
  const prisma = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max: connections }),
    log: [{ emit: 'event', level: 'query' }],
  })
  let recording = false
  let sent: Statement[] = []
  prisma.$on('query', ({ query, params }) => {
    if (recording) sent.push({ text: query, values: JSON.parse(params) as unknown[] })
  })
  for (const file of [
    'migrations/postgresql/users.sql',
    'migrations/postgresql/clerk.sql',
    'migrations/postgresql/roles.sql',
    'prisma/app.postgresql.sql',
  ]) {
    const sql = await readFile(new URL(`../../../packages/clerk-prisma/${file}`, import.meta.url), 'utf8')
    const statements = sql.replaceAll(/^--.*$/gm, '').split(';')
    for (const statement of statements.filter((text) => text.trim() !== ''))
      await prisma.$executeRawUnsafe(statement)
  }
  return {
    prisma,
    url,
    record(on) {
      recording = on
    },
    statements() {
      const since = sent
      sent = []
      return since
    },
    async close() {
      await prisma.$disconnect()
      await drop()
    },
  }
}
