import type { TokenErrorReason } from './codes.js'
import { withSafeCause } from './safe-cause.js'

export type {
  AnonymousReason,
  DenialCode,
  MachineErrorReason,
  TokenErrorReason,
  UnavailableReason,
  WebErrorCode,
} from './codes.js'

/** Errors of ours that may have a cause: it keeps its class and code, and neither its message nor its fields. */
class CausedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(
      message,
      withSafeCause(options, (cause) => cause instanceof CausedError),
    )
  }
}

/** A problem of configuration, with what to do about it. */
export interface ConfigurationProblem {
  /** Option or environment variable concerned, as the user wrote it. */
  readonly option: string
  readonly message: string
  readonly remedy: string
}

/** Thrown by `createClerk` and `fromEnv`, once, with every problem found. */
export class ConfigurationError extends CausedError {
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

/** A session token was refused, or could not be verified (`keys-unavailable`). Never carries the token. */
export class TokenError extends CausedError {
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
export class StoreUnavailableError extends CausedError {
  override readonly name = 'StoreUnavailableError'
  readonly code = 'store-unavailable'
}

/** What a store was given is not an id, e-mail address or time. Thrown before any query is made. */
export class StoreInputError extends CausedError {
  override readonly name = 'StoreInputError'
  readonly code = 'store-input'
}

/** A webhook's data is not what its type says. Never carries the data. */
export class WebhookDataError extends CausedError {
  override readonly name = 'WebhookDataError'
  readonly code = 'webhook-data'
}

/** Clerk's Backend API answered with an error, or not at all (`status` 0: connection, timeout, unreadable answer). */
export class ClerkApiError extends CausedError {
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
