import { nameOf } from '../../ground/error-name.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { describeError } from '../../ground/store-fault.js'
import { attempt } from '../../ground/timing/attempt.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import { createSingleFlight } from '../../ground/timing/single-flight.js'
import { withTimeout } from '../../ground/timing/timeout.js'
import type { Change, Inbox } from '../store/inbox.js'
import type { Invalidation } from './invalidation.js'

/** Whether this process knows of every change that was applied up to `pollSeconds` ago. */
export type Freshness = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number }

export interface Changes {
  /** Looks again where the last look is too old; without a promise where it is not. Never rejects. */
  current(): MaybePromise<Freshness>
  /** A change that was applied by this process. */
  publish(change: Change): void
  /** Subscribes, and looks for the first time. Rejects when that look fails. */
  start(): Promise<void>
  close(): Promise<void>
}

/** Clocks of several processes differ, and a write becomes visible some time after its `appliedAt`. */
const OVERLAP_MS = 60_000
/** Requests wait no longer for a look; a driver may take half a minute to give up. */
const LOOK_TIMEOUT_MS = 3_000
const MAX_SEEN = 10_000
/** There is one log, hence one look at a time. */
const LOG = 'log'
const FRESH: Freshness = Object.freeze({ ok: true })

/**
 * Reads from the inbox's log what other processes changed. Requests drive the looks, so that no timer keeps a process
 * alive and an idle one reads nothing; one look serves all requests that wait for it.
 */
export function createChanges(parts: {
  readonly inbox: Inbox | null
  readonly options: Pick<ResolvedOptions, 'pollSeconds' | 'session' | 'now'>
  readonly invalidation: Invalidation | null
  /** How far back the first look reads: for as long as a revocation counts. */
  readonly historySeconds: number
  readonly observer: Observer
  /** Drops what was cached, notes what was revoked. Must not throw. */
  readonly onChange: (change: Change) => void
}): Changes {
  const { inbox, options, invalidation, observer, onChange } = parts
  const { now } = options
  const pollMs = options.pollSeconds * 1000
  const graceMs = options.session.graceSeconds * 1000
  /** When the last look that succeeded was begun. */
  let lookedAt: number | null = null
  let failedAt: number | null = null
  const looks = createSingleFlight<void>()
  /** `appliedAt` by event id, of the time that the next look will see again. */
  let seen = new Map<string, number>()
  let subscription: Promise<(() => Promise<void>) | null> | null = null
  let closed = false

  function isFresh(since: number | null, ms: number): boolean {
    if (since === null) return false
    const age = now() - since
    // A clock that was set back makes everything that came before it old.
    return age >= 0 && age <= ms
  }

  async function readLog(inbox: Inbox): Promise<void> {
    const begun = now()
    const since =
      lookedAt === null ? begun - parts.historySeconds * 1000 : Math.min(lookedAt, begun) - OVERLAP_MS
    const changes = await inbox.changesSince(since)
    const fresh = changes.filter(({ id, appliedAt }) => seen.get(id) !== appliedAt)
    for (const change of fresh) onChange(change)
    lookedAt = begun
    failedAt = null
    const recent = [...seen, ...changes.map(({ id, appliedAt }) => [id, appliedAt] as const)]
    seen = new Map(recent.filter(([, appliedAt]) => appliedAt >= begun - OVERLAP_MS))
    if (fresh.length > 0 && observer.wants('changes.applied')) {
      observer.emit('changes.applied', { count: fresh.length, by: 'poll' })
    }
  }

  /** One look at a time; one that takes too long goes on while its waiters are answered as if it had failed. */
  function sharedLook(inbox: Inbox): Promise<void> {
    return looks.run(LOG, () =>
      readLog(inbox).catch((error: unknown) => {
        failedAt = now()
        observer.emit('changes.error', { message: `The inbox could not be read (${describeError(error)}).` })
        throw error
      }),
    )
  }

  function freshness(): Freshness {
    if (isFresh(lookedAt, Math.max(graceMs, pollMs))) return FRESH
    return { ok: false, retryAfterSeconds: Math.max(1, Math.ceil(options.pollSeconds)) }
  }

  function current(): MaybePromise<Freshness> {
    if (inbox === null || isFresh(lookedAt, pollMs)) return FRESH
    // After a failure the store is left alone for a moment: no request adds its own wait to an outage.
    if (looks.underWay(LOG) === undefined && isFresh(failedAt, Math.max(pollMs, 1000))) return freshness()
    void subscribe()
    return withTimeout(LOOK_TIMEOUT_MS, () => sharedLook(inbox)).then(freshness, freshness)
  }

  function subscribe(): Promise<(() => Promise<void>) | null> {
    if (invalidation === null || closed) return Promise.resolve(null)
    const onPushed = (change: Change) => {
      // Not noted as seen: a client that can write to this channel must not be able to hide what the inbox will say.
      onChange(change)
      if (observer.wants('changes.applied')) observer.emit('changes.applied', { count: 1, by: 'push' })
    }
    subscription ??= attempt(() => invalidation.subscribe(onPushed)).catch((error: unknown) => {
      subscription = null
      observer.emit('changes.error', { message: `Invalidation could not subscribe (${nameOf(error)}).` })
      return null
    })
    return subscription
  }

  return {
    current,
    publish(change) {
      onChange(change)
      // Only spares a second drop, so that a process which is never asked anything may forget it.
      if (seen.size >= MAX_SEEN) seen.clear()
      if (inbox !== null) seen.set(change.id, change.appliedAt)
      if (invalidation === null) return
      attempt(() => invalidation.publish(change)).catch((error: unknown) => {
        observer.emit('changes.error', { message: `Invalidation could not publish (${nameOf(error)}).` })
      })
    },
    async start() {
      // It only brings sooner what the looks bring anyway: no start waits long for it.
      await withTimeout(LOOK_TIMEOUT_MS, subscribe).catch(() => undefined)
      if (inbox !== null && !isFresh(lookedAt, pollMs)) await sharedLook(inbox)
    },
    async close() {
      closed = true
      const unsubscribe = await subscription
      subscription = null
      await unsubscribe?.()
    },
  }
}
