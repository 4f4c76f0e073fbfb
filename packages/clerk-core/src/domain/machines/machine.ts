import { LRUCache } from 'lru-cache'
import { sharedGate } from '../../ground/api/shared-gate.js'
import type { Evidence } from '../../ground/observe/explain.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import { createSingleFlight } from '../../ground/timing/single-flight.js'
import type { KeySource } from '../keys/key-source.js'
import { digestToken, encodeDigest } from '../tokens/token-hash.js'
import type { CachedMachine } from './cached-machine.js'
import { networkOf } from './client-network.js'
import type { MachineRefusal } from './machine-jwt.js'
import {
  type MachineCredential,
  type MachineTokenType,
  type MachineType,
  machineTypeOf,
} from './machine-types.js'
import { type Applicant, createRateLimiter } from './rate-limiter.js'
import { verifyAtClerk } from './verify-at-clerk.js'
import { createMachineJwtVerifier } from './verify-machine-jwt.js'

/** `hash`: of the credential, the only form in which it is mentioned. */
export type MachineResult = {
  readonly hash: string
} /** `until`: milliseconds; how long Clerk's confirmation counts. */ /** `cached`: Clerk had confirmed it before. */ & (
  | {
      readonly ok: true
      readonly machine: MachineCredential
      readonly until: number
      readonly cached: boolean
      /** Of a JWT: where what is made of it may be left for its next request. */
      readonly jwt?: CachedMachine
    }
  /** `seen`: what the check that failed has looked at, for the log. */
  | { readonly ok: false; readonly reason: MachineRefusal; readonly seen?: Evidence | null }
  /** Clerk could not be asked, or of a JWT the keys could not be fetched, so that it is not known. */
  | {
      readonly ok: false
      readonly unavailable: { readonly retryAfterSeconds: number; readonly reason?: 'keys-unavailable' }
    }
)

export interface MachineVerifier {
  /**
   * Of an opaque credential, by its form; of a JWT by its header, where `accept` names such tokens. `null` for anything else.
   * Cheap. An M2M token without a category is recognised by the token verifier (kind `machine-jwt`).
   */
  typeOf(bearer: string): MachineTokenType | null
  /** Whether a JWT of any type may be accepted. */
  readonly acceptsJwt: boolean
  /** Never throws for what was sent. @param clientAddress for limits alone @param digest of the bearer, where it is known */
  verify(bearer: string, clientAddress?: string, digest?: string): MaybePromise<MachineResult>
  /** A JWT that was verified before. */
  cached(digest: string): CachedMachine | undefined
}

/** A key revoked at Clerk works here for at most this long. */
const CACHE_MS = 60_000

interface Confirmed {
  readonly result: MachineResult
  /** The credential's own expiry, and never more than {@link CACHE_MS} ahead. */
  readonly until: number
  readonly since: number
}

/**
 * Asks Clerk about API keys, opaque M2M tokens and OAuth access tokens, and remembers only what it confirms. The JWT forms
 * are verified by the keys of the instance.
 */
export function createMachineVerifier(
  options: ResolvedOptions,
  keys: KeySource,
  observer: Observer,
): MachineVerifier {
  const { now, accept } = options
  const accepted: Record<MachineTokenType, boolean> = {
    api_key: accept.apiKeys,
    m2m: accept.m2m.opaque,
    oauth: accept.oauth.opaque,
  }
  const jwts = accept.m2m.jwt || accept.oauth.jwt ? createMachineJwtVerifier(options, keys, observer) : null
  const cache =
    options.cache.tokens > 0 ? new LRUCache<string, Confirmed>({ max: options.cache.tokens }) : null
  const flights = createSingleFlight<MachineResult>()
  const gateOf = (secretKey: string | null) =>
    secretKey === null ? null : sharedGate({ secretKey, apiUrl: options.apiUrl, now }, options.api)
  const gates = {
    secretKey: gateOf(options.secretKey),
    machineSecretKey: gateOf(options.machineSecretKey),
  } as const
  const rateLimiter = createRateLimiter(options.credentialsPer10Seconds, now)

  return {
    typeOf: (bearer) => machineTypeOf(bearer)?.tokenType ?? jwts?.typeOf(bearer) ?? null,
    acceptsJwt: jwts !== null,
    verify,
    cached: (digest) => jwts?.cached(digest),
  }

  function verify(bearer: string, clientAddress?: string, digest?: string): MaybePromise<MachineResult> {
    const type = machineTypeOf(bearer)
    if (type === undefined && jwts !== null && bearer.includes('.')) return jwts.verify(bearer, digest)
    const hash = encodeDigest(digestToken(bearer))
    if (type === undefined) return { ok: false, reason: 'machine-credential-invalid', hash }
    if (!accepted[type.tokenType]) return { ok: false, reason: 'machine-type-not-accepted', hash }
    // Nothing Clerk hands out is longer or has other characters: not worth a request.
    if (!/^[\w.~+/=-]{8,512}$/.test(bearer)) return { ok: false, reason: 'machine-credential-invalid', hash }

    const known = cache?.get(hash)
    const at = now()
    if (known !== undefined && at >= known.since && at < known.until) {
      if (observer.wants('cache.hit')) observer.emit('cache.hit', { cache: 'machine' })
      return known.result
    }
    if (cache !== null && observer.wants('cache.miss')) observer.emit('cache.miss', { cache: 'machine' })
    const applicant = { hash, network: networkOf(clientAddress), confirmedBefore: known !== undefined }
    return flights.run(hash, () => verifyUncached(type, bearer, applicant))
  }

  async function verifyUncached(
    type: MachineType,
    bearer: string,
    applicant: Applicant,
  ): Promise<MachineResult> {
    const { hash } = applicant
    const check = await rateLimiter.pass(applicant, () =>
      verifyAtClerk(options, gates[type.authority], type, bearer),
    )
    if (check.kind === 'unavailable') {
      return { ok: false, unavailable: { retryAfterSeconds: check.retryAfterSeconds }, hash }
    }
    if (check.kind === 'refused') {
      cache?.delete(hash)
      return { ok: false, reason: check.reason, hash }
    }
    const since = now()
    const until = Math.min(since + CACHE_MS, check.expiresAtMs)
    const result = { ok: true, machine: check.machine, until, hash } as const
    cache?.set(hash, { result: Object.freeze({ ...result, cached: true }), since, until })
    return { ...result, cached: false }
  }
}
