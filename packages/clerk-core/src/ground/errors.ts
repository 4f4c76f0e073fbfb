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

/** What a database refused for good, see {@link StoreFaultError}. */
export type StoreFault =
  /** A value is taken in a unique column that core's rules do not know. */
  | 'unique'
  /** A column that may not be null got no value. */
  | 'required'
  /** A foreign key or a required relation. */
  | 'foreign-key'
  /** A value does not fit its column: too long, out of range, an enum without it, another type. */
  | 'value'
  /** A table, collection, column or index is missing. */
  | 'missing'
  /** An extension or a hook of the application hides a row that the store has written. */
  | 'hidden'
  /** Any other constraint or refusal. */
  | 'other'

/**
 * A database answered and refused: asking again does not help until its schema, or the application's code, is changed. A
 * webhook that meets it is answered 500, not 503. Told by class, code, model, field and index, never by a value.
 */
export class StoreFaultError extends CausedError {
  override readonly name = 'StoreFaultError'
  readonly code = 'store-fault'
  readonly fault: StoreFault
  /** The code of the database or its driver: `P2002`, `11000`, `23502`. */
  readonly driverCode: string
  /** Model, table or collection. */
  readonly model: string
  readonly field: string | undefined
  readonly index: string | undefined
  /** A sentence that says what to do, with names of the schema alone. */
  readonly remedy: string

  /** @param details `remedy` is a sentence that says what to do, with names of the schema alone */
  constructor(details: {
    fault: StoreFault
    driverCode: string
    model: string
    field?: string | undefined
    index?: string | undefined
    remedy: string
  }) {
    const { fault, driverCode, model, field, index, remedy } = details
    const where = [
      `\`${model}${field === undefined ? '' : `.${field}`}\``,
      index === undefined ? '' : ` by its index \`${index}\``,
    ].join('')
    super(`The database refused a statement on ${where} (${fault}, ${driverCode}). ${remedy}`)
    this.fault = fault
    this.driverCode = driverCode
    this.model = model
    this.field = field
    this.index = index
    this.remedy = remedy
  }
}

/** Whether what a store threw for one row concerns every other as well: an outage, a table that is not there. */
export const concernsEveryRow = (error: unknown): boolean =>
  error instanceof StoreUnavailableError ||
  (error instanceof StoreFaultError && (error.fault === 'missing' || error.fault === 'hidden'))

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
