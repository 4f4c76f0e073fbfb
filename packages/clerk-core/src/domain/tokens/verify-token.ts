import { verify as cryptoVerify } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { deepFreeze } from '../../ground/json/deep-freeze.js'
import type { Evidence } from '../../ground/observe/explain.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { KeyLookup, KeySource, VerificationKey } from '../keys/key-source.js'
import { checkClaims, checkHeader, isId, isMachineToken, lacksAzp, type TokenPolicy } from './checks.js'
import { decodeOrganizationClaims } from './organization-claims.js'
import { MAX_TOKEN_LENGTH, type ParsedToken, parseToken } from './parse-token.js'
import type { SessionClaims, VerifiedToken } from './session-claims.js'
import { tokenError } from './token-error.js'
import { digestToken, encodeDigest } from './token-hash.js'
import type { TokenRefusal, TokenResult, TokenVerifier } from './token-verifier.js'

type Context = Parameters<TokenVerifier['verify']>[1]

/** A token with a good signature that passed every check that does not depend on the time or the request. */
interface VerifiedEntry {
  readonly token: VerifiedToken
  /** The key it was verified with: once that is no longer published, it has to be verified anew. */
  readonly key: VerificationKey
  /** The result of most requests, made once. */
  readonly accepted: TokenResult
}

/** A token that was not found in the cache, still to be verified. */
interface Miss {
  readonly parsed: ParsedToken
  /** Key of the cache. */
  readonly digest: string
  /** The same, as it may be mentioned. */
  readonly hash: string
  readonly context: Context
}

