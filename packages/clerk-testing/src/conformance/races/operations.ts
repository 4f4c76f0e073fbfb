import type {
  InboxEvent,
  MembershipSnapshot,
  NewChange,
  OrganizationSnapshot,
  UserSnapshot,
  UserStore,
} from '@acme/clerk-core/store'
import type { ConformanceStores } from '../harness.js'

/** What came of a call, small enough to cross from one process to another. */
export interface RaceAnswer {
  /** Of the store: `created`, `stale`, `claimed`, `linked`, `null` …; `failed` with `error`. */
  readonly outcome: string
  /** Of the row answered. */
  readonly version?: number
  readonly error?: string
}

interface Operations {
  apply: UserSnapshot
  applyMany: readonly UserSnapshot[]
  remove: { clerkId: string; at: number }
  /** By address: a local id may be of a type that another process does not know. */
  link: UserSnapshot
  applyOrganization: OrganizationSnapshot
  applyMembership: MembershipSnapshot
  claim: { event: InboxEvent; leaseMs: number }
  succeeded: { id: string; owner: string; handler: string }
  finish: { id: string; owner: string }
  append: NewChange
}

/** A call as data, so that any process can make it. */
export type RaceCall = {
  [Op in keyof Operations]: { readonly op: Op; readonly input: Operations[Op] }
}[keyof Operations]

type Perform<Op extends keyof Operations> = (
  stores: Required<ConformanceStores>,
  input: Operations[Op],
) => Promise<RaceAnswer>

const operations: { [Op in keyof Operations]: Perform<Op> } = {
  async apply({ users }, snapshot) {
    const { user, outcome } = await users.apply(snapshot)
    return { outcome, version: user.version }
  },
  async applyMany({ users }, snapshots) {
    return { outcome: ((await users.applyMany?.(snapshots)) ?? []).join(' ') }
  },
  async remove({ users }, { clerkId, at }) {
    return { outcome: 'removed', version: (await users.remove(clerkId, at)).version }
  },
  link: ({ users }, snapshot) => link(users, snapshot),
  async applyOrganization({ organizations }, snapshot) {
    const { organization, outcome } = await organizations.applyOrganization(snapshot)
    return { outcome, version: organization.version }
  },
  async applyMembership({ organizations }, snapshot) {
    const { membership, outcome } = await organizations.applyMembership(snapshot)
    return { outcome, version: membership.version }
  },
  async claim({ inbox }, { event, leaseMs }) {
    return { outcome: (await inbox.claim(event, leaseMs)).status }
  },
  async succeeded({ inbox }, { id, owner, handler }) {
    return { outcome: (await inbox.succeeded(id, owner, handler)) ? 'succeeded' : 'lost' }
  },
  async finish({ inbox }, { id, owner }) {
    return { outcome: (await inbox.finish(id, owner, 'done')) ? 'finished' : 'lost' }
  },
  async append({ inbox }, change) {
    await inbox.append(change)
    return { outcome: 'appended' }
  },
}

async function link(users: UserStore, snapshot: UserSnapshot): Promise<RaceAnswer> {
  const [row] = (await users.findLinkable?.({ email: snapshot.email ?? '' })) ?? []
  const linked = row && (await users.link?.(row.id, snapshot))
  return linked ? { outcome: 'linked', version: linked.version } : { outcome: 'null' }
}

/** Makes the calls at once; an error is an answer. */
export function performAll(
  stores: ConformanceStores,
  calls: readonly RaceCall[],
): Promise<readonly RaceAnswer[]> {
  return Promise.all(
    calls.map(async ({ op, input }): Promise<RaceAnswer> => {
      try {
        const perform = operations[op] as Perform<keyof Operations>
        return await perform(stores as Required<ConformanceStores>, input as never)
      } catch (error) {
        return {
          outcome: 'failed',
          error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
        }
      }
    }),
  )
}
