import { nameOf } from '../../ground/error-name.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { attempt } from '../../ground/timing/attempt.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import { createSingleFlight } from '../../ground/timing/single-flight.js'
import { withTimeout } from '../../ground/timing/timeout.js'
import type { Inbox, NewChange } from '../store/inbox.js'
import type { Invalidation } from './invalidation.js'
import { createLogReader } from './log-reader.js'

/** Whether this process knows of every change that was applied up to `pollSeconds` ago. */
export type Freshness = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number }

/** A change as it takes effect here. */
export interface KnownChange extends NewChange {
  /** When it was written, by the clock of this process; milliseconds. */
  readonly at: number
}

export interface Changes {
  /** Looks again where the last look is too old; without a promise where it is not. Never rejects. */
  current(): MaybePromise<Freshness>
  /**
   * A change that this process makes: in effect here at once, and in the log when it resolves.
   *
   * @throws {StoreUnavailableError} when it cannot be written; it is in effect here all the same
   */
  append(change: NewChange): Promise<void>
  /** Subscribes, and looks for the first time. Rejects when that look fails. */
  start(): Promise<void>
  /** How far the store's clock is ahead of this process's, in milliseconds; `null`: not known. @throws what the store throws */
  clockSkewMs(): Promise<number | null>
  close(): Promise<void>
}

/** Requests wait no longer for a look; a driver may take half a minute to give up. */
const LOOK_TIMEOUT_MS = 3_000
const MAX_OWN = 10_000
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
  readonly observer: Observer
  /** Drops what was cached, notes what was revoked. Must not throw. */
  readonly onChange: (change: KnownChange) => void
}): Changes {
  const { inbox, options, invalidation, observer, onChange } = parts
  const { now } = options
  const pollMs = options.pollSeconds * 1000
  const graceMs = options.session.graceSeconds * 1000
  /** When the last look that succeeded was begun. */
  let lookedAt: number | null = null
  let failedAt: number | null = null
  const looks = createSingleFlight<void>()
  /** Positions of entries that took effect when they were appended here. */
  const own = new Set<string>()
  const reader = inbox === null ? null : createLogReader({ inbox, now })
  let subscription: Promise<(() => Promise<void>) | null> | null = null
  let hinted = false
  let following = false
  let closed = false

  function isFresh(since: number | null, ms: number): boolean {
    if (since === null) return false
    const age = now() - since
    // A clock that was set back makes everything that came before it old.
    return age >= 0 && age <= ms
  }

  async function readLog(by: 'poll' | 'push'): Promise<void> {
    const begun = now()
    let count = 0
    await reader?.read((change) => {
      // It only spares a second drop.
      if (own.delete(change.position)) return
      count++
      onChange(change)
    })
    lookedAt = begun
    failedAt = null
    if (count > 0 && observer.wants('changes.applied')) observer.emit('changes.applied', { count, by })
  }

  /** One look at a time; one that takes too long goes on while its waiters are answered as if it had failed. */
  function sharedLook(by: 'poll' | 'push' = 'poll'): Promise<void> {
    return looks.run(LOG, () =>
      readLog(by).catch((error: unknown) => {
        failedAt = now()
        observer.emit('changes.error', { message: `The inbox could not be read (${nameOf(error)}).` })
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
    return withTimeout(LOOK_TIMEOUT_MS, () => sharedLook()).then(freshness, freshness)
  }

  /** However many hints arrive during a look, one more look follows it. */
  async function followHints(): Promise<void> {
    if (following) return
    following = true
    try {
      while (hinted && !closed) {
        // A look that is under way may have read before what is hinted at was written.
        await looks.underWay(LOG)?.catch(() => undefined)
        hinted = false
        // A failure was observed; the next request looks again.
        await sharedLook('push').catch(() => undefined)
      }
    } finally {
      following = false
    }
  }

  function hint(): void {
    if (closed || inbox === null) return
    hinted = true
    void followHints()
  }

  function subscribe(): Promise<(() => Promise<void>) | null> {
    if (invalidation === null || inbox === null || closed) return Promise.resolve(null)
    const listener = {
      changed: (position: string) => {
        if (!own.has(position)) hint()
      },
      gap: hint,
    }
    subscription ??= attempt(() => invalidation.subscribe(listener)).catch((error: unknown) => {
      subscription = null
      observer.emit('changes.error', { message: `Invalidation could not subscribe (${nameOf(error)}).` })
      return null
    })
    return subscription
  }

  return {
    current,
    async append(change) {
      // Here first: while the inbox is down, this process at least must not go on trusting what is no longer true.
      onChange({ ...change, at: now() })
      if (inbox === null) return
      const { position } = await inbox.append(change)
      // A process that is never asked anything may forget them.
      if (own.size >= MAX_OWN) own.clear()
      own.add(position)
      if (invalidation === null) return
      attempt(() => invalidation.publish(position)).catch((error: unknown) => {
        observer.emit('changes.error', { message: `Invalidation could not publish (${nameOf(error)}).` })
      })
    },
    async start() {
      // It only brings sooner what the looks bring anyway: no start waits long for it.
      await withTimeout(LOOK_TIMEOUT_MS, subscribe).catch(() => undefined)
      if (inbox !== null && !isFresh(lookedAt, pollMs)) await sharedLook()
    },
    async clockSkewMs() {
      if (reader === null) return null
      if (reader.clockSkewMs() === null) await sharedLook()
      return reader.clockSkewMs()
    },
    async close() {
      closed = true
      const unsubscribe = await subscription
      subscription = null
      await unsubscribe?.()
    },
  }
}
