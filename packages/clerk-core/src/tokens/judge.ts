import { compactVerify, errors } from 'jose'
import { LRUCache } from 'lru-cache'
import type { TokenErrorReason } from '../errors.js'
import type { KeyAnswer, KeySource, VerificationKey } from '../keys/key-source.js'
import type { Observer } from '../observe/observer.js'
import type { ResolvedOptions } from '../options.js'
import { checkClaims, checkHeader, isId, isMachineToken, type TokenPolicy } from './checks.js'
import { deepFreeze } from './deep-freeze.js'
import { decodeOrganizationClaims } from './organization-claims.js'
import { MAX_TOKEN_LENGTH, type ParsedToken, parseToken } from './parse-token.js'
import type { SessionClaims, VerifiedToken } from './session-claims.js'
import { tokenError } from './token-error.js'
import { hashToken } from './token-hash.js'
import type { TokenJudge, TokenVerdict } from './verdict.js'

type Context = Parameters<TokenJudge['judge']>[1]

/** A token with a good signature that passed every check that does not depend on the time or the request. */
interface Sound {
  readonly token: VerifiedToken
  /** The key it was verified with: once that is no longer published, it has to be verified anew. */
  readonly key: VerificationKey
  /** The verdict of most requests, made once. */
  readonly accepted: TokenVerdict
}

/** Judges session tokens: the only place where a token becomes somebody. */
export function createTokenJudge(
  options: TokenPolicy & { readonly cache: Pick<ResolvedOptions['cache'], 'tokens'> },
  keys: KeySource,
  observer: Observer,
  revocations: { isRevoked(sub: string, sid: string): boolean },
): TokenJudge {
  const { issuer, now, clockToleranceSeconds } = options
  const cache = options.cache.tokens > 0 ? new LRUCache<string, Sound>({ max: options.cache.tokens }) : null
  /** Verifications under way: parallel requests of one page bring the same token. */
  const underWay = new Map<string, Promise<Sound | TokenVerdict>>()

  return {
    judge(token, context) {
      if (typeof token !== 'string') return refuse('token-malformed', '', null)
      const hash = hashToken(token)
      const sound = cache?.get(hash)
      if (sound !== undefined && keys.isPublished(sound.key)) {
        if (observer.wants('cache.hit')) observer.emit('cache.hit', { cache: 'token' })
        return standing(sound, context)
      }
      if (token.length > MAX_TOKEN_LENGTH) return refuse('token-too-large', hash, null)
      if (cache !== null && observer.wants('cache.miss')) observer.emit('cache.miss', { cache: 'token' })
      return judgeOnce(token, hash, context)
    },
  }

  async function judgeOnce(token: string, hash: string, context: Context): Promise<TokenVerdict> {
    const parsed = parseToken(token)
    if (parsed === null) return refuse('token-malformed', hash, null)
    const reason = checkHeader(parsed.header, options)
    if (reason !== null) return refuse(reason, hash, parsed)

    const other = underWay.get(hash)
    if (other !== undefined) {
      const result = await other
      // A success is shared, a failure is not: the next one may find the keys again.
      if ('token' in result && 'key' in result) return standing(result, context)
    }
    const verification = verify(token, hash, parsed)
    underWay.set(hash, verification)
    try {
      const result = await verification
      return 'key' in result ? standing(result, context) : result
    } finally {
      if (underWay.get(hash) === verification) underWay.delete(hash)
    }
  }

  async function verify(token: string, hash: string, parsed: ParsedToken): Promise<Sound | TokenVerdict> {
    const { kid } = parsed.header
    if (keys.needsKid && typeof kid !== 'string') return refuse('key-id-missing', hash, parsed)
    let answer: KeyAnswer = await keys.lookup(typeof kid === 'string' ? kid : null)
    if (answer.kind === 'key' && !(await hasGoodSignature(token, answer.key))) {
      const doubted = answer.key
      answer = await keys.lookupAgain(doubted)
      const replaced = answer.kind === 'key' && answer.key !== doubted
      if (answer.kind === 'key' && !(replaced && (await hasGoodSignature(token, answer.key)))) {
        return refuse('signature-invalid', hash, parsed)
      }
    }
    if (answer.kind === 'missing') return refuse('key-not-found', hash, parsed)
    if (answer.kind === 'unavailable') return cannotSay(hash, parsed, answer.retryAfterSeconds)

    const reason = checkClaims(parsed.payload, options)
    if (reason !== null) return refuse(reason, hash, parsed)
    const claims = deepFreeze(parsed.payload) as SessionClaims
    const verified = Object.freeze({ claims, organization: decodeOrganizationClaims(claims), hash })
    const sound: Sound = {
      token: verified,
      key: answer.key,
      accepted: Object.freeze({ ok: true, token: verified }),
    }
    cache?.set(hash, sound)
    return sound
  }

  /** What depends on the time and the request; the same on a hit and on a miss. Expiry last: see `expired`. */
  function standing(sound: Sound, context: Context): TokenVerdict {
    const { claims, hash } = sound.token
    const seconds = now() / 1000
    // Whole seconds against the future, as jose compares; a fraction would let a token in that jose refuses.
    const latest = Math.floor(seconds) + clockToleranceSeconds
    if (claims.iat > latest) return refuseSound('token-issued-in-future', hash)
    if (claims.nbf > latest) return refuseSound('token-not-yet-valid', hash)
    if (revocations.isRevoked(claims.sub, claims.sid)) return refuseSound('session-revoked', hash)
    if (claims.azp === undefined && !context.allowMissingAzp)
      return refuseSound('authorized-party-missing', hash)
    if (claims.exp <= seconds - clockToleranceSeconds) {
      return { ok: false, error: tokenError('token-expired'), hash, expired: claims, foreign: false }
    }
    return sound.accepted
  }

  function refuseSound(reason: TokenErrorReason, hash: string): TokenVerdict {
    return { ok: false, error: tokenError(reason), hash, foreign: false }
  }

  function refuse(reason: TokenErrorReason, hash: string, parsed: ParsedToken | null): TokenVerdict {
    const machine = parsed !== null && isMachineToken(parsed.header, parsed.payload)
    return { ok: false, error: tokenError(reason), hash, foreign: machine || isForeign(parsed), machine }
  }

  /** By its own word: a form we refuse before looking for a key, or another issuer. */
  function isForeign(parsed: ParsedToken | null): boolean {
    return parsed === null || parsed.payload.iss !== issuer || checkHeader(parsed.header, options) !== null
  }

  function cannotSay(hash: string, parsed: ParsedToken, retryAfterSeconds: number): TokenVerdict {
    // Whatever the keys would say, this one is not ours: the outage is not its problem.
    if (isForeign(parsed)) return refuse('issuer-mismatch', hash, parsed)
    const { sub, sid } = parsed.payload
    const error = tokenError('keys-unavailable', retryAfterSeconds)
    const unchecked = isId(sub) && isId(sid) ? { unchecked: Object.freeze({ sub, sid }) } : {}
    return { ok: false, error, hash, ...unchecked, foreign: false }
  }
}

async function hasGoodSignature(token: string, { key }: VerificationKey): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: ['RS256'] })
    return true
  } catch (error) {
    if (error instanceof errors.JOSEError) return false
    throw error
  }
}
