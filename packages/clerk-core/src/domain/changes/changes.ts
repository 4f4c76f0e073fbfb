import { nameOf } from '../../ground/error-name.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { describeError } from '../../ground/store-fault.js'
import { attempt } from '../../ground/timing/attempt.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import { ALWAYS, type Span } from '../../ground/timing/span.js'
import { withTimeout } from '../../ground/timing/timeout.js'
import type { Inbox, NewChange } from '../store/inbox.js'
import { createLooks, type Freshness } from './freshness.js'
import type { Invalidation } from './invalidation.js'
import { createLogReader } from './log-reader.js'

export type { Freshness } from './freshness.js'

/** A change as it takes effect here. */
export interface KnownChange extends NewChange {
  /** When it was written, by the clock of this process; milliseconds. */
  readonly at: number
}

export interface Changes {
  /** Looks again where the last look is too old; without a promise where it is not. Never rejects. */
  current(): MaybePromise<Freshness>
  /** For how long {@link current} has nothing to do but to say that all is known, if no change is made or learnt of. */
  span(): Span
  /**
   * A change that this process makes: in effect here at once, and in the log when it resolves. What could not be written is
   * written as soon as the log takes it.
   *
   * @throws {StoreUnavailableError} when it cannot be written; it is in effect here all the same
   */
  append(change: NewChange): Promise<void>
  /** Resolves when the log has all that was appended here. @throws {StoreUnavailableError} when it does not take it yet */
  written(): Promise<void>
  /** Subscribes, and looks for the first time. Rejects when that look fails. */
  start(): Promise<void>
  /** How far the store's clock is ahead of this process's, in milliseconds; `null`: not known. @throws what the store throws */
  clockSkewMs(): Promise<number | null>
  close(): Promise<void>
}

const MAX_OWN = 10_000
/** Changes during an outage of the log. What comes beyond them is in effect here, and its caller was told. */
const MAX_UNWRITTEN = 10_000
const FRESH: Freshness = Object.freeze({ ok: true })

/**
 * Reads from the inbox's log what other processes changed. Requests drive the looks, so that no timer keeps a process
 * alive and an idle one reads nothing; one look serves all requests that wait for it.
 */
export function createChanges(parts: {
  readonly inbox: Inbox | null
  readonly options: Pick<ResolvedOptions, 'pollSeconds' | 'session' | 'storeTimeoutSeconds' | 'now'>
  readonly invalidation: Invalidation | null
  readonly observer: Observer
  /** Drops what was cached, notes what was revoked. Must not throw. */
  readonly onChange: (change: KnownChange) => void
}): Changes {
  const { inbox, options, invalidation, observer, onChange } = parts
  const { now } = options
  /** Positions of entries that took effect when they were appended here. */
  const own = new Set<string>()
  /** By id: the same event comes again with every attempt. */
  const unwritten = new Map<string, NewChange>()
  let writing: Promise<void> | null = null
  const reader = inbox === null ? null : createLogReader({ inbox, now })
  let subscription: Promise<(() => Promise<void>) | null> | null = null
  let hinted = false
  let following = false
  let closed = false

  async function readLog(by: 'poll' | 'push'): Promise<void> {
    let count = 0
    await reader?.read((change) => {
      // It only spares a second drop.
      if (own.delete(change.position)) return
      count++
      onChange(change)
    })
    if (count > 0 && observer.wants('changes.applied')) observer.emit('changes.applied', { count, by })
    // The log answers again. A failure was told to the caller that appended it, and the next look tries it once more.
    if (unwritten.size > 0) void written().catch(() => undefined)
  }

  async function write(to: Inbox, change: NewChange): Promise<void> {
    const { position } = await to.append(change)
    unwritten.delete(change.id)
    // A process that is never asked anything may forget them.
    if (own.size >= MAX_OWN) own.clear()
    own.add(position)
    if (invalidation === null) return
    attempt(() => invalidation.publish(position)).catch((error: unknown) => {
      observer.emit('changes.error', { message: `Invalidation could not publish (${nameOf(error)}).` })
    })
  }

  /** One after another, in their order: the first that the log refuses ends it. */
  async function writeRest(to: Inbox): Promise<void> {
    for (const change of [...unwritten.values()]) await write(to, change)
  }

  function written(): Promise<void> {
    if (inbox === null || unwritten.size === 0) return Promise.resolve()
    writing ??= writeRest(inbox).finally(() => {
      writing = null
    })
    return writing
  }

  const looks =
    reader &&
    createLooks<'poll' | 'push'>({
      look: readLog,
      options,
      failed: (error) =>
        observer.emit('changes.error', { message: `The inbox could not be read (${describeError(error)}).` }),
    })

  function current(): MaybePromise<Freshness> {
    if (looks === null) return FRESH
    const freshness = looks.current('poll')
    // Where it waits, or has just found out that it cannot know, is the moment to try it again.
    if (freshness instanceof Promise || !freshness.ok) void subscribe()
    return freshness
  }

  /** However many hints arrive during a look, one more look follows it. */
  async function followHints(): Promise<void> {
    if (following || looks === null) return
    following = true
    try {
      while (hinted && !closed) {
        // A look that is under way may have read before what is hinted at was written.
        await looks.underWay()?.catch(() => undefined)
        hinted = false
        // A failure was observed; the next request looks again.
        await looks.now('push').catch(() => undefined)
      }
    } finally {
      following = false
    }
  }

  function hint(): void {
    if (closed || looks === null) return
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
      failed: (error: unknown) =>
        observer.emit('changes.error', {
          message: `The subscription to changes was lost (${nameOf(error)}).`,
        }),
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
    span: () => looks?.span() ?? ALWAYS,
    async append(change) {
      // Here first: while the inbox is down, this process at least must not go on trusting what is no longer true.
      onChange({ ...change, at: now() })
      if (inbox === null) return
      try {
        await write(inbox, change)
      } catch (error) {
        if (unwritten.size < MAX_UNWRITTEN) unwritten.set(change.id, change)
        throw error
      }
    },
    written,
    async start() {
      // It only brings sooner what the looks bring anyway: no start waits long for it.
      await withTimeout(options.storeTimeoutSeconds * 1000, subscribe).catch(() => undefined)
      await looks?.first('poll')
    },
    async clockSkewMs() {
      if (reader === null) return null
      if (reader.clockSkewMs() === null) await looks?.first('poll')
      return reader.clockSkewMs()
    },
    async close() {
      closed = true
      await written().catch(() => undefined)
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
