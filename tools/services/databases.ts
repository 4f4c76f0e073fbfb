import { createConnection } from 'mariadb'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import type { ServerName } from './definition.js'

/** What has to be done around a test's database, per kind of server. */
interface Administration {
  /** Rejects until the server answers. */
  ping(url: string): Promise<void>
  create(url: string, database: string): Promise<void>
  drop(url: string, database: string): Promise<void>
}

async function onPostgres(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function onMariadb(url: string, sql: string): Promise<void> {
  const { hostname, port, username, password } = new URL(url)
  const connection = await createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    connectTimeout: 2000,
  })
  try {
    await connection.query(sql)
  } finally {
    await connection.end()
  }
}

async function onMongodb(url: string, work: (client: MongoClient) => Promise<unknown>): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 2000 })
  try {
    await work(client)
  } finally {
    await client.close()
  }
}

export const ADMINISTRATION: Record<ServerName, Administration> = {
  postgres: {
    ping: (url) => onPostgres(url, 'SELECT 1'),
    create: (url, database) => onPostgres(url, `CREATE DATABASE "${database}"`),
    drop: (url, database) => onPostgres(url, `DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`),
  },
  mariadb: {
    ping: (url) => onMariadb(url, 'SELECT 1'),
    create: (url, database) => onMariadb(url, `CREATE DATABASE \`${database}\``),
    drop: (url, database) => onMariadb(url, `DROP DATABASE IF EXISTS \`${database}\``),
  },
  mongodb: {
    ping: (url) => onMongodb(url, (client) => client.db('admin').command({ ping: 1 })),
    // A database of MongoDB comes into being with its first document.
    create: async () => {},
    drop: (url, database) => onMongodb(url, (client) => client.db(database).dropDatabase()),
  },
}
