import { openProxy } from '@acme/tools/services/proxy'
import { expect, test } from 'vitest'
import { prismaStore } from '../prisma-store.js'
import { createDatabase, type Engine, type TestClient } from '../testing/databases.js'
import { describeEngines } from '../testing/describe-engines.js'
import { anEvent } from '../testing/snapshots.js'
import { DIALECTS } from './dialect.js'
import { toStoreError } from './errors.js'

async function open(engine: Engine) {
  const database = await createDatabase(engine)
  if ('missing' in database) throw new Error(database.missing)
  return database
}

const quoted = ({ provider }: Engine, sql: string) => (provider === 'mysql' ? sql.replaceAll('"', '`') : sql)

const reasonOf = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => undefined,
    (reason: unknown) => reason,
  )

const SLOW = { timeout: 30_000, maxWait: 30_000 }
const touch = (id: string) => `UPDATE "WebhookEvent" SET "attempts" = "attempts" + 1 WHERE "id" = '${id}'`

/** Two transactions that wait for each other: what the one says that the database ends. */
async function deadlock(prisma: TestClient, sql: (id: string) => string): Promise<unknown> {
  let begun = 0
  let meet: () => void = () => undefined
  const met = new Promise<void>((resolve) => {
    meet = resolve
  })
  const inOrder = (mine: string, other: string) =>
    reasonOf(
      prisma.$transaction(async (tx) => {
        await tx.$executeRawUnsafe(sql(mine))
        begun += 1
        if (begun === 2) meet()
        await met
        await tx.$executeRawUnsafe(sql(other))
      }, SLOW),
    )
  const reasons = await Promise.all([inOrder('a', 'b'), inOrder('b', 'a')])
  return reasons.find((reason) => reason !== undefined)
}

/** A writer who finds the file of SQLite taken for as long as it waits. */
async function busy(holder: TestClient, writer: TestClient): Promise<unknown> {
  return holder.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(touch('a'))
    return reasonOf(writer.$executeRawUnsafe(touch('b')))
  }, SLOW)
}

/** A snapshot that another transaction has written to since. */
async function outdated(
  prisma: TestClient,
  other: TestClient,
  sql: (id: string) => string,
): Promise<unknown> {
  return reasonOf(
    prisma.$transaction(
      async (tx) => {
        await tx.$queryRawUnsafe('SELECT 1 FROM "WebhookEvent"')
        await other.$executeRawUnsafe(sql('a'))
        await tx.$executeRawUnsafe(sql('a'))
      },
      { ...SLOW, isolationLevel: 'Serializable' },
    ),
  )
}

await describeEngines('an error of raw SQL', (engine) => {
  const dialect = DIALECTS[engine.provider]

  test('is contention where another writer was in the way, and repeated', { timeout: 120_000 }, async () => {
    const database = await open(engine)
    const [prisma, other] = [await database.connect(), await database.connect()]
    const { inbox } = prismaStore(prisma)
    for (const id of ['a', 'b']) await inbox.claim(anEvent({ id }), 60_000)
    const sql = (id: string) => quoted(engine, touch(id))
    const errors =
      engine.provider === 'sqlite'
        ? [await busy(other, prisma)]
        : [
            await deadlock(prisma, sql),
            ...(engine.provider === 'postgresql' ? [await outdated(prisma, other, sql)] : []),
          ]
    for (const error of errors) {
      expect(error).toBeInstanceOf(Error)
      expect(dialect?.isContention(error), String((error as Error).message)).toBe(true)
      // Where it does not end.
      expect(toStoreError(error)).toMatchObject({ name: 'StoreUnavailableError' })
    }
    await database.drop()
  })

  test.each([
    {
      name: 'a table of the inbox that is missing',
      sql: 'DROP TABLE "WebhookEvent"',
      fault: { driverCode: 'P2021', model: 'WebhookEvent' },
    },
    {
      name: 'a table of the log that is missing',
      sql: 'DROP TABLE "ClerkChange"',
      fault: { driverCode: 'P2021', model: 'ClerkChange' },
    },
    {
      name: 'a column that is missing',
      sql: 'ALTER TABLE "WebhookEvent" DROP COLUMN "reason"',
      fault: { driverCode: 'P2022', model: 'WebhookEvent' },
    },
  ])('is a fault that names model and code: $name', { timeout: 60_000 }, async ({ sql, fault }) => {
    const database = await open(engine)
    const prisma = await database.connect()
    const { inbox } = prismaStore(prisma)
    await prisma.$executeRawUnsafe(quoted(engine, sql))
    const used = fault.model === 'ClerkChange' ? inbox.changesSince(null, 10) : inbox.find('msg_1')
    const error = await reasonOf(used)
    // The adapter for SQLite tells both as "1", in a query of a model too.
    const told = engine.provider === 'sqlite' ? { ...fault, driverCode: '1' } : fault
    expect(error).toMatchObject({ name: 'StoreFaultError', fault: 'missing', ...told })
    await database.drop()
  })

  test.runIf(engine.server !== null)('is an outage where the connection is lost', async () => {
    const database = await open(engine)
    const url = new URL(database.url)
    const proxy = await openProxy({ host: url.hostname, port: Number(url.port) })
    url.port = String(proxy.port)
    const { inbox } = prismaStore(await database.connect({ url: url.href }))
    expect(await inbox.find('msg_1')).toBeNull()
    proxy.cut()
    await expect(inbox.find('msg_1')).rejects.toMatchObject({ name: 'StoreUnavailableError' })
    await expect(inbox.changesSince(null, 10)).rejects.toMatchObject({ name: 'StoreUnavailableError' })
    await proxy.close()
    await database.drop()
  })
})
