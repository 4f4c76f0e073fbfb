/** Why a session token was refused. Every refusal of {@link Clerk.verifyToken} carries exactly one. */
export type TokenErrorReason =
  | 'token-too-large'
  | 'token-malformed'
  | 'token-type-not-allowed'
  | 'token-category-not-allowed'
  | 'algorithm-not-allowed'
  | 'critical-header-not-allowed'
  | 'key-id-missing'
  | 'key-not-found'
  | 'signature-invalid'
  | 'issuer-mismatch'
  | 'subject-invalid'
  | 'session-id-invalid'
  | 'time-claim-invalid'
  | 'lifetime-too-long'
  | 'token-expired'
  | 'token-not-yet-valid'
  | 'token-issued-in-future'
  | 'authorized-party-missing'
  | 'authorized-party-mismatch'
  | 'audience-mismatch'
  | 'session-pending'
  | 'session-revoked'
  | 'keys-unavailable'

/** Why a machine credential (API key, M2M token, OAuth access token) was refused. */
export type MachineErrorReason =
  | 'machine-type-not-accepted'
  | 'machine-jwt-not-supported'
  | 'machine-credential-invalid'
  | 'machine-credential-revoked'
  | 'machine-credential-expired'

/** Why a request is anonymous although it may have carried something. */
export type AnonymousReason =
  | Exclude<TokenErrorReason, 'keys-unavailable'>
  | MachineErrorReason
  | 'no-credentials'
  | 'cookie-outdated'
  | 'signed-out'
  | 'cross-site-request'
  | 'session-ended'
  | 'session-stale'
  | 'user-not-provisioned'
  | 'user-inactive'

/** What could not be reached, so that nobody knows who is asking. Never reported as anonymous. */
export type UnavailableReason =
  | 'keys-unavailable'
  | 'clerk-unavailable'
  | 'store-unavailable'
  | 'changes-unavailable'
  | 'session-unavailable'

/** Codes in the body of a denied request (and of a refused webhook). */
export type DenialCode =
  | 'unauthenticated'
  | 'organization-required'
  | 'organization-mismatch'
  | 'forbidden'
  | 'reverification-required'
  | 'unavailable'

/** Codes in the body of a request refused by one of our routes, for what it is rather than for who sent it. */
export type WebErrorCode =
  | 'raw-body-required'
  | 'webhook-timeout'
  | 'cross-site-request'
  | 'return-target-refused'
  | 'sign-in-url-required'
  | 'unavailable'

/** A problem of configuration, with what to do about it. */
export interface ConfigurationProblem {
  /** Option or environment variable concerned, as the user wrote it. */
  readonly option: string
  readonly message: string
  readonly remedy: string
}

/** Thrown by `createClerk` and `fromEnv`, once, with every problem found. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly code = 'configuration'
  readonly problems: readonly ConfigurationProblem[]

  constructor(problems: readonly ConfigurationProblem[]) {
    super(
      `Clerk is not configured correctly:\n${problems
        .map(({ option, message, remedy }) => `  - ${option}: ${message} ${remedy}`)
        .join('\n')}`,
    )
    this.problems = problems
  }
}

/** A session token was refused, or could not be judged (`keys-unavailable`). Never carries the token. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code = 'token'
  readonly reason: TokenErrorReason
  /** With `keys-unavailable`: seconds after which asking again makes sense. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    reason: TokenErrorReason,
    message: string,
    options?: ErrorOptions & { retryAfterSeconds?: number },
  ) {
    super(message, options)
    this.reason = reason
    this.retryAfterSeconds = options?.retryAfterSeconds
  }
}

/**
 * A store cannot be reached. Every method of a store throws this (or rejects with it) instead of answering `null`:
 * `null` means "there is no such row", which is an authentication decision.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
  readonly code = 'store-unavailable'
}

/** What a store was given is not an id, e-mail address or time. Thrown before any query is made. */
export class StoreInputError extends Error {
  override readonly name = 'StoreInputError'
  readonly code = 'store-input'
}

/** A webhook's data is not what its type says. Never carries the data. */
export class WebhookDataError extends Error {
  override readonly name = 'WebhookDataError'
  readonly code = 'webhook-data'
}

/** Clerk's Backend API answered with an error, or not at all (`status` 0: connection, timeout, unreadable answer). */
export class ClerkApiError extends Error {
  override readonly name = 'ClerkApiError'
  readonly code = 'clerk-api'
  readonly status: number
  /** Clerk's own error codes, `resource_not_found` for instance. */
  readonly codes: readonly string[]
  readonly traceId: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(
    message: string,
    details: ErrorOptions & {
      status: number
      codes?: readonly string[]
      traceId?: string | undefined
      retryAfterSeconds?: number | undefined
    },
  ) {
    super(message, details)
    this.status = details.status
    this.codes = details.codes ?? []
    this.traceId = details.traceId
    this.retryAfterSeconds = details.retryAfterSeconds
  }
}
