import { createVerify } from 'node:crypto'
import { deepFreeze } from '../../ground/json/deep-freeze.js'
import type { Evidence } from '../../ground/observe/explain.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { chain, type MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { KeyLookup, KeySource, VerificationKey } from '../keys/key-source.js'
import { checkClaims, checkHeader, isId, isMachineToken, lacksAzp, type TokenPolicy } from './checks.js'
import { createTokenParser, MAX_TOKEN_LENGTH, type ParsedToken } from './parse-token.js'
import { createPermissionDecoder } from './permission-memo.js'
import type { SessionClaims, VerifiedToken } from './session-claims.js'
import { createTokenCache } from './token-cache.js'
import { tokenError } from './token-error.js'
import { digestToken, encodeDigest } from './token-hash.js'
import type { TokenRefusal } from './token-refusal.js'
import type { TokenResult, TokenVerifier } from './token-verifier.js'
import { CachedToken } from './verified-token.js'

type Context = Parameters<TokenVerifier['verify']>[1]

/** A token that was not found in the cache, still to be verified. */
interface Miss {
  readonly parsed: ParsedToken
  /** Key of the cache. */
  readonly digest: string
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
  const cache = options.cache.tokens > 0 ? createTokenCache<CachedToken>(options.cache.tokens) : null
  const parser = createTokenParser()
  const decodePermissions = createPermissionDecoder()

  return {
    cached: (digest) => cache?.get(digest),
    verify(token, context, known) {
      if (typeof token !== 'string') return refuse('token-malformed', '', null, null)
      const digest = known ?? digestToken(token)
      const found = cache?.get(digest)
      if (found !== undefined && keys.isPublished(found.key)) {
        if (observer.wants('cache.hit')) observer.emit('cache.hit', { cache: 'token' })
        return currentResult(found, true, context)
      }
      if (cache !== null && observer.wants('cache.miss')) observer.emit('cache.miss', { cache: 'token' })
      return verifyUncached(token, digest, context)
    },
  }

  function verifyUncached(token: string, digest: string, context: Context): MaybePromise<TokenResult> {
    if (token.length > MAX_TOKEN_LENGTH)
      return refuse('token-too-large', digest, null, { length: token.length })
    const parsed = parser.parse(token)
    if (parsed === null) return refuse('token-malformed', digest, null, formOf(token))
    const reason = checkHeader(parsed.header, options)
    if (reason !== null) return refuse(reason, digest, parsed, parsed.header)
    const { kid } = parsed.header
    if (keys.needsKid && typeof kid !== 'string')
      return refuse('key-id-missing', digest, parsed, parsed.header)
    const miss: Miss = { parsed, digest, context }
    const found = keys.lookup(typeof kid === 'string' ? kid : null)
    return found instanceof Promise
      ? found.then((waited) => alreadyVerified(miss, waited) ?? verifySignature(miss, waited, null))
      : verifySignature(miss, found, null)
  }

  /** The parallel requests of one page bring the same token: a request that waited for the keys may find it verified. */
  function alreadyVerified({ digest, context }: Miss, found: KeyLookup): TokenResult | null {
    const known = found.kind === 'key' ? cache?.get(digest) : undefined
    return known !== undefined && found.kind === 'key' && known.key === found.key
      ? currentResult(known, true, context)
      : null
  }

  /** @param doubted the key under which the signature was bad, when the keys have been looked at again because of it */
  function verifySignature(
    miss: Miss,
    found: KeyLookup,
    doubted: VerificationKey | null,
  ): MaybePromise<TokenResult> {
    const { parsed, digest, context } = miss
    if (found.kind === 'missing') return refuse('key-not-found', digest, parsed, keyOf(parsed))
    if (found.kind === 'unavailable') return unverifiable(digest, parsed, found.retryAfterSeconds)
    const { key } = found
    if (key === doubted) return refuse('signature-invalid', digest, parsed, keyOf(parsed))
    if (!isSignedBy(parsed, key)) {
      if (doubted !== null) return refuse('signature-invalid', digest, parsed, keyOf(parsed))
      return chain(
        keys.lookupAgain(key),
        (again) => alreadyVerified(miss, again) ?? verifySignature(miss, again, key),
      )
    }
    parser.rememberHeader(parsed)
    const reason = checkClaims(parsed.payload, options)
    if (reason !== null) return refuse(reason, digest, parsed, parsed.payload)
    const claims = deepFreeze(parsed.payload) as SessionClaims
    const token = new CachedToken(claims, digest, key, decodePermissions)
    cache?.set(token)
    return currentResult(token, false, context)
  }

  /** What depends on the time and the request; the same on a hit and on a miss. Expiry last: see `expired`. */
  function currentResult(token: CachedToken, cached: boolean, context: Context): TokenResult {
    const { claims } = token
    const seconds = now() / 1000
    // Whole seconds against the future, as jose compares; a fraction would let a token in that jose refuses.
    const latest = Math.floor(seconds) + clockToleranceSeconds
    if (claims.iat > latest) return refuseVerified('token-issued-in-future', token)
    if (claims.nbf > latest) return refuseVerified('token-not-yet-valid', token)
    if (revocations.isRevoked(claims.sub, claims.sid)) return refuseVerified('session-revoked', token)
    if (lacksAzp(claims.azp, context.allowMissingAzp))
      return refuseVerified('authorized-party-missing', token)
    if (claims.exp <= seconds - clockToleranceSeconds) {
      const { hash } = token
      return { ok: false, kind: 'expired', error: tokenError('token-expired'), hash, seen: claims, claims }
    }
    return { ok: true, token, cached }
  }

  function refuseVerified(reason: TokenRefusal, { claims, hash }: VerifiedToken): TokenResult {
    return { ok: false, kind: 'refused', reason, error: tokenError(reason), hash, seen: claims }
  }

  function refuse(
    reason: TokenRefusal,
    digest: string,
    parsed: ParsedToken | null,
    seen: Evidence | null,
  ): TokenResult {
    const hash = encodeDigest(digest)
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

  function unverifiable(digest: string, parsed: ParsedToken, retryAfterSeconds: number): TokenResult {
    // Whatever the keys would say, this one is not ours: the outage is not its problem.
    if (isForeign(parsed)) return refuse('issuer-mismatch', digest, parsed, parsed.payload)
    const { sub, sid } = parsed.payload
    const claimed = isId(sub) && isId(sid) ? { sub, sid } : { sub: null, sid: null }
    const error = tokenError('keys-unavailable', retryAfterSeconds)
    const hash = encodeDigest(digest)
    return { ok: false, kind: 'unverifiable', error, hash, seen: null, ...claimed, retryAfterSeconds }
  }
}

/** What a token without a readable form may be described by: never by a part of it. */
export const formOf = (token: string): Evidence => ({ length: token.length, parts: token.split('.').length })

export const keyOf = ({ header, payload }: ParsedToken): Evidence => ({ kid: header.kid, iss: payload.iss })

/**
 * RS256 (RFC 7518 §3.3). On this thread: verifying takes about as long as handing it to the thread pool, where it would
 * wait behind whatever else is there (password hashes, files, DNS). `createVerify` takes the text as it is, and half a
 * microsecond less than `verify`.
 */
export function isSignedBy({ signingInput, signature }: ParsedToken, { key }: VerificationKey): boolean {
  return createVerify('sha256').update(signingInput, 'latin1').verify(key, signature)
}
