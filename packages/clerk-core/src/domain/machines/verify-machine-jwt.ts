import { LRUCache } from 'lru-cache'
import { deepFreeze } from '../../ground/json/deep-freeze.js'
import type { Evidence } from '../../ground/observe/explain.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { KeyLookup, KeySource, VerificationKey } from '../keys/key-source.js'
import { decodeHeader, MAX_TOKEN_LENGTH, type ParsedToken, parseToken } from '../tokens/parse-token.js'
import { createTokenCache } from '../tokens/token-cache.js'
import { digestToken, encodeDigest } from '../tokens/token-hash.js'
import { formOf, isSignedBy, keyOf } from '../tokens/verify-token.js'
import { CachedMachine } from './cached-machine.js'
import {
  checkMachineClaims,
  checkMachineHeader,
  type MachineJwtPolicy,
  type MachineJwtType,
  type MachineRefusal,
  machineFromClaims,
  machineJwtTypeOf,
} from './machine-jwt.js'
import type { MachineCredential } from './machine-types.js'

export type MachineJwtResult = { readonly hash: string } & (
  | {
      readonly ok: true
      readonly machine: MachineCredential
      /** Milliseconds: when to look again, at the latest. */
      readonly until: number
      readonly cached: boolean
      /** Where what is made of it may be left for its next request. */
      readonly jwt: CachedMachine
    }
  /** `seen`: what the check that failed has looked at, for the log. */
  | { readonly ok: false; readonly reason: MachineRefusal; readonly seen: Evidence | null }
  | {
      readonly ok: false
      readonly unavailable: { readonly retryAfterSeconds: number; readonly reason: 'keys-unavailable' }
    }
)

export interface MachineJwtVerifier {
  /** By the header alone: `null` also where only the claims tell. Cheap. */
  typeOf(bearer: string): MachineJwtType | null
  /** Never throws for what was sent. @param digest of the bearer, where it is known */
  verify(bearer: string, digest?: string): MaybePromise<MachineJwtResult>
  cached(digest: string): CachedMachine | undefined
}

/** A connection looks again at what it rests on this often: a key may have been taken out of the key set. */
const LOOK_AGAIN_MS = 60_000
/** Headers of the keys that sign; a flood of others pushes the oldest out. */
const REMEMBERED_HEADERS = 64

/**
 * Verifies the JWT forms of M2M tokens and OAuth access tokens: by the keys of the instance, without asking Clerk, and as
 * strictly as session tokens. That one was revoked at Clerk before it expires cannot be seen here.
 */
