import type { Changes } from '../../domain/changes/changes.js'
import type { Revocations } from '../../domain/changes/revocations.js'
import type { KeySource } from '../../domain/keys/key-source.js'
import type { SessionRecord } from '../../domain/session/record.js'
import { lacksAzp } from '../../domain/tokens/checks.js'
import type { CachedToken } from '../../domain/tokens/verified-token.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import type { ChangeCounter } from '../../ground/timing/change-counter.js'
import type { Cached } from '../../ground/timing/read-cache.js'
import { ALWAYS, type Span } from '../../ground/timing/span.js'
import type { MadeUserAuth } from './made-auth.js'

/** What an `Auth` was made of; `null` without such a store, and without an organisation. */
export interface MadeOf {
  readonly requested: string | undefined
  readonly user: Cached<unknown> | null
  readonly membership: Cached<unknown> | null
  readonly organization: Cached<unknown> | null
}

/** The `Auth` that was made of a token or a session record, which holds it, with what tells how long it is true. */
export class ReadyAuth implements MadeOf {
  readonly auth: MadeUserAuth
  readonly requested: string | undefined
  readonly user: Cached<unknown> | null
  readonly membership: Cached<unknown> | null
  readonly organization: Cached<unknown> | null
  /** Of the change counter, when everything was last looked at. */
  version = -1
  /** True from here until there, while the counter stays. */
  from = 0
  until = 0

  constructor(auth: MadeUserAuth, { requested, user, membership, organization }: MadeOf) {
    this.auth = auth
    this.requested = requested
    this.user = user
    this.membership = membership
    this.organization = organization
  }

  /** Whether all rows that it was made of are in the caches still. */
  hasRows(nowMs: number): boolean {
    const { user, membership, organization } = this
    return (
      (user === null || user.isFresh(nowMs)) &&
      (membership === null || membership.isFresh(nowMs)) &&
      (organization === null || organization.isFresh(nowMs))
    )
  }
}

/** Whether what is ready is what evaluating the request would give. */
export interface ReadyAuths {
  /** Of a token that came again as bearer, and nothing besides. */
  ofToken(token: CachedToken, ready: ReadyAuth): boolean
  /** Of a session that holds this record, and nothing besides. */
  ofRecord(record: SessionRecord, ready: ReadyAuth): boolean
}

/**
 * Mostly by three numbers. After a change, and when its time is over, by asking again all that it depends on: that is what
 * evaluating asks, without making anything.
 */
export function createReadyAuths(parts: {
  readonly options: Pick<ResolvedOptions, 'now' | 'clockToleranceSeconds' | 'allowMissingAzp' | 'session'>
  readonly keys: Pick<KeySource, 'isPublished' | 'span'>
  readonly revocations: Pick<Revocations, 'isRevoked'>
  readonly changes: Pick<Changes, 'span'> | null
  readonly counter: ChangeCounter
}): ReadyAuths {
  const { options, keys, revocations, changes, counter } = parts
  const { now, clockToleranceSeconds, allowMissingAzp } = options
  const { revalidateAfterSeconds } = options.session

  const isKnown = (ready: ReadyAuth, at: number) =>
    ready.version === counter.value && at >= ready.from && at < ready.until

  return {
    ofToken(token, ready) {
      const at = now()
      if (isKnown(ready, at)) return true
      const { claims, key } = token
      if (!keys.isPublished(key) || lacksAzp(claims.azp, allowMissingAzp)) return false
      return confirm(ready, at, claims, timeOfToken(token), keys.span())
    },
    ofRecord(record, ready) {
      const at = now()
      return isKnown(ready, at) || confirm(ready, at, record, timeOfRecord(record), ALWAYS)
    },
  }

  function confirm(
    ready: ReadyAuth,
    at: number,
    { sub, sid }: { readonly sub: string; readonly sid: string },
    own: Span,
    ofKeys: Span,
  ): boolean {
    const { user, membership, organization } = ready
    const { value } = counter
    let { from, until } = own
    for (const span of [changes?.span() ?? ALWAYS, ofKeys, user, membership, organization]) {
      if (span === null) continue
      from = Math.max(from, span.from)
      until = Math.min(until, span.until)
    }
    if (!(at >= from && at < until) || !ready.hasRows(at) || revocations.isRevoked(sub, sid)) return false
    ready.version = value
    ready.from = from
    ready.until = until
    return true
  }

  /** When the checks of the verifier pass. A millisecond too short, whatever fractions the tolerance has. */
  function timeOfToken({ claims }: CachedToken): Span {
    return {
      from: Math.ceil(Math.max(claims.iat, claims.nbf) - clockToleranceSeconds) * 1000,
      until: Math.floor((claims.exp + clockToleranceSeconds) * 1000) - 1,
    }
  }

  /** When the record is neither of the future nor stale. Never too long, whatever fractions the options have. */
  function timeOfRecord({ checkedAt, asOf, tokenAt }: SessionRecord): Span {
    return {
      from: Math.ceil(Math.max(checkedAt, asOf, tokenAt) - clockToleranceSeconds) * 1000,
      until: Math.floor(checkedAt + revalidateAfterSeconds) * 1000,
    }
  }
}
