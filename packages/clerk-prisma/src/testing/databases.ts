import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ServerName, service } from '@acme/tools/services'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaLibSQL as PrismaLibSql6 } from '@prisma/adapter-libsql6'
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaPg as PrismaPg6 } from '@prisma/adapter-pg6'
import type { PrismaClient } from '../../generated/v7-postgresql-app/client.ts'

/** The clients differ in nothing the tests use. */
export type TestClient = PrismaClient

export interface TestDatabase {
  readonly url: string
  /** One more client, with a pool of its own. */
  connect(options?: { log?: boolean; url?: string }): Promise<TestClient>
  drop(): Promise<void>
}

export interface Engine {
  readonly title: string
  readonly provider: 'sqlite' | 'postgresql' | 'mysql'
  /** `null`: it is part of the tests. */
  readonly server: ServerName | null
  readonly client: string
  /** @param app which of the test applications' clients: a schema in `prisma/` */
  connect(url: string, options?: { log?: boolean; app?: string }): Promise<TestClient>
}

type Adapter = ConstructorParameters<typeof PrismaClient>[0]['adapter']

const adapters = {
  v7: {
    sqlite: (url: string) => new PrismaLibSql({ url, timeout: 5000 }),
    postgresql: (url: string) => new PrismaPg({ connectionString: url, max: 20 }),
    mysql: (url: string) => new PrismaMariaDb(mariadbOptions(url)),
  },
  v6: {
    sqlite: (url: string) => new PrismaLibSql6({ url }),
    postgresql: (url: string) => new PrismaPg6({ connectionString: url, max: 20 }),
  },
} as const

function mariadbOptions(url: string) {
  const { hostname, port, username, password, pathname } = new URL(url)
  return {
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    connectionLimit: 20,
    connectTimeout: 2000,
    acquireTimeout: 8000,
  }
}

function engine(
  title: string,
  provider: Engine['provider'],
  server: ServerName | null,
  client: string,
  adapter: (url: string) => unknown,
): Engine {
  return {
    ...{ title, provider, server, client },
    async connect(url, { log = false, app = 'app' } = {}) {
      const generated = new URL(`../../generated/${client}-${app}/client.ts`, import.meta.url)
      const module = (await import(generated.href)) as { PrismaClient: typeof PrismaClient }
      return new module.PrismaClient({
        adapter: adapter(url) as NonNullable<Adapter>,
        log: log ? [{ emit: 'event', level: 'query' }] : [],
      }) as TestClient
    },
  }
}

/** Every database and version of Prisma the store is proven on. */
export const ENGINES: readonly Engine[] = [
  engine('SQLite, Prisma 7', 'sqlite', null, 'v7-sqlite', adapters.v7.sqlite),
  engine('PostgreSQL, Prisma 7', 'postgresql', 'postgres', 'v7-postgresql', adapters.v7.postgresql),
  engine('MariaDB, Prisma 7', 'mysql', 'mariadb', 'v7-mysql', adapters.v7.mysql),
  engine('SQLite, Prisma 6', 'sqlite', null, 'v6-sqlite', adapters.v6.sqlite),
  engine('PostgreSQL, Prisma 6', 'postgresql', 'postgres', 'v6-postgresql', adapters.v6.postgresql),
]

export const engineOf = (client: string): Engine => {
  const found = ENGINES.find((candidate) => candidate.client === client)
  if (found === undefined) throw new Error(`no engine ${client}`)
  return found
}

const root = new URL('../../', import.meta.url)

/** Runs SQL as a user would apply it, statement by statement. */
export async function applySql(
  client: { $executeRawUnsafe(sql: string): PromiseLike<unknown> },
  sql: string,
) {
  const statements = sql
    .replaceAll(/^--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
  for (const statement of statements) if (statement !== '') await client.$executeRawUnsafe(statement)
}

export const MIGRATIONS = [
  'migrations/*/users.sql',
  'migrations/*/clerk.sql',
  'migrations/*/roles.sql',
  'prisma/app.*.sql',
]

/** An empty database with the migrations applied, or why there is none. */
export async function createDatabase(
  engine: Engine,
  files: readonly string[] = MIGRATIONS,
  app = 'app',
): Promise<TestDatabase | { missing: string }> {
  const place = await createPlace(engine)
  if ('missing' in place) return place
  const clients: TestClient[] = []
  const connect: TestDatabase['connect'] = async ({ log = false, url = place.url } = {}) => {
    const client = await engine.connect(url, { log, app })
    clients.push(client)
    return client
  }
  const client = await connect()
  if (engine.provider === 'sqlite') await client.$queryRawUnsafe('PRAGMA journal_mode = WAL')
  for (const file of files) {
    await applySql(client, await readFile(new URL(file.replace('*', engine.provider), root), 'utf8'))
  }
  return {
    url: place.url,
    connect,
    async drop() {
      await Promise.all(clients.map((open) => open.$disconnect()))
      await place.drop()
    },
  }
}

async function createPlace({
  server,
}: Engine): Promise<{ url: string; drop(): Promise<void> } | { missing: string }> {
  if (server !== null) {
    const found = await service(server)
    return 'missing' in found ? found : found.createDatabase('prisma')
  }
  const folder = await mkdtemp(join(tmpdir(), 'clerk-prisma-'))
  return {
    url: `file:${join(folder, 'test.db')}`,
    drop: () => rm(folder, { recursive: true, force: true }),
  }
}