export function createMachineJwtVerifier(
  options: MachineJwtPolicy &
    Pick<ResolvedOptions, 'now' | 'clockToleranceSeconds'> & {
      readonly accept: Pick<ResolvedOptions['accept'], 'm2m' | 'oauth' | 'maxAgeSeconds'>
      readonly cache: Pick<ResolvedOptions['cache'], 'tokens'>
    },
  keys: KeySource,
  observer: Observer,
): MachineJwtVerifier {
  const { now, accept, clockToleranceSeconds } = options
  const cache = options.cache.tokens > 0 ? createTokenCache<CachedMachine>(options.cache.tokens) : null
  const types = new LRUCache<string, MachineJwtType | 'other'>({ max: REMEMBERED_HEADERS })

  return { typeOf, verify, cached: (digest) => cache?.get(digest) }

  function typeOf(bearer: string): MachineJwtType | null {
    const end = bearer.indexOf('.')
    if (end < 1 || end > MAX_TOKEN_LENGTH) return null
    const part = bearer.slice(0, end)
    let type = types.get(part)
    if (type === undefined) {
      const header = decodeHeader(part)
      type = (header && machineJwtTypeOf(header, {})) ?? 'other'
      types.set(part, type)
    }
    return type === 'other' ? null : type
  }

  function verify(token: string, known?: string): MaybePromise<MachineJwtResult> {
    const digest = known ?? digestToken(token)
    const entry = cache?.get(digest)
    if (entry !== undefined && keys.isPublished(entry.key)) {
      if (observer.wants('cache.hit')) observer.emit('cache.hit', { cache: 'machine' })
      return currentResult(entry, true)
    }
    if (cache !== null && observer.wants('cache.miss')) observer.emit('cache.miss', { cache: 'machine' })
    return verifyUncached(token, digest)
  }

  function verifyUncached(token: string, digest: string): MaybePromise<MachineJwtResult> {
    const hash = encodeDigest(digest)
    if (token.length > MAX_TOKEN_LENGTH) return refuse('token-too-large', hash, { length: token.length })
    const parsed = parseToken(token)
    if (parsed === null) return refuse('token-malformed', hash, formOf(token))
    const { header, payload } = parsed
    const type = machineJwtTypeOf(header, payload)
    if (type === null) return refuse('token-type-not-allowed', hash, header)
    if (!accept[type].jwt) return refuse('machine-jwt-not-accepted', hash, { type, ...keyOf(parsed) })
    const reason = checkMachineHeader(type, header)
    if (reason !== null) return refuse(reason, hash, header)
    const { kid } = header
    if (keys.needsKid && typeof kid !== 'string') return refuse('key-id-missing', hash, header)
    return chain(keys.lookup(typeof kid === 'string' ? kid : null), (found) =>
      verifySignature({ type, parsed, digest, hash }, found, null),
    )
  }

  /** @param doubted the key under which the signature was bad, when the keys have been looked at again because of it */
  function verifySignature(
    miss: { type: MachineJwtType; parsed: ParsedToken; digest: string; hash: string },
    found: KeyLookup,
    doubted: VerificationKey | null,
  ): MaybePromise<MachineJwtResult> {
    const { type, parsed, digest, hash } = miss
    if (found.kind === 'missing') return refuse('key-not-found', hash, keyOf(parsed))
    if (found.kind === 'unavailable') {
      // Whatever the keys would say, a token of another issuer is not ours: the outage is not its problem.
      if (parsed.payload.iss !== options.issuer) return refuse('issuer-mismatch', hash, parsed.payload)
      const { retryAfterSeconds } = found
      return { ok: false, unavailable: { retryAfterSeconds, reason: 'keys-unavailable' }, hash }
    }
    const { key } = found
    if (key === doubted || !isSignedBy(parsed, key)) {
      if (doubted !== null) return refuse('signature-invalid', hash, keyOf(parsed))
      return chain(keys.lookupAgain(key), (again) => verifySignature(miss, again, key))
    }
    const reason = checkMachineClaims(type, parsed.payload, options)
    if (reason !== null) return refuse(reason, hash, parsed.payload)
    const claims = deepFreeze(parsed.payload) as unknown as CachedMachine['claims']
    const machine = deepFreeze(machineFromClaims(type, parsed.payload))
    const entry = new CachedMachine(machine, claims, digest, key)
    cache?.set(entry)
    return currentResult(entry, false)
  }

  /** What depends on the time; the same on a hit and on a miss. Compared as session tokens are. */
  function currentResult(entry: CachedMachine, cached: boolean): MachineJwtResult {
    const { machine, claims, hash } = entry
    const { iat, nbf, exp } = claims
    const nowMs = now()
    const latest = Math.floor(nowMs / 1000) + clockToleranceSeconds
    if (iat > latest) return refuse('token-issued-in-future', hash, claims)
    if (nbf !== undefined && nbf > latest) return refuse('token-not-yet-valid', hash, claims)
    const ends = Math.min(exp, iat + (accept.maxAgeSeconds ?? Number.POSITIVE_INFINITY))
    const endsAtMs = (ends + clockToleranceSeconds) * 1000
    if (endsAtMs <= nowMs) return refuse('machine-credential-expired', hash, claims)
    entry.since = nowMs
    entry.until = Math.min(endsAtMs, nowMs + LOOK_AGAIN_MS)
    return { ok: true, machine, until: entry.until, cached, hash, jwt: entry }
  }

  function refuse(reason: MachineRefusal, hash: string, seen: Evidence): MachineJwtResult {
    return { ok: false, reason, hash, seen }
  }
}
