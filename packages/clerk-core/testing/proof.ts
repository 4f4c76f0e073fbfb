import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { UserRecord, UserStore } from '../src/domain/store/user.js'
import { userSnapshot } from './clerk-json.js'

export interface ProofOptions {
  /** A store with nothing in it, in which e-mail addresses are unique. */
  readonly emptyUsers: () => Promise<UserStore>
  /** Default 200. */
  readonly runs?: number
}

/** What Clerk says of one user from one moment on. */
interface State {
  readonly clerkId: string
  readonly version: number
  readonly email: string | null
  readonly emailVerified: boolean
}
type Event =
  | { readonly kind: 'state'; readonly state: State }
  | { readonly kind: 'deletion'; clerkId: string }

const step = fc.record({
  user: fc.nat(2),
  address: fc.option(fc.nat(1), { nil: null }),
  verified: fc.boolean(),
  deletion: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
})

/** Clerk lets several users claim an address, and one living user prove it. */
const claims = fc.array(step, { minLength: 2, maxLength: 14 }).map((steps) => {
  const living = new Map<string, State>()
  const deleted = new Set<string>()
  const events: Event[] = []
  steps.forEach(({ user, address, verified, deletion }, index) => {
    const clerkId = `user_${user}`
    if (deleted.has(clerkId)) return
    if (deletion) {
      living.delete(clerkId)
      deleted.add(clerkId)
      events.push({ kind: 'deletion', clerkId })
      return
    }
    const email = address === null ? null : `address${address}@example.com`
    const others = [...living.values()].filter((state) => state.clerkId !== clerkId)
    const isProved = others.some((state) => state.email === email && state.emailVerified)
    const emailVerified = email !== null && verified && !isProved
    const state = { clerkId, version: 1_000 + index, email, emailVerified }
    living.set(clerkId, state)
    events.push({ kind: 'state', state })
  })
  return { events, living: [...living.values()], deleted }
})

/**
 * Proof outranks version, in any order and repetition of events: the user who has proved an address at the end has it, however
 * many claim it, and a row has no address that is not its own last word. All that is not contested converges.
 */
export async function assertProofHolds({ emptyUsers, runs = 200 }: ProofOptions): Promise<void> {
  const scenario = claims.chain((history) =>
    fc.record({
      history: fc.constant(history),
      arrivals: fc.subarray(history.events).chain((again) => {
        const all = [...history.events, ...again]
        return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })
      }),
    }),
  )
  await fc.assert(
    fc.asyncProperty(scenario, async ({ history: { living, deleted }, arrivals }) => {
      const users = await emptyUsers()
      for (const event of arrivals) {
        if (event.kind === 'deletion') await users.remove(event.clerkId, 5_000)
        else await users.apply(userSnapshot(event.state.clerkId, event.state))
      }
      const rows = new Map<string, UserRecord | null>()
      for (const { clerkId } of living) rows.set(clerkId, await users.findByClerkId(clerkId))
      for (const { clerkId, version, email, emailVerified } of living) {
        const row = rows.get(clerkId)
        assert.equal(row?.version, version, `${clerkId} has another version`)
        assert.equal(row.deletedAt, null)
        assert.equal(row.emailVerified, row.email !== null && emailVerified, `${clerkId} is called verified`)
        if (emailVerified) assert.equal(row.email, email, `${clerkId} lost an address that is proved`)
        else assert.ok(row.email === null || row.email === email, `${clerkId} has an address of another time`)
      }
      const held = [...rows.values()].map((row) => row?.email).filter((email) => email != null)
      assert.equal(new Set(held).size, held.length, 'two rows have one address')
      for (const clerkId of deleted) {
        const row = await users.findByClerkId(clerkId)
        assert.ok(row?.deletedAt, `the deletion of ${clerkId} is lost`)
        assert.equal(row.email, null, 'a deleted row has an address')
      }
    }),
    { numRuns: runs },
  )
}
