import type { UserStore } from '@acme/clerk-core/store'
import { prismaStore } from '@acme/clerk-prisma'
import { openPostgres } from '../prisma/open-postgres.js'
import { snapshot, tutorialUpsert } from '../prisma/users.js'
import type { Suite } from '../suite.js'
import { importAll } from './mongo-import.js'

/** As `clerk.users.sync` hands them over. */
const BATCH = 200

const CONCURRENCY = 16

/** One batch after the other, of users whom no other import of the suite writes. */
async function importBatches(
  users: UserStore,
  count: number,
): Promise<{ rowsPerSecond: number; rssMb: number }> {
  const before = process.memoryUsage().rss
  const start = performance.now()
  let highest = before
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from)
    await users.applyMany?.(Array.from({ length: size }, (_, n) => snapshot(`b${from + n}`)))
    highest = Math.max(highest, process.memoryUsage().rss)
  }
  const seconds = (performance.now() - start) / 1000
  return { rowsPerSecond: count / seconds, rssMb: (highest - before) / 1e6 }
}

/** Users written as a first synchronisation does, into an empty table of PostgreSQL, beside the tutorials' upsert. */
export const prismaImport: Suite = {
  name: 'prisma-import',
  async run({ pick }) {
    const postgres = await openPostgres(CONCURRENCY)
    if (postgres === null) return []
    const { prisma } = postgres
    const { users } = prismaStore(prisma)
    const count = pick(100_000, 200)
    try {
      await importAll(Math.min(count, 2000), (n) => users.apply(snapshot(`warm${n}`)))
      await importAll(Math.min(count, 2000), (n) => tutorialUpsert(prisma, snapshot(`warm${n}t`)))
      const ours = await importAll(count, (n) => users.apply(snapshot(n)))
      const theirs = await importAll(Math.ceil(count / 5), (n) => tutorialUpsert(prisma, snapshot(`t${n}`)))
      const batches = await importBatches(users, count)
      const again = await importBatches(users, count)
      const oursIsBetterBy = ours.rowsPerSecond / theirs.rowsPerSecond
      return [
        {
          what: `import of ${count} users into PostgreSQL`,
          results: [
            {
              who: 'users.applyMany',
              value: batches.rowsPerSecond,
              unit: 'rows/s',
              oursIsBetterBy: batches.rowsPerSecond / theirs.rowsPerSecond,
            },
            { who: 'users.apply', value: ours.rowsPerSecond, unit: 'rows/s' },
            { who: 'tutorial upsert', value: theirs.rowsPerSecond, unit: 'rows/s', oursIsBetterBy },
          ],
        },
        {
          what: `the same ${count} users again`,
          results: [{ who: 'users.applyMany', value: again.rowsPerSecond, unit: 'rows/s' }],
        },
        {
          what: 'heap that the import adds at most',
          results: [{ who: 'users.apply', value: ours.heapMb, unit: 'MB' }],
        },
        {
          what: 'memory that batches add to the process (RSS)',
          results: [{ who: 'users.applyMany', value: batches.rssMb, unit: 'MB' }],
        },
      ]
    } finally {
      await postgres.close()
    }
  },
}
