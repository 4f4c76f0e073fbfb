import { fileURLToPath } from 'node:url'
import type { Stores, UserStore } from '@acme/clerk-core/store'
import { describeWith } from '@acme/tools/services/vitest'
import { expect, test } from 'vitest'
import { createDatabase, engineOf, type TestClient } from './testing/databases.js'
import { movedBack } from './testing/harness.js'
import { SHAPES } from './testing/stores.js'

// Sources of another package, which only its own configuration can compile.
interface CoreTests {
  assertConverges(options: { emptyStores(): Promise<Stores>; workers?: number; runs?: number }): Promise<void>
  assertProofHolds(options: { emptyUsers(): Promise<UserStore>; runs?: number }): Promise<void>
  assertBatchesAreSingles(options: { emptyUsers(): Promise<UserStore>; runs?: number }): Promise<void>
  assertSyncSurvivesCrashes(options: {
    stores: Stores
    users?: number
    kills: readonly number[]
  }): Promise<void>
  deliverThroughCrashes(options: {
    stores: Stores
    now: () => number
    elapse: (ms: number) => Promise<void>
    events: readonly { id: string; json: object }[]
    kills: readonly { calls: number; when: 'before' | 'after' }[]
  }): Promise<{ runs: ReadonlyMap<string, number>; kills: number }>
}
const core = async (file: string) =>
  (await import(
    /* @vite-ignore */ fileURLToPath(new URL(`../../clerk-core/testing/${file}.ts`, import.meta.url))
  )) as CoreTests & {
    eventJson(type: string, data: object, timestamp: number): object
    userJson(id: string, fields?: object): object
  }

async function empty(prisma: TestClient): Promise<void> {
  for (const table of [
    'user',
    'account',
    'organization',
    'company',
    'membership',
    'clerkRole',
    'invitation',
    'webhookEvent',
    'clerkChange',
  ] as const) {
    await (prisma[table] as TestClient['user']).deleteMany()
  }
}

await describeWith('postgres', 'core on PostgreSQL', () => {
  for (const shape of ['recommended', 'existing'] as const) {
    test(`any order of a history ends in the same state, in the ${shape} schema`, {
      timeout: 300_000,
    }, async () => {
      const { assertConverges } = await core('convergence')
      const database = await createDatabase(engineOf('v7-postgresql'))
      if ('missing' in database) throw new Error(database.missing)
      const prisma = await database.connect()
      await assertConverges({
        emptyStores: async () => {
          await empty(prisma)
          return SHAPES[shape](prisma)
        },
        runs: Number(process.env.FUZZ_RUNS ?? 15),
      })
      await database.drop()
    })
  }

  test('an address is left to the user who has proved it, however many claim it', {
    timeout: 300_000,
  }, async () => {
    const { assertProofHolds } = await core('proof')
    const database = await createDatabase(engineOf('v7-postgresql'))
    if ('missing' in database) throw new Error(database.missing)
    const prisma = await database.connect()
    const emptyUsers = async () => {
      await empty(prisma)
      return SHAPES.existing(prisma).users
    }
    await assertProofHolds({ emptyUsers, runs: Number(process.env.FUZZ_RUNS ?? 30) })
    await database.drop()
  })

  test('batches end in the rows that single applies make, and a sync that is ended anywhere ends right', {
    timeout: 300_000,
  }, async () => {
    const { assertBatchesAreSingles } = await core('batches')
    const { assertSyncSurvivesCrashes } = await core('sync-crashes')
    const database = await createDatabase(engineOf('v7-postgresql'))
    if ('missing' in database) throw new Error(database.missing)
    const prisma = await database.connect()
    for (const shape of ['recommended', 'existing'] as const) {
      const emptyUsers = async () => {
        await empty(prisma)
        return SHAPES[shape](prisma).users
      }
      await assertBatchesAreSingles({ emptyUsers, runs: Number(process.env.FUZZ_RUNS ?? 30) })
    }
    await empty(prisma)
    await assertSyncSurvivesCrashes({ stores: SHAPES.recommended(prisma), users: 450, kills: [1, 3, 2, 5] })
    await database.drop()
  })

  test('a backend that is killed in the middle of its work loses nothing', { timeout: 300_000 }, async () => {
    const { deliverThroughCrashes } = await core('crash')
    const { eventJson, userJson } = await core('clerk-json')
    const database = await createDatabase(engineOf('v7-postgresql'))
    if ('missing' in database) throw new Error(database.missing)
    const prisma = await database.connect()
    const stores = SHAPES.recommended(prisma)
    const events = [
      eventJson('user.created', userJson('user_1', { updated_at: 1_000 }), 1_000),
      eventJson('user.updated', userJson('user_1', { updated_at: 2_000, first_name: 'Ann' }), 2_000),
      eventJson('user.deleted', { id: 'user_1', deleted: true }, 3_000),
    ].map((json, i) => ({ id: `msg_${i}`, json }))
    const kills = [1, 2, 3, 4, 5].map((calls) => ({
      calls,
      when: calls % 2 ? ('before' as const) : ('after' as const),
    }))

    const { runs, kills: killed } = await deliverThroughCrashes({
      ...{ stores, events, kills, now: Date.now },
      elapse: (ms) => movedBack(prisma, 'postgresql', ms),
    })

    expect(killed).toBe(kills.length)
    expect((await stores.inbox.list({ limit: 10, status: 'open' })).events).toEqual([])
    for (const { id } of events) {
      for (const handler of ['first', 'second'])
        expect(runs.get(`${handler} ${id}`)).toBeGreaterThanOrEqual(1)
    }
    expect(await stores.users.findByClerkId('user_1')).toMatchObject({
      ...{ firstName: 'Ann', version: 2_000, isActive: true, deletedAt: new Date(3_000) },
    })
    await database.drop()
  })
})
