import { randomUUID } from 'node:crypto'
import type { Stores } from '@acme/clerk-core/store'
import { drizzleStore } from '@acme/clerk-drizzle'
import { prismaStore } from '@acme/clerk-prisma'
import {
  createDatabase as createForDrizzle,
  ENGINES,
} from '../../../packages/clerk-drizzle/src/testing/databases.ts'
import {
  createDatabase as createForPrisma,
  engineOf,
} from '../../../packages/clerk-prisma/src/testing/databases.ts'
import { compare } from '../measure.js'
import { snapshot, T } from '../prisma/users.js'
import type { Row, Suite } from '../suite.js'

const KNOWN = 500
const BATCH = 200

type Measured = Required<Pick<Stores, 'users' | 'inbox'>>

const DATABASES = [
  {
    name: 'PostgreSQL',
    drizzle: ENGINES['node-postgres'],
    prisma: engineOf('v7-postgresql'),
    concurrency: 8,
  },
  { name: 'SQLite', drizzle: ENGINES.libsql, prisma: engineOf('v7-sqlite'), concurrency: 1 },
] as const

/** What the stores of both packages cost for the same calls, each with tables of its own and the same driver underneath. */
export const drizzleStoreSuite: Suite = {
  name: 'drizzle-store',
  async run({ pick }) {
    const rows: Row[] = []
    for (const { name, drizzle, prisma, concurrency } of DATABASES) {
      const places = [await createForDrizzle(drizzle), await createForPrisma(prisma)] as const
      const [ours, theirs] = places
      if ('missing' in ours || 'missing' in theirs) {
        console.log(`  skipped: ${name} is missing`)
        continue
      }
      try {
        const { db } = await ours.connect()
        const candidates: readonly (readonly [string, Measured])[] = [
          ['clerk-drizzle', drizzleStore(db, drizzle.schema)],
          ['clerk-prisma', prismaStore(await theirs.connect())],
        ]
        rows.push(...(await measured(name, candidates, { pick, concurrency })))
      } finally {
        await ours.drop()
        await theirs.drop()
      }
    }
    return rows
  },
}

async function measured(
  database: string,
  stores: readonly (readonly [who: string, stores: Measured])[],
  { pick, concurrency }: { pick<T>(full: T, smoke: T): T; concurrency: number },
): Promise<Row[]> {
  const known = pick(KNOWN, 20)
  let count = 0
  for (const [, { users }] of stores)
    await users.applyMany?.(Array.from({ length: known }, (_, n) => snapshot(n)))
  const operations: Readonly<Record<string, (stores: Measured) => Promise<unknown>>> = {
    'a user lookup': ({ users }) => users.findByClerkId(snapshot(count++ % known).clerkId),
    'an update of a known user': ({ users }) => users.apply(snapshot(count++ % known, T + count)),
    'a new user': ({ users }) => users.apply(snapshot(`new${count++}`)),
    'an event claimed and finished': async ({ inbox }) => {
      const id = randomUUID()
      const claim = await inbox.claim(
        { id, type: 'user.created', timestamp: T, subjects: [id], body: '{}' },
        30_000,
      )
      if (claim.status === 'claimed') await inbox.finish(id, claim.owner, 'done')
    },
  }
  const rows: Row[] = []
  for (const [what, operation] of Object.entries(operations)) {
    const candidates = stores.map(([who, one]) => ({ who, op: () => operation(one) }))
    const plan = { rounds: pick(11, 1), ops: pick(300, 10), concurrency }
    rows.push({ what: `${what}, ${database}`, results: await compare(candidates, plan) })
  }
  const batches = stores.map(([who, { users }]) => ({
    who,
    op: () => users.applyMany?.(Array.from({ length: pick(BATCH, 5) }, () => snapshot(`batch${count++}`))),
  }))
  const plan = { rounds: pick(7, 1), ops: pick(5, 1), concurrency: 1 }
  rows.push({ what: `${BATCH} new users at once, ${database}`, results: await compare(batches, plan) })
  return rows
}
