import type { Freshness } from '../../domain/changes/changes.js'
import type { OrganizationStore } from '../../domain/store/organization.js'
import type { UserStore } from '../../domain/store/user.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import { withTimeout } from '../../ground/timing/timeout.js'

/** However often an orchestrator or a load balancer asks. */
const PROBE_EVERY_MS = 1_000
/** No user has this id: a store without `ping` is asked for it. */
const NO_USER = 'user_0'

/** Whether this process could answer a signed-in request. */
export interface Readiness {
  isReady(): Promise<boolean>
  /** From now on it is not: the process is about to end. */
  end(): void
}

/**
 * Asks what a signed-in request needs: keys, the log of changes, the stores of users and organisations. It never calls Clerk,
 * so that an outage there takes no process out of service which bridges it. One probe a second serves all callers.
 */
export function createReadiness(parts: {
  readonly keys: { isUsable(): boolean }
  readonly changes: { current(): MaybePromise<Freshness> } | null
  readonly stores: {
    readonly users?: Pick<UserStore, 'ping' | 'findByClerkId'> | undefined
    readonly organizations?: Pick<OrganizationStore, 'ping'> | undefined
  }
  readonly storeTimeoutSeconds: number
}): Readiness {
  const { keys, changes, stores } = parts
  const { users, organizations } = stores
  let probe: { readonly begunAt: number; readonly ready: Promise<boolean> } | null = null
  let ended = false

  async function look(): Promise<boolean> {
    if (!keys.isUsable()) return false
    const [freshness] = await withTimeout(parts.storeTimeoutSeconds * 1000, () =>
      Promise.all([
        changes?.current(),
        users && (users.ping === undefined ? users.findByClerkId(NO_USER) : users.ping()),
        organizations?.ping?.(),
      ]),
    )
    return freshness?.ok !== false
  }

  return {
    async isReady() {
      if (ended) return false
      // By the monotonic clock, which is never set.
      const now = performance.now()
      if (probe === null || now - probe.begunAt >= PROBE_EVERY_MS)
        probe = { begunAt: now, ready: look().catch(() => false) }
      return (await probe.ready) && !ended
    },
    end() {
      ended = true
    },
  }
}
