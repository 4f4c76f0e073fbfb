import { nameOf } from '../../ground/error-name.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { describeError } from '../../ground/store-fault.js'
import { attempt } from '../../ground/timing/attempt.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import { withTimeout } from '../../ground/timing/timeout.js'
import type { Change, Inbox } from '../store/inbox.js'
import { createLooks, type Freshness } from './freshness.js'
import type { Invalidation } from './invalidation.js'

export type { Freshness } from './freshness.js'

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
const MAX_SEEN = 10_000
const FRESH: Freshness = Object.freeze({ ok: true })

/**
 * Reads from the inbox's log what other processes changed. Requests drive the looks, so that no timer keeps a process
 * alive and an idle one reads nothing; one look serves all requests that wait for it.
 */
export function createChanges(parts: {
  readonly inbox: Inbox | null
  readonly options: Pick<ResolvedOptions, 'pollSeconds' | 'session' | 'storeTimeoutSeconds' | 'now'>
  readonly invalidation: Invalidation | null
  /** How far back the first look reads: for as long as a revocation counts. */
  readonly historySeconds: number
  readonly observer: Observer
  /** Drops what was cached, notes what was revoked. Must not throw. */
  readonly onChange: (change: Change) => void
}): Changes {
  const { inbox, options, invalidation, observer, onChange } = parts
  const { now } = options
  /** When the last look that succeeded was begun. */
  let lookedAt: number | null = null
  /** `appliedAt` by event id, of the time that the next look will see again. */
  let seen = new Map<string, number>()
  let subscription: Promise<(() => Promise<void>) | null> | null = null
  let closed = false

  async function readLog(inbox: Inbox): Promise<void> {
    const begun = now()
    const since =
      lookedAt === null ? begun - parts.historySeconds * 1000 : Math.min(lookedAt, begun) - OVERLAP_MS
    const changes = await inbox.changesSince(since)
    const fresh = changes.filter(({ id, appliedAt }) => seen.get(id) !== appliedAt)
    for (const change of fresh) onChange(change)
    lookedAt = begun
    const recent = [...seen, ...changes.map(({ id, appliedAt }) => [id, appliedAt] as const)]
    seen = new Map(recent.filter(([, appliedAt]) => appliedAt >= begun - OVERLAP_MS))
    if (fresh.length > 0 && observer.wants('changes.applied')) {
      observer.emit('changes.applied', { count: fresh.length, by: 'poll' })
    }
  }

  const looks =
    inbox &&
    createLooks({
      look: () => readLog(inbox),
      options,
      failed: (error) =>
        observer.emit('changes.error', { message: `The inbox could not be read (${describeError(error)}).` }),
    })

  function current(): MaybePromise<Freshness> {
    if (looks === null) return FRESH
    const freshness = looks.current()
    // Where it waits, or has just found out that it cannot know, is the moment to try it again.
    if (freshness instanceof Promise || !freshness.ok) void subscribe()
    return freshness
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
      await withTimeout(options.storeTimeoutSeconds * 1000, subscribe).catch(() => undefined)
      await looks?.first()
    },
    async close() {
      closed = true
      const left = subscription
      subscription = null
      // What hangs must not keep a process from ending.
      await withTimeout(options.storeTimeoutSeconds * 1000, async () => (await left)?.()).catch(
        (error: unknown) =>
          observer.emit('changes.error', { message: `Invalidation could not be left (${nameOf(error)}).` }),
      )
    },
  }
}
