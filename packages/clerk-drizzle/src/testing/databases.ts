import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ServerName, service } from '@acme/tools/services'
import { createClient } from '@libsql/client'
import {
  generateDrizzleJson,
  generateMigration,
  generateMySQLDrizzleJson,
  generateMySQLMigration,
  generateSQLiteDrizzleJson,
  generateSQLiteMigration,
} from 'drizzle-kit/api'
import { drizzle as libsql } from 'drizzle-orm/libsql'
import { drizzle as mysql } from 'drizzle-orm/mysql2'
import { drizzle as postgres } from 'drizzle-orm/node-postgres'
import { drizzle as postgresJs } from 'drizzle-orm/postgres-js'
import { drizzle as sqlJs } from 'drizzle-orm/sql-js'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import postgresOf from 'postgres'
import initSqlJs, { type Database } from 'sql.js'
import * as mysqlSchema from './schema.mysql.js'
import * as pgSchema from './schema.pg.js'
import * as sqliteSchema from './schema.sqlite.js'

/** The databases and their tables differ in nothing the tests use. */
export type TestDatabase = ReturnType<typeof libsql>
export type TestSchema = typeof sqliteSchema

export interface Connection {
  readonly db: TestDatabase
  /** Runs a statement as it is, beside Drizzle. */
  run(statement: string): Promise<void>
  close(): Promise<void>
}

export interface Engine {
  readonly driver: string
  readonly dialect: 'sqlite' | 'postgresql' | 'mysql'
  readonly title: string
  /** `null`: it is part of the tests. */
  readonly server: ServerName | null
  readonly schema: TestSchema
  connect(url: string): Promise<Connection>
  /** What `drizzle-kit generate` writes for these tables in an empty project. */
  migration(schema: object): Promise<string[]>
}

const record = (schema: object) => schema as Record<string, unknown>

const sqlite = {
  dialect: 'sqlite',
  server: null,
  schema: sqliteSchema,
  migration: async (schema: object) =>
    generateSQLiteMigration(
      await generateSQLiteDrizzleJson({}),
      await generateSQLiteDrizzleJson(record(schema)),
    ),
} as const

const postgresql = {
  dialect: 'postgresql',
  server: 'postgres',
  schema: pgSchema as unknown as TestSchema,
  migration: async (schema: object) =>
    generateMigration(generateDrizzleJson({}), generateDrizzleJson(record(schema))),
} as const

/** Of sql.js, which has them in memory: every connection of a place is to the same. */
const inMemory = new Map<string, Database>()

/** Every driver that the stores are proven with. sql.js answers at once, as better-sqlite3 does. */
export const ENGINES = {
  libsql: {
    ...sqlite,
    driver: 'libsql',
    title: 'SQLite, libSQL',
    async connect(url: string) {
      const client = createClient({ url, timeout: 5000 })
      return {
        db: libsql(client),
        run: async (statement: string) => void (await client.execute(statement)),
        close: async () => client.close(),
      }
    },
  },
  'sql.js': {
    ...sqlite,
    driver: 'sql.js',
    title: 'SQLite, sql.js',
    async connect(url: string) {
      const { Database } = await initSqlJs()
      const database = inMemory.get(url) ?? new Database()
      inMemory.set(url, database)
      return {
        db: sqlJs(database) as unknown as TestDatabase,
        run: async (statement: string) => void database.run(statement),
        close: async () => void inMemory.delete(url),
      }
    },
  },
  'node-postgres': {
    ...postgresql,
    driver: 'node-postgres',
    title: 'PostgreSQL, node-postgres',
    async connect(url: string) {
      const pool = new pg.Pool({ connectionString: url, max: 20, connectionTimeoutMillis: 5000 })
      pool.on('error', () => {}) // an idle connection was cut
      return {
        db: postgres(pool) as unknown as TestDatabase,
        run: async (statement: string) => void (await pool.query(statement)),
        close: () => pool.end(),
      }
    },
  },
  'postgres-js': {
    ...postgresql,
    driver: 'postgres-js',
    title: 'PostgreSQL, postgres-js',
    async connect(url: string) {
      const client = postgresOf(url, { max: 20, connect_timeout: 5, onnotice: () => {} })
      return {
        db: postgresJs(client) as unknown as TestDatabase,
        run: async (statement: string) => void (await client.unsafe(statement)),
        close: () => client.end(),
      }
    },
  },
  mysql2: {
    driver: 'mysql2',
    dialect: 'mysql',
    title: 'MariaDB, mysql2',
    server: 'mariadb',
    schema: mysqlSchema as unknown as TestSchema,
    async connect(url: string) {
      const pool = createPool({ uri: url, connectionLimit: 20, connectTimeout: 5000 })
      return {
        db: mysql(pool) as unknown as TestDatabase,
        run: async (statement: string) => void (await pool.query(statement)),
        close: () => pool.end(),
      }
    },
    migration: async (schema: object) =>
      generateMySQLMigration(
        await generateMySQLDrizzleJson({}),
        await generateMySQLDrizzleJson(record(schema)),
      ),
  },
} as const satisfies Readonly<Record<string, Engine>>

export type Driver = keyof typeof ENGINES

export interface Place {
  readonly url: string
  /** One more connection, which is closed with the database. */
  connect(url?: string): Promise<Connection>
  drop(): Promise<void>
}

/** A database with the tables of the schema, made as drizzle-kit makes them; or why there is none. */
export async function createDatabase(
  engine: Engine,
  schema: object = engine.schema,
): Promise<Place | { missing: string }> {
  const place = await createPlace(engine)
  if ('missing' in place) return place
  const open: Connection[] = []
  const connect = async (url = place.url) => {
    const connection = await engine.connect(url)
    open.push(connection)
    return connection
  }
  const { run } = await connect()
  if (engine.server === null) await run('PRAGMA journal_mode = WAL')
  for (const statements of await engine.migration(schema))
    for (const statement of statements.split('--> statement-breakpoint')) await run(statement)
  return {
    url: place.url,
    connect,
    async drop() {
      await Promise.all(open.map((connection) => connection.close()))
      await place.drop()
    },
  }
}

async function createPlace({
  server,
}: Engine): Promise<{ url: string; drop(): Promise<void> } | { missing: string }> {
  if (server !== null) {
    const found = await service(server)
    return 'missing' in found ? found : found.createDatabase('drizzle')
  }
  const folder = await mkdtemp(join(tmpdir(), 'clerk-drizzle-'))
  return {
    url: `file:${join(folder, 'test.db')}`,
    drop: () => rm(folder, { recursive: true, force: true }),
  }
}
