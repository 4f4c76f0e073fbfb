import { type Observer, SILENT } from '../../ground/observe/observer.js'

/** At most one warning in this time, for each clerk. */
const QUIET_MS = 60_000

const warnedAt = new WeakMap<object, number>()

/**
 * The user whom the application's own login has signed in; `undefined` for none. A user is an object with at least one
 * property of its own, a string that is not empty, a positive number or a `bigint`. Whatever else a login leaves when it
 * found no row (`[]`, `{}`, `''`, `0`, `NaN`) is no user, and a warning says so; `undefined`, `null` and `false` are how a
 * login says that there is none, and bring no warning.
 *
 * @param warns whose quiet time it is: one warning a minute for each
 */
export function localUserOf(
  value: unknown,
  warns: object,
  observer: Pick<Observer, 'warn'> = SILENT,
): unknown {
  if (value === undefined || value === null || value === false) return undefined
  const what = notAUser(value)
  if (what === null) return value
  warn(what, warns, observer)
  return undefined
}

/** `null` for a user; else what the value is, in words. Quotes nothing of it. */
function notAUser(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty string' : null
    case 'number':
      return value > 0 && Number.isFinite(value) ? null : 'a number that is not positive'
    case 'bigint':
      return null
    case 'object':
      return notAUserObject(value as object)
    default:
      return `a ${typeof value}`
  }
}

function notAUserObject(value: object): string | null {
  // What a database driver returns for all rows, none included: `[]`, or `[rows, fields]`.
  if (Array.isArray(value)) return 'a list'
  // A query that has not run: it is there for every visitor.
  if ('then' in value && typeof value.then === 'function') return 'a promise or a query'
  return Object.keys(value).length > 0 ? null : 'an object without a property of its own'
}

function warn(what: string, warns: object, observer: Pick<Observer, 'warn'>): void {
  const now = performance.now()
  if (now - (warnedAt.get(warns) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
  warnedAt.set(warns, now)
  observer.warn(
    'ACME_CLERK_LOCAL_USER',
    `localUser gave ${what}, which is no user, so that the request has no local user. Give the user's row or id, or undefined for none.`,
  )
}
