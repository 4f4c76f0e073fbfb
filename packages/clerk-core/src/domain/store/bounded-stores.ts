import { StoreUnavailableError } from '../../ground/errors.js'
import { createDeadlines, type Deadline } from '../../ground/timing/deadline.js'
import type { Inbox } from './inbox.js'
import type { MembershipRecord, OrganizationRecord, OrganizationStore } from './organization.js'
import type { UserRecord, UserStore } from './user.js'
import { viewOf } from './view-of.js'

interface GivenStores<
  U extends UserRecord,
  M extends MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
> {
  readonly users?: UserStore<U> | undefined
  readonly organizations?: OrganizationStore<O, M> | undefined
  readonly inbox?: Inbox | undefined
}

/** No id of Clerk's: a read by it is answered `null`. */
const NOBODY = 'probe_of_acme_clerk'

/** A read that changes nothing, of the tables themselves: `ping` would not notice a lock on them. */
const PROBES: {
  readonly [K in keyof GivenStores<UserRecord, MembershipRecord>]-?: (
    store: NonNullable<GivenStores<UserRecord, MembershipRecord>[K]>,
  ) => unknown
} = {
  users: (store) => store.findByClerkId(NOBODY),
  organizations: (store) => store.findOrganization(NOBODY),
  inbox: (store) => store.find(NOBODY),
}

/** Asks the store whatever is known of it: it is how one finds out. */
const ALWAYS_ASKED = new Set(['ping'])

/**
 * The same stores, and no call of theirs is waited for longer than `timeoutSeconds`: {@link StoreUnavailableError} then, and
 * at once for as long as the store is known to hang. The only place where stores get a time limit.
 */
export function boundStores<
  U extends UserRecord,
  M extends MembershipRecord,
  O extends OrganizationRecord = OrganizationRecord,
>(
  { users, organizations, inbox }: GivenStores<U, M, O>,
  options: {
    readonly storeTimeoutSeconds: number
    /** Told of every call, so that `close()` can wait for it. */
    readonly track: <T>(call: Promise<T>) => Promise<T>
  },
): GivenStores<U, M, O> {
  const { storeTimeoutSeconds, track } = options
  const deadlines = createDeadlines({
    timeoutMs: storeTimeoutSeconds * 1000,
    isOutage: (error) => error instanceof StoreUnavailableError,
    unavailable: (why) =>
      new StoreUnavailableError(
        why === 'timeout'
          ? `The store did not answer within ${storeTimeoutSeconds} s.`
          : 'The store does not answer: it is not asked until a probe succeeds.',
      ),
  })
  return {
    users:
      users &&
      bound(
        users,
        deadlines.add(() => PROBES.users(users)),
        track,
      ),
    organizations:
      organizations &&
      bound(
        organizations,
        deadlines.add(() => PROBES.organizations(organizations)),
        track,
      ),
    inbox:
      inbox &&
      bound(
        inbox,
        deadlines.add(() => PROBES.inbox(inbox)),
        track,
      ),
  }
}

function bound<S extends object>(
  store: S,
  deadline: Deadline,
  track: <T>(call: Promise<T>) => Promise<T>,
): S {
  return viewOf(store, (method, name) => {
    const run = ALWAYS_ASKED.has(name) ? deadline.runAnyway : deadline.run
    return (...args) => track(run<unknown>(() => method(...args)))
  })
}
