import { prismaStore } from '@acme/clerk-prisma'
import { openPostgres } from '../prisma/open-postgres.js'
import { snapshot, tutorialUpsert } from '../prisma/users.js'
import type { Suite } from '../suite.js'
import { importAll } from './mongo-import.js'

const CONCURRENCY = 16

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
      const oursIsBetterBy = ours.rowsPerSecond / theirs.rowsPerSecond
      return [
        {
          what: `import of ${count} users into PostgreSQL`,
          results: [
            { who: 'users.apply', value: ours.rowsPerSecond, unit: 'rows/s' },
            { who: 'tutorial upsert', value: theirs.rowsPerSecond, unit: 'rows/s', oursIsBetterBy },
          ],
        },
        {
          what: 'heap that the import adds at most',
          results: [{ who: 'users.apply', value: ours.heapMb, unit: 'MB' }],
        },
      ]
    } finally {
      await postgres.close()
    }
  },
}
