import type { UserSnapshot } from '@acme/clerk-core/store'
import { mongoStore } from '@acme/clerk-mongo'
import { service } from '@acme/tools/services'
import { type Collection, MongoClient } from 'mongodb'
import type { Result, Row, Suite } from '../suite.js'

const CONCURRENCY = 16

/**
 * Users written one after the other as a first synchronisation does, into an empty collection and again over what is there, beside
 * the upsert that tutorials show, which has no versions, no deletions and no unique addresses to care for.
 */
export const mongoImport: Suite = {
  name: 'mongo-import',
  async run({ pick }): Promise<readonly Row[]> {
    const server = await service('mongodb')
    if ('missing' in server) {
      console.log(`  skipped: ${server.missing}`)
      return []
    }
    const database = await server.createDatabase('bench')
    const client = new MongoClient(database.url, { maxPoolSize: CONCURRENCY })
    try {
      const full = await isMongod(client)
      const count = pick(full ? 100_000 : 5000, 200)
      const where = full ? '' : ', on mongo-java-server, which scans: no measure of either'
      const store = mongoStore(client.db())
      await store.ensureIndexes()
      const naive = client.db().collection('naive')
      await naive.createIndex({ clerkId: 1 }, { unique: true })
      const apply = (n: number) => store.users.apply(snapshot(n))
      const upsert = (n: number) => tutorialUpsert(naive, snapshot(n))

      await importAll(Math.min(count, 2000), (n) => apply(-n - 1))
      await importAll(Math.min(count, 2000), (n) => upsert(-n - 1))
      const first = [await importAll(count, apply), await importAll(count, upsert)] as const
      const some = Math.ceil(count / 10)
      const again = [await importAll(some, apply), await importAll(some, upsert)] as const
      return [
        { what: `import of ${count} users into an empty collection${where}`, results: compared(first) },
        { what: `${some} of them again${where}`, results: compared(again) },
        {
          what: 'heap that the import adds at most',
          results: [{ who: 'store.users.apply', value: first[0].heapMb, unit: 'MB' }],
        },
      ]
    } finally {
      await client.close()
      await database.drop()
    }
  },
}

/** mongo-java-server reads the whole collection for most filters: 100,000 rows would take hours there, with any client. */
export async function isMongod(client: MongoClient): Promise<boolean> {
  return 'storageEngines' in (await client.db().command({ buildInfo: 1 }))
}

interface Import {
  rowsPerSecond: number
  heapMb: number
}

function compared([ours, naive]: readonly [Import, Import]): Result[] {
  return [
    { who: 'store.users.apply', value: ours.rowsPerSecond, unit: 'rows/s' },
    {
      who: 'tutorial upsert',
      value: naive.rowsPerSecond,
      unit: 'rows/s',
      oursIsBetterBy: ours.rowsPerSecond / naive.rowsPerSecond,
    },
  ]
}

export async function importAll(count: number, write: (n: number) => Promise<unknown>): Promise<Import> {
  const start = performance.now()
  const heap = process.memoryUsage().heapUsed
  let highest = heap
  let next = 0
  const worker = async () => {
    while (next < count) {
      const n = next++
      await write(n)
      if (n % 1000 === 0) highest = Math.max(highest, process.memoryUsage().heapUsed)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  const seconds = (performance.now() - start) / 1000
  return { rowsPerSecond: count / seconds, heapMb: (highest - heap) / 1e6 }
}

function tutorialUpsert(collection: Collection, { clerkId, ...fields }: UserSnapshot): Promise<unknown> {
  return collection.updateOne({ clerkId }, { $set: fields }, { upsert: true })
}

const snapshot = (n: number): UserSnapshot => ({
  clerkId: `user_2abcdefghijklmnopqrst${n}`,
  email: `person-${n}@example.com`,
  emailVerified: true,
  username: `person-${n}`,
  phone: null,
  firstName: 'Ada',
  lastName: `Lovelace ${n}`,
  imageUrl: 'https://img.clerk.com/abcdefghijklmnopqrstuvwxyz',
  externalId: null,
  publicMetadata: { plan: 'pro', seats: n % 10 },
  banned: false,
  deprovisioned: false,
  locked: false,
  createdAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_000,
  lastSignInAt: 1_700_000_000_000,
  lastActiveAt: 1_700_000_000_000,
  version: 1_700_000_000_000,
})