/** Verifies session tokens: the only place where a token becomes a user. */
export function createTokenVerifier(
  options: TokenPolicy & { readonly cache: Pick<ResolvedOptions['cache'], 'tokens'> },
  keys: KeySource,
  observer: Observer,
  revocations: { isRevoked(sub: string, sid: string): boolean },
): TokenVerifier {
  const { issuer, now, clockToleranceSeconds } = options
  const cache =
    options.cache.tokens > 0 ? new LRUCache<string, VerifiedEntry>({ max: options.cache.tokens }) : null

  return {
    verify(token, context) {
      if (typeof token !== 'string') return refuse('token-malformed', '', null, null)
      const digest = digestToken(token)
      const entry = cache?.get(digest)
      if (entry !== undefined && keys.isPublished(entry.key)) {
        if (observer.wants('cache.hit')) observer.emit('cache.hit', { cache: 'token' })
        return currentResult(entry, context)
      }
      if (cache !== null && observer.wants('cache.miss')) observer.emit('cache.miss', { cache: 'token' })
      return verifyUncached(token, digest, context)
    },
  }

  function verifyUncached(token: string, digest: string, context: Context): MaybePromise<TokenResult> {
    const hash = encodeDigest(digest)
    if (token.length > MAX_TOKEN_LENGTH)
      return refuse('token-too-large', hash, null, { length: token.length })
    const parsed = parseToken(token)
    if (parsed === null) return refuse('token-malformed', hash, null, formOf(token))
    const reason = checkHeader(parsed.header, options)
    if (reason !== null) return refuse(reason, hash, parsed, parsed.header)
    const { kid } = parsed.header
    if (keys.needsKid && typeof kid !== 'string') return refuse('key-id-missing', hash, parsed, parsed.header)
    const miss: Miss = { parsed, digest, hash, context }
    return chain(keys.lookup(typeof kid === 'string' ? kid : null), (found) =>
      verifySignature(miss, found, null),
    )
  }

  /** @param doubted the key under which the signature was bad, when the keys have been looked at again because of it */
  function verifySignature(
    miss: Miss,
    found: KeyLookup,
    doubted: VerificationKey | null,
  ): MaybePromise<TokenResult> {
    const { parsed, digest, hash, context } = miss
    if (found.kind === 'missing') return refuse('key-not-found', hash, parsed, keyOf(parsed))
    if (found.kind === 'unavailable') return unverifiable(hash, parsed, found.retryAfterSeconds)
    const { key } = found
    // The parallel requests of one page bring the same token: a request that waited for the keys may find it verified.
    const entry = cache?.get(digest)
    if (entry?.key === key) return currentResult(entry, context)
    if (key === doubted) return refuse('signature-invalid', hash, parsed, keyOf(parsed))
    if (!isSignedBy(parsed, key)) {
      if (doubted !== null) return refuse('signature-invalid', hash, parsed, keyOf(parsed))
      return chain(keys.lookupAgain(key), (again) => verifySignature(miss, again, key))
    }
    const reason = checkClaims(parsed.payload, options)
    if (reason !== null) return refuse(reason, hash, parsed, parsed.payload)
    const result = currentResult(remember(miss, key), context)
    return result.ok ? { ...result, cached: false } : result
  }

  function remember({ parsed, digest, hash }: Miss, key: VerificationKey): VerifiedEntry {
    const claims = deepFreeze(parsed.payload) as SessionClaims
    const token = Object.freeze({ claims, organization: decodeOrganizationClaims(claims), hash })
    const entry: VerifiedEntry = { token, key, accepted: Object.freeze({ ok: true, token, cached: true }) }
    cache?.set(digest, entry)
    return entry
  }

  /** What depends on the time and the request; the same on a hit and on a miss. Expiry last: see `expired`. */
  function currentResult(entry: VerifiedEntry, context: Context): TokenResult {
    const { claims, hash } = entry.token
    const seconds = now() / 1000
    // Whole seconds against the future, as jose compares; a fraction would let a token in that jose refuses.
    const latest = Math.floor(seconds) + clockToleranceSeconds
    if (claims.iat > latest) return refuseVerified('token-issued-in-future', entry.token)
    if (claims.nbf > latest) return refuseVerified('token-not-yet-valid', entry.token)
    if (revocations.isRevoked(claims.sub, claims.sid)) return refuseVerified('session-revoked', entry.token)
    if (lacksAzp(claims.azp, context.allowMissingAzp))
      return refuseVerified('authorized-party-missing', entry.token)
    if (claims.exp <= seconds - clockToleranceSeconds) {
      return { ok: false, kind: 'expired', error: tokenError('token-expired'), hash, seen: claims, claims }
    }
    return entry.accepted
  }

  function refuseVerified(reason: TokenRefusal, { claims, hash }: VerifiedToken): TokenResult {
    return { ok: false, kind: 'refused', reason, error: tokenError(reason), hash, seen: claims }
  }

  function refuse(
    reason: TokenRefusal,
    hash: string,
    parsed: ParsedToken | null,
    seen: Evidence | null,
  ): TokenResult {
    return { ok: false, kind: kindOf(parsed), reason, error: tokenError(reason), hash, seen }
  }

  /** According to the unverified header and claims. */
  function kindOf(parsed: ParsedToken | null): 'machine-jwt' | 'foreign' | 'refused' {
    if (parsed !== null && isMachineToken(parsed.header, parsed.payload)) return 'machine-jwt'
    return isForeign(parsed) ? 'foreign' : 'refused'
  }

  /** A form that is refused before any key is looked for, or another issuer. */
  function isForeign(parsed: ParsedToken | null): boolean {
    return parsed === null || parsed.payload.iss !== issuer || checkHeader(parsed.header, options) !== null
  }

  function unverifiable(hash: string, parsed: ParsedToken, retryAfterSeconds: number): TokenResult {
    // Whatever the keys would say, this one is not ours: the outage is not its problem.
    if (isForeign(parsed)) return refuse('issuer-mismatch', hash, parsed, parsed.payload)
    const { sub, sid } = parsed.payload
    const claimed = isId(sub) && isId(sid) ? { sub, sid } : { sub: null, sid: null }
    const error = tokenError('keys-unavailable', retryAfterSeconds)
    return { ok: false, kind: 'unverifiable', error, hash, seen: null, ...claimed, retryAfterSeconds }
  }
}

/** What a token without a readable form may be described by: never by a part of it. */
export const formOf = (token: string): Evidence => ({ length: token.length, parts: token.split('.').length })

export const keyOf = ({ header, payload }: ParsedToken): Evidence => ({ kid: header.kid, iss: payload.iss })

/**
 * RS256 (RFC 7518 §3.3). On this thread: verifying takes about as long as handing it to the thread pool, where it would
 * wait behind whatever else is there (password hashes, files, DNS).
 */
export function isSignedBy({ signingInput, signature }: ParsedToken, { key }: VerificationKey): boolean {
  return cryptoVerify('sha256', Buffer.from(signingInput, 'latin1'), key, signature)
}
