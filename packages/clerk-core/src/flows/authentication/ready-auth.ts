import type { Changes } from '../../domain/changes/changes.js'
import type { Revocations } from '../../domain/changes/revocations.js'
import type { KeySource } from '../../domain/keys/key-source.js'
import type { Remembered } from '../../domain/tokens/remembered.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import type { ChangeCounter } from '../../ground/timing/change-counter.js'
import type { Cached } from '../../ground/timing/read-cache.js'
import { ALWAYS } from '../../ground/timing/span.js'
import type { MadeMachineAuth, MadeUserAuth } from './made-auth.js'

/** What an `Auth` was made of; `null` without such a store, and without an organisation. */
export interface MadeOf {
  readonly requested: string | undefined
  readonly user: Cached<unknown> | null
  readonly membership: Cached<unknown> | null
  readonly organization: Cached<unknown> | null
}

/** The `Auth` that was made of a token or a session record, which holds it, with what tells how long it is true. */
export class ReadyAuth implements MadeOf {
  readonly auth: MadeUserAuth | MadeMachineAuth
  readonly requested: string | undefined
  readonly user: Cached<unknown> | null
  readonly membership: Cached<unknown> | null
  readonly organization: Cached<unknown> | null
  /** Of the change counter, when everything was last looked at. */
  version = -1
  /** True from here until there, while the counter stays. */
  from = 0
  until = 0

  constructor(auth: ReadyAuth['auth'], { requested, user, membership, organization }: MadeOf) {
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

/**
 * Says whether the `Auth` of a token or a session record that came again, and nothing besides, is what evaluating the request
 * would give. Mostly by three numbers. After a change, and when its time is over, by asking again all that it depends on: that
 * is what evaluating asks, without making anything.
 */
export function createReadyAuths(parts: {
  readonly options: Pick<ResolvedOptions, 'now' | 'clockToleranceSeconds' | 'allowMissingAzp'>
  readonly keys: Pick<KeySource, 'isPublished' | 'span'>
  readonly revocations: Pick<Revocations, 'isRevoked'>
  readonly changes: Pick<Changes, 'span'> | null
  readonly counter: ChangeCounter
}): (token: Remembered, ready: ReadyAuth) => boolean {
  const { options, keys, revocations, changes, counter } = parts
  const { now, clockToleranceSeconds, allowMissingAzp } = options

  return (token, ready) => {
    const at = now()
    return (
      (ready.version === counter.value && at >= ready.from && at < ready.until) || confirm(token, ready, at)
    )
  }

  function confirm(token: Remembered, ready: ReadyAuth, at: number): boolean {
    const { user, membership, organization } = ready
    const { value } = counter
    let { from, until } = token.span(clockToleranceSeconds)
    const ofKeys = token.key === null ? ALWAYS : keys.span()
    for (const span of [changes?.span() ?? ALWAYS, ofKeys, user, membership, organization]) {
      if (span === null) continue
      from = Math.max(from, span.from)
      until = Math.min(until, span.until)
    }
    if (!(at >= from && at < until) || !ready.hasRows(at)) return false
    if (token.key !== null && !keys.isPublished(token.key)) return false
    if (token.isRefused(revocations, allowMissingAzp)) return false
    ready.version = value
    ready.from = from
    ready.until = until
    return true
  }
}
