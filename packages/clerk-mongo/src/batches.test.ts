import { fileURLToPath } from 'node:url'
import type { UserStore } from '@acme/clerk-core/store'
import { describeWith } from '@acme/tools/services/vitest'
import { MongoClient } from 'mongodb'
import { test } from 'vitest'
import { mongoStore } from './mongo-store.js'

// Sources of another package, which only its own configuration can compile.
interface CoreTests {
  assertBatchesAreSingles(options: { emptyUsers(): Promise<UserStore>; runs?: number }): Promise<void>
}
const core = async (file: string) =>
  (await import(
    /* @vite-ignore */ fileURLToPath(new URL(`../../clerk-core/testing/${file}.ts`, import.meta.url))
  )) as CoreTests

await describeWith('mongodb', 'batches in MongoDB', (server) => {
  test('end in the rows that single applies make', async () => {
    const { assertBatchesAreSingles } = await core('batches')
    const database = await server.createDatabase('batches')
    const client = new MongoClient(database.url)
    const store = mongoStore(client.db())
    await store.ensureIndexes()
    for (const key of ['email', 'username'])
      await client
        .db()
        .collection('users')
        .createIndex({ [key]: 1 }, { unique: true, sparse: true })
    const emptyUsers = async () => {
      await client.db().collection('users').deleteMany({})
      return store.users as unknown as UserStore
    }
    await assertBatchesAreSingles({ emptyUsers, runs: Number(process.env.FUZZ_RUNS ?? 20) })
    await client.close()
    await database.drop()
  }, 300_000)
})
