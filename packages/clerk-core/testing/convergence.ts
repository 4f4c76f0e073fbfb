import assert from 'node:assert/strict'
import { setImmediate as tick } from 'node:timers/promises'
import fc from 'fast-check'
import { membershipSnapshotFromClerk } from '../src/domain/backend-api/organization-snapshot.js'
import { userSnapshotFromClerk } from '../src/domain/backend-api/user-snapshot.js'
import type { MembershipRecord, OrganizationRecord } from '../src/domain/store/organization.js'
import { maySignIn } from '../src/domain/store/rules/sign-in.js'
import type { UserRecord } from '../src/domain/store/user.js'
import { ClerkApiError } from '../src/ground/errors.js'
import type { Stores } from '../src/options.js'
import { type History, type HistoryEvent, histories } from './history.js'
import { webhookHarness } from './webhook-harness.js'

export interface ConvergenceOptions {
  /** Stores with nothing in them; called twice per run. */
  readonly emptyStores: () => Promise<Stores>
  /** Ends what `emptyStores` began. */
  readonly dispose?: (stores: Stores) => Promise<void>
  /** Processes that share the store. Default 4. */
  readonly workers?: number
  /** Default 100. */
  readonly runs?: number
  /** Further waits between the steps of a store without any of its own. Default none. */
  readonly jitter?: boolean
}

/** One thing that reaches one of the processes. */
type Arrival =
  | { readonly kind: 'webhook'; readonly event: HistoryEvent }
  /** The API's answer of some moment, applied late. */
  | { readonly kind: 'refresh'; readonly user: number; readonly moment: number }
  /** A request of the user, with an API that answers as of some moment. */
  | { readonly kind: 'request'; readonly user: number; readonly moment: number }

/**
 * Any permutation, repetition and interleaving of a history's webhooks, over several processes and between API
 * refreshes and first requests, ends in the state that the same webhooks give one after the other; and no deletion
 * comes undone on the way. For any store: run it on a real database too.
 */
export async function assertConverges(options: ConvergenceOptions): Promise<void> {
  const { emptyStores, dispose = async () => {}, workers = 4, runs = 100, jitter = false } = options
  const extra = fc.record({
    kind: fc.constantFrom('refresh' as const, 'request' as const),
    user: fc.nat(10),
    moment: fc.nat(100),
  })
  const scenario = histories.chain((history) => {
    const webhooks: Arrival[] = history.events.map((event) => ({ kind: 'webhook', event }))
    return fc.record({
      history: fc.constant(history),
      arrivals: fc
        .tuple(fc.subarray(webhooks), fc.array(extra, { maxLength: 15 }))
        .chain(([again, extras]) => {
          const everything: Arrival[] = [...webhooks, ...again, ...extras]
          return fc.shuffledSubarray(everything, {
            minLength: everything.length,
            maxLength: everything.length,
          })
        }),
      waits: jitter ? fc.array(fc.nat(2), { minLength: 1, maxLength: 50 }) : fc.constant([0]),
    })
  })

  await fc.assert(
    fc.asyncProperty(scenario, async ({ history, arrivals, waits }) => {
      const inOrder: Arrival[] = history.events.map((event) => ({ kind: 'webhook', event }))
      const expected = await endOf(history, (stores) => arrive(stores, history, inOrder, 1))
      const actual = await endOf(history, (stores) =>
        arrive(jitter ? withWaits(stores, waits) : stores, history, arrivals, workers),
      )
      assert.deepEqual(actual, expected)
    }),
    { numRuns: runs },
  )

  /** One after the other: a database has room for one run. */
  async function endOf(history: History, run: (stores: Stores) => Promise<void>) {
    const stores = await emptyStores()
    try {
      await run(stores)
      return await stateOf(stores, history)
    } finally {
      await dispose(stores)
    }
  }
}

