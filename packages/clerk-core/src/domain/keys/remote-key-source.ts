import { TokenError } from '../../ground/errors.js'
import { fetchJson } from '../../ground/http/fetch-json.js'
import { retryAfterSeconds } from '../../ground/http/retry-after.js'
import type { ClerkEvents } from '../../ground/observe/events.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { createBackoff } from '../../ground/timing/backoff.js'
import { Closing } from '../../ground/timing/closing.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import { createSingleFlight } from '../../ground/timing/single-flight.js'
import { NEVER, type Span } from '../../ground/timing/span.js'
import { importKeySet, type NamedKey } from './import-keys.js'
import type { KeyLookup, KeySource } from './key-source.js'

type RefreshReason = ClerkEvents['jwks.refresh']['reason']

export interface RemoteKeySettings {
  /** Overridden by tests that would otherwise have to wait. */
  readonly timeoutMs?: number
  /** Called when there is another key set. Must not throw. */
  readonly replaced?: () => void
}

const MINUTE = 60_000
/** Older: refreshed in the background. */
const SOFT_MS = 5 * MINUTE
/** Older: waited for. Bounds how long a key removed at Clerk goes on verifying. */
const HARD_MS = 15 * MINUTE
/** Older: not used even in an outage. */
const STALE_MS = 60 * MINUTE
/** How long a failure counts as knowledge: longer than any pause between attempts. */
const KNOWN_TO_FAIL_MS = 2 * MINUTE
/** Between two fetches that tokens can provoke: an attacker who invents `kid`s drives no traffic. */
const COOLDOWN_MS = 10_000
const TIMEOUT_MS = 3000
const MAX_BYTES = 256 * 1024
const BACKOFF = { baseSeconds: 1, maxSeconds: 30, jitter: () => 0.5 + Math.random() / 2 }
/** There is one key set, hence one fetch and one wait at a time. */
const KEY_SET = 'key set'

const MISSING: KeyLookup = { kind: 'missing' }

interface KeySet {
  readonly keys: ReadonlyMap<string, NamedKey>
  /** What `lookup` returns, made once. */
  readonly lookups: ReadonlyMap<string, KeyLookup>
  readonly fetchedAt: number
  /** For as long as it is not even refreshed. */
  readonly span: Span
}

