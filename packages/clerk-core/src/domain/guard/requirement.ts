import type { DenialCode } from '../../ground/errors.js'
import type { Auth, MachineTokenType } from '../auth/auth.js'
import type { HasParams } from '../auth/has-params.js'

export type { HasParams, Reverification } from '../auth/has-params.js'

/**
 * What a guard asks of a request. An empty requirement asks for a signed-in user. Write it as `{ … }`: it is copied and
 * frozen when the guard is made, and a key that is not one of these, or a value that is `undefined`, is an error.
 */
export interface Requirement<A extends Auth = Auth> extends HasParams {
  /** An active organisation. */
  readonly org?: true
  /** Binds machines only. Every scope listed must have been granted. */
  readonly scope?: string | readonly string[]
  /**
   * Machines get 403 unless allowed. `only` refuses all others, and so does a list, which accepts the machines with a
   * token of these types: `['api_key', 'oauth']`.
   */
  readonly machine?: 'allow' | 'only' | readonly MachineTokenType[]
  /** Binds OAuth access tokens alone. They have to be let in by `machine` all the same. */
  readonly oauth?: OAuthRequirement
  /**
   * Accepts users whose session has open tasks (`sts: pending`), where `allowPending` lets them be read. Without it they
   * are anonymous to the guard.
   */
  readonly pending?: 'allow'
  /** People signed in by the application itself get 403 unless allowed. */
  readonly local?: 'allow'
  /** Synchronous; a throw, a promise or anything but `true` denies. */
  readonly predicate?: (auth: A) => boolean
}

/** What a route asks of an OAuth access token, beside what `accept.oauth` asks of all. */
export interface OAuthRequirement {
  /** `aud` must name it, exactly (RFC 8707); else 401 `invalid_token`. */
  readonly resource?: string
  /** All of them; else 403 `insufficient_scope`, which names them (RFC 6750 §3.1), so that the client can ask for more. */
  readonly scopes?: readonly string[]
}

/** A refusal, ready to be rendered by an adapter. */
export interface Denial {
  readonly status: 401 | 403 | 503
  readonly code: DenialCode
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
  /** The JSON body: `{ error, code }`, for reverification Clerk's own shape. Never says more than its code. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Requires a user signed in at Clerk, and no more. */
export const ANY_USER: Requirement = Object.freeze(Object.create(null) as Requirement)