/** Lets `workers` processes work off the arrivals, each at its own pace. */
async function arrive(stores: Stores, history: History, arrivals: readonly Arrival[], workers: number) {
  const queue = [...arrivals]
  const deleted = new Set<string>()
  const idOf = (user: number) => history.ids.users[user % history.ids.users.length] as string
  const stateAt = (clerkId: string, moment: number) => {
    const states = history.states.get(clerkId) ?? []
    return userSnapshotFromClerk(states[moment % states.length], { version: 0, privateMetadata: false })
  }

  await Promise.all(
    Array.from({ length: workers }, async () => {
      let moment = 0
      const { deliver, users } = webhookHarness<UserRecord, MembershipRecord>({
        stores,
        getUser: async (userId) => {
          if (history.deletedUsers.has(userId) && moment % 2 === 0) {
            throw new ClerkApiError('gone', { status: 404 })
          }
          return stateAt(userId, moment)
        },
      })
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        if (next.kind === 'refresh') await users.applySnapshot(stateAt(idOf(next.user), next.moment), 'api')
        else if (next.kind === 'request') {
          moment = next.moment
          const answer = await users.resolve(idOf(next.user), null)
          assert.notEqual(answer.kind, 'unavailable')
        } else {
          const { status } = await deliver(next.event.json, { id: next.event.id })
          // Another process has it: Svix would try again.
          if (status === 409) queue.push(next)
          else assert.equal(status, 200)
          if (status === 200 && next.event.json.type === 'user.deleted') {
            deleted.add((next.event.json.data as { id: string }).id)
          }
          for (const id of deleted) {
            const row = await stores.users.findByClerkId(id)
            assert.ok(row?.deletedAt && !maySignIn(row), `the deletion of ${id} came undone`)
          }
        }
      }
    }),
  )
}

/** All that a store says about the history's ids, without what is the store's own. */
async function stateOf({ users, organizations }: Stores, { ids, events }: History) {
  const rows = <T>(list: readonly string[], find: (id: string) => Promise<T>) => Promise.all(list.map(find))
  const pairs = new Map(
    events
      .filter(({ json }) => json.type.startsWith('organizationMembership.'))
      .map(({ json }) => {
        const { orgId, userId } = membershipSnapshotFromClerk(json.data, { version: 0 })
        return [`${orgId} ${userId}`, { orgId, userId }] as const
      }),
  )
  return {
    users: (await rows(ids.users, (id) => users.findByClerkId(id))).map(userState),
    organizations: (await rows(ids.organizations, (id) => organizations.findOrganization(id))).map(
      organizationState,
    ),
    invitations: (await rows(ids.invitations, (id) => organizations.findInvitation(id))).map(
      (row) => row && { ...row, id: null },
    ),
    newest: (
      await Promise.all(
        [...pairs.values()].map(({ orgId, userId }) => organizations.findMembership(orgId, userId)),
      )
    ).map(membershipState),
    live: (await rows(ids.users, (userId) => organizations.listMemberships({ userId }))).map((list) =>
      list.map(membershipState),
    ),
  }
}

const userState = (row: UserRecord | null) =>
  row && {
    clerkId: row.clerkId,
    email: row.email,
    emailVerified: row.emailVerified,
    username: row.username,
    firstName: row.firstName,
    publicMetadata: row.publicMetadata,
    isActive: row.isActive,
    banned: row.banned,
    deprovisioned: row.deprovisioned,
    version: row.version,
    deletedAt: row.deletedAt?.getTime() ?? null,
  }

const organizationState = (row: OrganizationRecord | null) =>
  row && {
    clerkId: row.clerkId,
    name: row.name,
    slug: row.slug,
    version: row.version,
    deletedAt: row.deletedAt?.getTime() ?? null,
  }

const membershipState = (row: MembershipRecord | null) =>
  row && {
    clerkId: row.clerkId,
    role: row.role,
    permissions: row.permissions,
    createdAt: row.createdAt.getTime(),
    version: row.version,
    deletedAt: row.deletedAt?.getTime() ?? null,
  }

/** A store in memory answers before anybody else gets a turn; a database does not. */
function withWaits(stores: Stores, waits: readonly number[]): Stores {
  let next = 0
  const slowed = <T extends object>(store: T): T =>
    new Proxy(store, {
      get(target, name, receiver) {
        const method: unknown = Reflect.get(target, name, receiver)
        if (typeof method !== 'function') return method
        return async (...args: unknown[]) => {
          const before = waits[next++ % waits.length] ?? 0
          for (let i = 0; i < before; i++) await tick()
          const answer: unknown = await method.apply(target, args)
          if (before > 1) await tick()
          return answer
        }
      },
    })
  return {
    users: slowed(stores.users),
    organizations: slowed(stores.organizations),
    inbox: slowed(stores.inbox),
  }
}
