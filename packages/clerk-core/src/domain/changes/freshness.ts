import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { MOMENT_MS } from '../../ground/timing/deadline.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import { NEVER, type Span } from '../../ground/timing/span.js'
import { withTimeout } from '../../ground/timing/timeout.js'

/** Whether this process knows of every change that was applied up to `pollSeconds` ago. */
export type Freshness = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number }

const FRESH: Freshness = Object.freeze({ ok: true })

/** After a failed look the store is left alone for at least this long. */
const LEAST_REST_MS = 1_000

/** What is known of the looks. Ages in milliseconds; `null`: there was none. A negative age: the clock was set back. */
export interface LookState {
  /** Of what is known: since the last look that succeeded was begun. */
  readonly knownForMs: number | null
  /** Since the last look failed, where none has succeeded since. */
  readonly failedForMs: number | null
  /** Of the look that is under way, by the monotonic clock. */
  readonly lookingForMs: number | null
}

export interface LookLimits {
  readonly pollMs: number
  readonly graceMs: number
  readonly timeoutMs: number
}

/**
 * What a request does: whether it begins a look, how long it waits for the one under way, and what it is answered when that
 * has not succeeded. Pure.
 *
 * A look is waited for until it is as old as a call of a store may become. After a failure until it is as old as a moment:
 * then it goes on in the background, and answers come from what is known.
 */
export function planLook(
  { knownForMs, failedForMs, lookingForMs }: LookState,
  { pollMs, graceMs, timeoutMs }: LookLimits,
): { readonly begins: boolean; readonly waitMs: number; readonly isKnown: boolean } {
  // A clock that was set back makes everything that came before it old.
  const within = (age: number | null, most: number) => age !== null && age >= 0 && age <= most
  const isKnown = within(knownForMs, Math.max(graceMs, pollMs))
  if (within(knownForMs, pollMs)) return { begins: false, waitMs: 0, isKnown }
  const rests = within(failedForMs, Math.max(pollMs, LEAST_REST_MS))
  const begins = lookingForMs === null && !rests
  if (lookingForMs === null && !begins) return { begins, waitMs: 0, isKnown }
  const longestMs = failedForMs === null ? timeoutMs : Math.min(MOMENT_MS, timeoutMs)
  return { begins, waitMs: Math.max(0, longestMs - (lookingForMs ?? 0)), isKnown }
}

export interface Looks<By> {
  /** Looks again where the last look is too old; without a promise where there is nothing to wait for. Never rejects. */
  current(by: By): MaybePromise<Freshness>
  /** For how long {@link current} has nothing to do but to say that all is known. */
  span(): Span
  /** A look that succeeds. @throws whatever the look throws */
  first(by: By): Promise<void>
  /** A look that is begun now, or the one that is under way. @throws whatever the look throws */
  now(by: By): Promise<void>
  underWay(): Promise<void> | undefined
}

/**
 * When this process looks at the log of changes. Requests drive the looks, so that no timer keeps a process alive and an idle
 * one reads nothing; one look serves all requests that wait for it.
 */
export function createLooks<By>(parts: {
  /** Reads the log, and acts on what is in it. Each of its calls is bounded in time by the store's deadline. */
  readonly look: (by: By) => Promise<void>
  readonly options: Pick<ResolvedOptions, 'pollSeconds' | 'session' | 'storeTimeoutSeconds' | 'now'>
  readonly failed: (error: unknown) => void
}): Looks<By> {
  const { look, options, failed } = parts
  const { now, pollSeconds } = options
  const limits: LookLimits = {
    pollMs: pollSeconds * 1000,
    graceMs: options.session.graceSeconds * 1000,
    // The store's own limit is told first, and with it that the store hangs: else the request would wait for its next call too.
    timeoutMs: options.storeTimeoutSeconds * 1000 + MOMENT_MS,
  }
  let knownAt: number | null = null
  let failedAt: number | null = null
  let underWay: { readonly since: number; readonly promise: Promise<void> } | null = null

  const ageOf = (time: number | null) => (time === null ? null : now() - time)

  function plan(): ReturnType<typeof planLook> {
    return planLook(
      {
        knownForMs: ageOf(knownAt),
        failedForMs: ageOf(failedAt),
        lookingForMs: underWay === null ? null : performance.now() - underWay.since,
      },
      limits,
    )
  }

  function begin(by: By): Promise<void> {
    const begunAt = now()
    const flight = {
      since: performance.now(),
      promise: look(by).then(
        () => {
          // Known as of the moment the look was begun: what happened meanwhile may be missing from it.
          knownAt = begunAt
          failedAt = null
          if (underWay === flight) underWay = null
        },
        (error: unknown) => {
          failedAt = now()
          if (underWay === flight) underWay = null
          failed(error)
          throw error
        },
      ),
    }
    underWay = flight
    // In the background no caller awaits the rejection; it was told.
    flight.promise.catch(() => undefined)
    return flight.promise
  }

  const answer = (): Freshness =>
    plan().isKnown ? FRESH : { ok: false, retryAfterSeconds: Math.max(1, Math.ceil(pollSeconds)) }

  return {
    current(by) {
      // What the plan says of most requests, without making one.
      const at = now()
      if (knownAt !== null && at >= knownAt && at - knownAt <= limits.pollMs) return FRESH
      const { begins, waitMs } = plan()
      if (begins) void begin(by).catch(() => undefined)
      const flight = underWay
      if (flight === null || waitMs === 0) return answer()
      return withTimeout(waitMs, () => flight.promise).then(answer, answer)
    },
    span: () => (knownAt === null ? NEVER : { from: knownAt, until: knownAt + limits.pollMs }),
    async first(by) {
      if (plan().begins || underWay === null) await begin(by)
      else await underWay.promise
    },
    now: (by) => underWay?.promise ?? begin(by),
    underWay: () => underWay?.promise,
  }
}
