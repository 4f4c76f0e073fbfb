import { prismaStore } from '@acme/clerk-prisma'
import { compare } from '../measure.js'
import { openPostgres, type Postgres } from '../prisma/open-postgres.js'
import { snapshot, T, tutorialUpsert } from '../prisma/users.js'
import type { Result, Row, Suite } from '../suite.js'

const KNOWN = 2000
const MOST = 1.3

/** A user's event on PostgreSQL, beside the upsert that tutorials show: what it costs, and what each loses in a race. */
export const prismaApply: Suite = {
  name: 'prisma-apply',
  async run({ pick }) {
    const postgres = await openPostgres(16)
    if (postgres === null) return []
    const { prisma } = postgres
    const { users } = prismaStore(prisma)
    let version = T
    let created = 0
    try {
      for (let n = 0; n < pick(KNOWN, 50); n++) await users.apply(snapshot(n))
      const plan = { rounds: pick(15, 1), ops: pick(500, 30), concurrency: 8 }
      const known = (i: number) => snapshot(i % pick(KNOWN, 50), ++version)
      const updates = await compare(
        [
          { who: 'users.apply', op: (i) => users.apply(known(i)) },
          { who: 'tutorial upsert', op: (i) => tutorialUpsert(prisma, known(i)) },
        ],
        plan,
      )
      const fresh = () => snapshot(`new${++created}`)
      const creations = await compare(
        [
          { who: 'users.apply', op: () => users.apply(fresh()) },
          { who: 'tutorial upsert', op: () => tutorialUpsert(prisma, fresh()) },
        ],
        plan,
      )
      postgres.record(true)
      await users.findByClerkId(snapshot(0).clerkId)
      const perLookup = postgres.statements().length
      return [
        { what: 'an update of a known user', results: updates, targets: [costs(updates)] },
        { what: 'a new user', results: creations, targets: [costs(creations)] },
        await race(postgres, pick(300, 10)),
        {
          what: 'statements of a user lookup',
          results: [{ who: 'users.findByClerkId', value: perLookup, unit: 'statements' }],
          targets: [{ text: 'one', met: perLookup === 1, alsoInSmoke: true }],
        },
      ] satisfies Row[]
    } finally {
      await postgres.close()
    }
  },
}

function costs([, theirs]: readonly Result[]) {
  const cost = 1 / (theirs?.oursIsBetterBy ?? 0)
  return { text: `costs at most ${MOST} times the tutorial's (${cost.toFixed(2)})`, met: cost <= MOST }
}

/** Four versions of a new user at once, in any order. */
async function race({ prisma }: Postgres, rounds: number): Promise<Row> {
  const { users } = prismaStore(prisma)
  const lost = async (who: string, apply: (snapshot: ReturnType<typeof userOf>) => Promise<unknown>) => {
    let count = 0
    for (let round = 0; round < rounds; round++) {
      const name = `${who}${round}`
      const calls = [3, 1, 2, 0].map((step) => apply(userOf(name, step)).catch(() => 'an error'))
      await Promise.all(calls)
      const row = await users.findByClerkId(snapshot(name).clerkId)
      if (row?.version !== T + 3) count++
    }
    return count
  }
  const ours = await lost('ours', (user) => users.apply(user))
  const theirs = await lost('theirs', (user) => tutorialUpsert(prisma, user))
  return {
    what: `rounds of ${rounds} in which four versions at once lost the newest`,
    results: [
      { who: 'users.apply', value: ours, unit: 'rounds' },
      { who: 'tutorial upsert', value: theirs, unit: 'rounds' },
    ],
    targets: [{ text: 'none of ours', met: ours === 0, alsoInSmoke: true }],
  }
}

const userOf = (name: string, step: number) => snapshot(name, T + step)
