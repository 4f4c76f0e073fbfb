import { mongoStore } from '@acme/clerk-mongo'
import { prismaStore } from '@acme/clerk-prisma'
import { service } from '@acme/tools/services'
import { memoryStore, type Stores } from './core.js'

/** Stores that are open, and what an application does in its own database. */
export interface OpenStores {
  readonly stores: Stores
  /** The application's own switch. */
  setActive(clerkId: string, isActive: boolean): Promise<void>
  close(): Promise<void>
}

export interface StoreKind {
  readonly name: string
  /** Only with `THOROUGH=1`: what it could find, another finds as well. */
  readonly thorough?: true
  open(): Promise<OpenStores | { readonly missing: string }>
}

export const STORES: readonly StoreKind[] = [
  { name: 'memory', open: openMemory },
  { name: 'Prisma on SQLite', open: () => openPrisma('v7-sqlite') },
  { name: 'MongoDB', open: openMongo },
  { name: 'Prisma on PostgreSQL', thorough: true, open: () => openPrisma('v7-postgresql') },
]

async function openMemory(): Promise<OpenStores> {
  const stores = memoryStore()
  return {
    stores,
    async setActive(clerkId, isActive) {
      const row = await stores.users.findByClerkId(clerkId)
      if (row === null) throw new Error(`There is no row for ${clerkId}.`)
      await stores.users.update(row.id, { isActive })
    },
    close: async () => undefined,
  }
}

/** The test databases of the store packages, which make them with their own migrations and drivers. */
const harnessOf = <T>(file: string) => import(new URL(`../../../packages/${file}`, import.meta.url).href) as T

interface PrismaHarness {
  engineOf(client: string): unknown
  createDatabase(engine: unknown): Promise<
    | { missing: string }
    | {
        connect(): Promise<PrismaClient>
        drop(): Promise<void>
      }
  >
}
type PrismaClient = Parameters<typeof prismaStore>[0] & {
  readonly user: {
    update(query: { where: { clerkId: string }; data: { isActive: boolean } }): Promise<unknown>
  }
}

async function openPrisma(client: string): Promise<OpenStores | { missing: string }> {
  const { engineOf, createDatabase } = await harnessOf<Promise<PrismaHarness>>(
    'clerk-prisma/src/testing/databases.ts',
  )
  const database = await createDatabase(engineOf(client))
  if ('missing' in database) return database
  const prisma = await database.connect()
  return {
    stores: prismaStore(prisma) as unknown as Stores,
    setActive: async (clerkId, isActive) =>
      void (await prisma.user.update({ where: { clerkId }, data: { isActive } })),
    close: () => database.drop(),
  }
}

interface MongoHarness {
  readonly DRIVERS: readonly { readonly driver: string; connect(url: string): MongoClient }[]
}
interface Collection {
  updateOne(filter: object, update: object): Promise<unknown>
}
interface MongoClient {
  db(): Parameters<typeof mongoStore>[0]
  close(): Promise<void>
}

async function openMongo(): Promise<OpenStores | { missing: string }> {
  const server = await service('mongodb')
  if ('missing' in server) return server
  const { DRIVERS } = await harnessOf<Promise<MongoHarness>>('clerk-mongo/src/testing/drivers.ts')
  const database = await server.createDatabase('authority')
  const client = DRIVERS.at(-1)!.connect(database.url)
  const stores = mongoStore(client.db())
  await stores.ensureIndexes()
  return {
    stores: stores as unknown as Stores,
    async setActive(clerkId, isActive) {
      const users = client.db().collection('users') as unknown as Collection
      await users.updateOne({ clerkId }, { $set: { isActive } })
    },
    async close() {
      await client.close()
      await database.drop()
    },
  }
}