/** The key set of a Clerk instance over HTTP. No timer of its own: every decision is made when a request needs a key. */
export function createRemoteKeySource(
  options: Pick<ResolvedOptions, 'now' | 'fetch'> & {
    readonly keys: Extract<ResolvedOptions['keys'], { kind: 'jwks' }>
  },
  observer: Observer,
  { timeoutMs = TIMEOUT_MS, replaced }: RemoteKeySettings,
): KeySource {
  const { now, fetch } = options
  const { url, secretKey } = options.keys
  const closing = new Closing()
  let set: KeySet | null = null
  /** Of the last fetch, when it failed. */
  let failedAt: number | null = null
  let attemptedAt: number | null = null
  /** Why the last fetch failed. */
  let problem: string | null = null
  const flights = createSingleFlight<void>()
  const backoff = createBackoff<null>({ ...BACKOFF, now })

  return {
    needsKid: true,
    lookup(kid) {
      const found = cachedLookup(kid)
      if (found !== null && found.kind === 'key') return found
      return found === null ? wait(kid) : unknownKid(kid)
    },
    lookupAgain: (key) => thenLook('bad-signature', () => cachedLookup(key.kid) ?? unavailable()),
    isPublished(key) {
      const found = key.kid === null ? null : cachedLookup(key.kid)
      return found?.kind === 'key' && found.key === key
    },
    span: () => set?.span ?? NEVER,
    isUsable: () => stateOfSet() !== 'unusable' || backoff.waiting(KEY_SET) === null,
    async prefetch() {
      if (usable() === null) await refresh(set === null ? 'cold' : 'expired')
      if (usable() !== null) return
      const why = problem === null ? '' : `: it ${problem}`
      throw new TokenError('keys-unavailable', `The key set cannot be fetched${why}.`, {
        retryAfterSeconds: retryInSeconds(),
      })
    },
    close: () => closing.abort(new Error('the clerk was closed')),
  }

  /** What the cached set says; `null` when it may not be used without fetching it again. */
  function cachedLookup(kid: string | null): KeyLookup | null {
    const usableSet = usable()
    return usableSet === null ? null : ((kid === null ? undefined : usableSet.lookups.get(kid)) ?? MISSING)
  }

  function usable(): KeySet | null {
    const state = stateOfSet()
    if (state === 'unusable') return null
    if (state !== 'fresh' && mayTry()) void refresh(state === 'old' ? 'soft-expired' : 'expired')
    return set
  }

  /** `old` and `stale` may be used while they are fetched again. */
  function stateOfSet(): 'fresh' | 'old' | 'stale' | 'unusable' {
    if (set === null) return 'unusable'
    const age = now() - set.fetchedAt
    if (age >= 0 && age < SOFT_MS) return 'fresh'
    // A clock set back says nothing about the keys: look again, without doubting them meanwhile.
    if (age < HARD_MS) return 'old'
    // Past the hard limit only an endpoint that is known to fail keeps the old set alive (stale-if-error), and it is
    // asked in the background: requests must not pay its timeout again and again.
    const knownToFail = failedAt !== null && elapsed(failedAt) < KNOWN_TO_FAIL_MS
    return knownToFail && age < STALE_MS ? 'stale' : 'unusable'
  }

  async function wait(kid: string | null): Promise<KeyLookup> {
    if (flights.underWay(KEY_SET) !== undefined || mayTry()) await refresh(set === null ? 'cold' : 'expired')
    const found = cachedLookup(kid)
    if (found === null) return unavailable()
    return found.kind === 'missing' ? unknownKid(kid) : found
  }

  /** The cached set does not have this `kid`: a rotation, or an invention. */
  function unknownKid(kid: string | null): MaybePromise<KeyLookup> {
    return thenLook('unknown-kid', () => {
      const found = cachedLookup(kid) ?? unavailable()
      // While the endpoint fails it is not known whether the key has been added.
      return found.kind === 'missing' && failedAt !== null ? unavailable() : found
    })
  }

  /** Looks after the fetch under way, or the one that a token may cause now; else at once. */
  function thenLook(reason: RefreshReason, look: () => KeyLookup): MaybePromise<KeyLookup> {
    const fetching = flights.underWay(KEY_SET) ?? (mayTokenCauseFetch() ? refresh(reason) : undefined)
    return fetching === undefined ? look() : fetching.then(look)
  }

  /** Whether a token may cause a fetch: it need not be genuine. */
  function mayTokenCauseFetch(): boolean {
    return mayTry() && (attemptedAt === null || elapsed(attemptedAt) >= COOLDOWN_MS)
  }

  function mayTry(): boolean {
    if (flights.underWay(KEY_SET) !== undefined || closing.aborted) return false
    return backoff.waiting(KEY_SET) === null
  }

  /** A clock that was set back must not prolong any waiting. */
  function elapsed(since: number): number {
    const passed = now() - since
    return passed < 0 ? Number.POSITIVE_INFINITY : passed
  }

  function refresh(reason: RefreshReason): Promise<void> {
    return flights.run(KEY_SET, () => fetchSet(reason))
  }

  async function fetchSet(reason: RefreshReason): Promise<void> {
    attemptedAt = now()
    const headers: Record<string, string> = secretKey === null ? {} : { authorization: `Bearer ${secretKey}` }
    const response = await fetchJson(fetch, {
      url,
      headers,
      timeoutMs,
      maxBytes: MAX_BYTES,
      signal: closing,
    })
    if (closing.aborted) return
    const keys = response.problem === null ? await importKeySet(response.json, set?.keys ?? new Map()) : null
    if (keys === null) {
      const why = response.problem ?? 'answered without a usable RSA key'
      failed(
        isKeyRefused(response.status)
          ? `${why}, which refuses CLERK_SECRET_KEY: set it to a key of this instance`
          : why,
        response.retryAfter,
      )
      return
    }
    const lookups = new Map(
      [...keys].map(([kid, key]) => [kid, Object.freeze({ kind: 'key' as const, key })]),
    )
    const fetchedAt = now()
    set = { keys, lookups, fetchedAt, span: { from: fetchedAt, until: fetchedAt + SOFT_MS } }
    replaced?.()
    failedAt = null
    problem = null
    backoff.succeeded(KEY_SET)
    observer.emit('jwks.refresh', { keys: keys.size, reason })
  }

  /** An outage passes by itself, a wrong key does not. */
  function isKeyRefused(status: number): boolean {
    return secretKey !== null && (status === 401 || status === 403)
  }

  function failed(why: string, retryAfter: string | null): void {
    const at = now()
    problem = why
    failedAt = at
    backoff.failed(KEY_SET, null, retryAfterSeconds(retryAfter, at))
    observer.emit('jwks.error', {
      message: `The key set ${why}.`,
      retryAfterSeconds: retryInSeconds(),
    })
    const age = set === null ? 0 : at - set.fetchedAt
    if (age >= HARD_MS && age < STALE_MS) observer.emit('jwks.stale', { ageSeconds: Math.floor(age / 1000) })
  }

  function unavailable(): KeyLookup {
    return { kind: 'unavailable', retryAfterSeconds: retryInSeconds() }
  }

  function retryInSeconds(): number {
    return backoff.waiting(KEY_SET)?.retryAfterSeconds ?? 1
  }
}
