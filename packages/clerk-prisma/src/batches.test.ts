import { fileURLToPath } from 'node:url'
import type { Stores, UserStore } from '@acme/clerk-core/store'
import { expect, test } from 'vitest'
import { createDatabase, engineOf } from './testing/databases.js'
import { SHAPES } from './testing/stores.js'

// Sources of another package, which only its own configuration can compile.
interface CoreTests {
  assertBatchesAreSingles(options: { emptyUsers(): Promise<UserStore>; runs?: number }): Promise<void>
  assertSyncSurvivesCrashes(options: {
    stores: Stores
    users?: number
    kills: readonly number[]
  }): Promise<void>
}
const core = async (file: string) =>
  (await import(
    /* @vite-ignore */ fileURLToPath(new URL(`../../clerk-core/testing/${file}.ts`, import.meta.url))
  )) as CoreTests

test('on SQLite batches end as single applies do, and a sync that is ended anywhere ends right', async () => {
  const { assertBatchesAreSingles } = await core('batches')
  const { assertSyncSurvivesCrashes } = await core('sync-crashes')
  const database = await createDatabase(engineOf('v7-sqlite'))
  if ('missing' in database) throw new Error(database.missing)
  const prisma = await database.connect()
  const emptyUsers = async () => {
    await prisma.account.deleteMany()
    return SHAPES.existing(prisma).users
  }
  await assertBatchesAreSingles({ emptyUsers, runs: Number(process.env.FUZZ_RUNS ?? 20) })
  const stores = SHAPES.recommended(prisma)
  await assertSyncSurvivesCrashes({ stores, users: 250, kills: [1, 3] })
  await database.drop()
}, 300_000)

test('where its statement is refused, rows are written by Prisma, and an extended client sees them', async () => {
  const database = await createDatabase(engineOf('v7-postgresql'))
  if ('missing' in database) throw new Error(database.missing)
  const prisma = await database.connect()
  const seen: string[] = []
  const extended = prisma.$extends({
    query: {
      user: {
        async $allOperations({ operation, args, query }) {
          seen.push(operation)
          return query(args)
        },
      },
    },
  })
  const batch = (version: number) =>
    ['a', 'b', 'c'].map((name) => ({ clerkId: `user_${name}`, firstName: `v${version}`, version }))
  const { users } = SHAPES.recommended(extended as never)
  expect(await users.applyMany(batch(1))).toEqual(['created', 'created', 'created'])
  expect(await users.applyMany(batch(2))).toEqual(['updated', 'updated', 'updated'])
  expect(seen).toContain('createManyAndReturn')
  seen.length = 0
  // The columns are as they were when the plan was made; the type of one of them is another now.
  const { users: plain } = SHAPES.recommended(prisma)
  expect(await plain.applyMany(batch(3))).toEqual(['updated', 'updated', 'updated'])
  expect(seen).toEqual([])
  await prisma.$executeRawUnsafe('ALTER TABLE "User" RENAME COLUMN "firstName" TO "other"')
  await expect(plain.applyMany(batch(4))).rejects.toMatchObject({ fault: 'missing' })
  await prisma.$executeRawUnsafe('ALTER TABLE "User" RENAME COLUMN "other" TO "firstName"')
  await database.drop()
}, 120_000)

test('in a transaction a batch is written, and goes with it', async () => {
  const database = await createDatabase(engineOf('v7-postgresql'))
  if ('missing' in database) throw new Error(database.missing)
  const prisma = await database.connect()
  const batch = ['a', 'b'].map((name) => ({ clerkId: `user_${name}`, version: 1 }))
  const failing = prisma.$transaction(async (transaction) => {
    const { users } = SHAPES.recommended(transaction as never)
    expect(await users.applyMany(batch)).toEqual(['created', 'created'])
    throw new Error('rolled back')
  })
  await expect(failing).rejects.toThrow('rolled back')
  expect(await SHAPES.recommended(prisma).users.findMany(['user_a', 'user_b'])).toEqual([])
  await database.drop()
}, 120_000)
