import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { ApplyOutcome, UserRecord, UserSnapshot, UserStore } from '../src/domain/store/user.js'
import { userSnapshot } from './clerk-json.js'

export interface BatchOptions {
  /** A store with nothing in it, in which e-mail addresses and usernames are unique. Called twice per run. */
  readonly emptyUsers: () => Promise<UserStore>
  /** Default 200. */
  readonly runs?: number
}

const USERS = 5
const clerkIdOf = (user: number) => `user_${user}`

const snapshot = fc
  .record({
    user: fc.nat(USERS - 1),
    version: fc.constantFrom(0, 1_000, 1_001, 1_002, 1_003),
    name: fc.constantFrom('Ada', 'Bob', null, undefined),
    address: fc.option(fc.nat(2), { nil: null }),
    username: fc.option(fc.nat(2), { nil: undefined }),
    emailVerified: fc.boolean(),
    banned: fc.boolean(),
    seen: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  })
  .map(({ user, version, name, address, username, emailVerified, banned, seen }): UserSnapshot => {
    const email = address === null ? null : `Address${address}@example.com`
    const { firstName: _, ...rest } = userSnapshot(clerkIdOf(user), { version, email, banned })
    return {
      ...{ ...rest, emailVerified: email !== null && emailVerified },
      ...(name !== undefined && { firstName: name }),
      ...(username !== undefined && { username: `name${username}` }),
      ...(seen !== undefined && { lastSignInAt: seen * 1_000 }),
    }
  })

const step = fc.oneof(
  { weight: 4, arbitrary: fc.array(snapshot, { minLength: 1, maxLength: 12 }).map((batch) => ({ batch })) },
  { weight: 1, arbitrary: fc.record({ remove: fc.nat(USERS - 1), at: fc.integer({ min: 1, max: 9 }) }) },
)

/** Batches end in the same rows, with the same outcomes, as their snapshots applied one after the other. For any store. */
export async function assertBatchesAreSingles({ emptyUsers, runs = 200 }: BatchOptions): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      const together = await run(await emptyUsers(), steps, async (users, batch) => {
        assert.ok(users.applyMany, 'the store has no applyMany')
        return users.applyMany(batch)
      })
      const single = await run(await emptyUsers(), steps, async (users, batch) => {
        const outcomes: ApplyOutcome[] = []
        for (const one of batch) outcomes.push((await users.apply(one)).outcome)
        return outcomes
      })
      assert.deepEqual(together.outcomes, single.outcomes)
      assert.deepEqual(together.rows, single.rows)
    }),
    { numRuns: runs },
  )
}

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

async function run(
  users: UserStore,
  steps: readonly Step[],
  apply: (users: UserStore, batch: readonly UserSnapshot[]) => Promise<readonly ApplyOutcome[]>,
) {
  const outcomes: (readonly ApplyOutcome[])[] = []
  for (const one of steps) {
    if ('batch' in one) outcomes.push(await apply(users, one.batch))
    else await users.remove(clerkIdOf(one.remove), one.at)
  }
  const rows: unknown[] = []
  for (let user = 0; user < USERS; user++) rows.push(comparable(await users.findByClerkId(clerkIdOf(user))))
  return { outcomes, rows }
}

/** Without ids and columns of the application's own. */
function comparable(row: UserRecord | null) {
  if (row === null) return null
  const { clerkId, email, emailVerified, username, firstName, lastName, banned, version, deletedAt } = row
  const { lastSignInAt, publicMetadata } = row
  const metadata = JSON.stringify(publicMetadata)
  return {
    clerkId,
    email,
    emailVerified,
    username,
    firstName,
    lastName,
    banned,
    version,
    deletedAt,
    lastSignInAt,
    metadata,
  }
}
