import { nameOf } from './error-name.js'

const DEEPEST = 3

/** The rest of an error that another library threw. Its message and its fields are left out. */
export class CauseSummary extends Error {
  /** A code of the system or of the library, `ECONNREFUSED` for instance. */
  readonly code: string | undefined

  constructor(name: string, code: string | undefined, cause: unknown) {
    super(code ?? '', cause === undefined ? undefined : { cause })
    this.name = name
    this.code = code
    // Where this summary was made says nothing about where the error was thrown.
    this.stack = code === undefined ? name : `${name}: ${code}`
  }
}

/**
 * The options of every error of ours that has a cause. A cause was thrown by the application's `fetch`, a driver or a
 * session store, and its message and fields may hold whatever was sent: a secret key, a token, an address. Errors of ours
 * travel into logs and error trackers, which print causes with all their fields. So the cause keeps what helps to find it
 * (class, code, and the same of its own cause), and nothing else. An error that was made by this rule stays as it is.
 *
 * @param isOurs true for an error whose message is known to be safe
 */
export function withSafeCause(
  options: ErrorOptions | undefined,
  isOurs: (cause: unknown) => boolean,
): ErrorOptions | undefined {
  if (options === undefined || !('cause' in options) || options.cause === undefined) return undefined
  return { cause: summary(options.cause, isOurs, DEEPEST) }
}

function summary(cause: unknown, isOurs: (cause: unknown) => boolean, depth: number): unknown {
  if (cause instanceof CauseSummary || isOurs(cause)) return cause
  if (!(cause instanceof Error)) return new CauseSummary('Error', undefined, undefined)
  const inner = cause.cause === undefined || depth === 0 ? undefined : summary(cause.cause, isOurs, depth - 1)
  return new CauseSummary(nameOf(cause), codeOf(cause), inner)
}

function codeOf(error: Error): string | undefined {
  const code: unknown = 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : undefined
}
