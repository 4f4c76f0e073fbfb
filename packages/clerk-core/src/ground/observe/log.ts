import type { AnonymousReason, Code, CodesIn } from '../codes.js'
import { StoreFaultError } from '../errors.js'
import { isKeyRefused } from './api-status.js'
import type { ClerkEventName, ClerkEvents } from './events.js'
import { type Evidence, type Expected, explain, linkTo } from './explain.js'
import { loggedError } from './logged-error.js'
import type { ClerkLogger, LogFields, LogLevel } from './logger.js'
import { createRedact, privateValues } from './redact.js'
import { createThrottle } from './throttle.js'

/** Code of the application that can throw. */
export type Place =
  | 'handler'
  | 'canLink'
  | 'claimsToUser'
  | 'localUser'
  | 'predicate'
  | 'observe listener'
  | 'onEnd listener'
  | 'audit writer'

/** What was thrown, and what it was about. */
export interface Thrown {
  readonly place: Place
  readonly error: unknown
  /** Said of it, by ids and names alone: `"welcome-mail" of user.created (msg_1)`. */
  readonly about?: string
  readonly fields?: LogFields
  /**
   * The data that it was about: their addresses and private metadata are replaced in what was thrown. A function, or the
   * text of a webhook's body, is read only when something is told.
   */
  readonly data?: readonly unknown[]
  /** Further values that may not be told. */
  readonly values?: readonly string[]
  /** The process warning that says so where the application has given no logger. */
  readonly warning?: { readonly code: CodesIn<'warning'>; readonly message: string }
}

/** What an event does not say, and the log does. */
export type EventDetail<N extends ClerkEventName> = N extends 'auth.failure' | 'webhook.failed'
  ? Evidence
  : N extends 'user.error' | 'store.fault'
    ? Pick<Thrown, 'error' | 'data'>
    : undefined

/** Internal side of `logger`. Nothing of it throws, and nothing is awaited. */
export interface Log {
  /** Events that the log hears. Never one of those that a request which succeeds emits. */
  readonly hears: Readonly<Partial<Record<ClerkEventName, boolean>>>
  hear<N extends ClerkEventName>(name: N, fields: ClerkEvents[N], detail: EventDetail<N> | undefined): void
  /** What the application's own code threw. */
  thrown(what: Thrown): void
  /** A refusal, or a mistake of configuration, that no event speaks of. */
  refused(code: Code, seen?: Evidence): void
  /** A warning that is a process warning where no logger was given. */
  warn(code: CodesIn<'warning'>, message: string): void
}

export interface LogOptions {
  readonly logger: ClerkLogger
  /** Whether the application has given it: then process warnings go there too. */
  readonly given: boolean
  /** Refused credentials are not told in production: clients send them all day. */
  readonly production: boolean
  readonly secrets: readonly string[]
  readonly expected: Expected & { readonly now: () => number }
}

/** No credential was refused: what every visitor without a session meets. */
const USUAL: ReadonlySet<AnonymousReason> = new Set(['no-credentials', 'signed-out', 'not-looked-at'])

const processWarning: Log['warn'] = (code, message) => process.emitWarning(message, { code })

const warnedOf = ({ warning }: Thrown) => {
  if (warning !== undefined) processWarning(warning.code, warning.message)
}

/** `logger: false`. Process warnings are Node's own, and stay. */
export const NO_LOG: Log = Object.freeze({
  hears: {},
  hear: () => undefined,
  thrown: warnedOf,
  refused: () => undefined,
  warn: processWarning,
})

type Hearing = {
  readonly [N in ClerkEventName]?: (fields: ClerkEvents[N], detail: EventDetail<N> | undefined) => void
}

export function createLog(options: LogOptions): Log {
  const { logger, given, production, secrets, expected } = options
  const redact = createRedact(secrets)
  const throttled = createThrottle(expected.now)

  const hearing: Hearing = {
    'auth.failure': ({ reason }, seen) => {
      if (!USUAL.has(reason)) refuse('auth.failure', 'A request was refused', reason, seen)
    },
    'auth.unavailable': ({ reason, retryAfterSeconds }) =>
      outage('auth.unavailable', reason, 'A request could not be answered', { retryAfterSeconds }),
    'jwks.error': ({ message }) =>
      outage('jwks.error', 'keys-unavailable', `The key set cannot be fetched (${message})`),
    'jwks.stale': ({ ageSeconds }) =>
      outage('jwks.stale', 'keys-unavailable', `A key set that is ${ageSeconds} s old is in use`, {
        ageSeconds,
      }),
    'session.error': ({ operation, message }) => {
      // Of a session that could not be revoked at Clerk a warning of its own tells.
      if (operation === 'revoke') return
      const done = operation === 'end' ? 'ended' : 'written'
      const what = `The session of the framework could not be ${done} (${message})`
      outage(`session.error ${operation}`, 'session-unavailable', what, { operation })
    },
    'changes.error': ({ message }) => outage('changes.error', 'changes-unavailable', message),
    'user.error': ({ userId, step }, detail) =>
      thrown({
        place: step === 'can-link' ? 'canLink' : 'claimsToUser',
        error: detail?.error,
        data: detail?.data ?? [],
        about: `for ${userId}`,
        fields: { userId },
      }),
    'store.fault': ({ store, operation, ...fault }, detail) => {
      const { model, field, index, driverCode } = fault
      const key = ['store.fault', store, operation, fault.fault, model, field, index].join(' ')
      const remedy = detail?.error instanceof StoreFaultError ? redact(detail.error.remedy) : ''
      const where = `\`${model}${field === null ? '' : `.${field}`}\`${index === null ? '' : ` by its index \`${index}\``}`
      const message = `The database refused \`${store}.${operation}\` at ${where} (${fault.fault}, ${driverCode}).`
      again(key, 'error', 'store-fault', [message, remedy], { store, operation, ...fault, remedy })
    },
    'webhook.processed': ({ id, type, durationMs }) =>
      tell(
        'info',
        { event: 'webhook.processed', id, type, durationMs },
        `The webhook ${type} (${id}) was processed in ${durationMs} ms.`,
      ),
    'webhook.duplicate': ({ id, type }) =>
      tell('info', { event: 'webhook.duplicate', id, type }, `The webhook ${type} (${id}) had come before.`),
    'webhook.stale': ({ id, type }) =>
      tell(
        'info',
        { event: 'webhook.stale', id, type },
        `The webhook ${type} (${id}) is older than what is stored: nothing was changed.`,
      ),
    'webhook.failed': ({ id, type, code, message }, seen) => {
      const which = [type, id === null ? null : `(${id})`].filter((part) => part !== null).join(' ')
      const fields = { event: 'webhook.failed', id, type, outcome: code }
      if (code === 'failed') {
        const said = `The webhook ${which} ended as failed: ${message}.`
        tell('error', { ...fields, code, message, link: linkTo(code) }, `${said} ${linkTo(code)}`)
      } else if (isRefusal(message)) refuse('webhook.failed', 'A webhook was refused', message, seen)
      else again(`webhook.failed ${code}`, 'warn', code, [`A webhook ended as ${code}: ${message}`], fields)
    },
    'api.error': ({ operation, status, message }) => {
      const code = isKeyRefused(status) ? 'secret-key-refused' : 'api-unreachable'
      outage(`api.error ${status}`, code, message, { operation, status })
    },
    'api.retry': ({ operation, attempt, status, delayMs }) =>
      tell(
        'debug',
        { event: 'api.retry', operation, attempt, status, delayMs },
        `Clerk answered ${operation} with ${status}: attempt ${attempt + 1} follows in ${delayMs} ms.`,
      ),
  }
  const hears: Partial<Record<ClerkEventName, boolean>> = Object.fromEntries(
    Object.keys(hearing).map((name) => [name, !(production && name === 'auth.failure')]),
  )

  return {
    hears,
    hear(name, fields, detail) {
      if (hears[name] === true) safely(() => hearing[name]?.(fields, detail))
    },
    thrown(what) {
      if (!given) warnedOf(what)
      safely(() => thrown(what))
    },
    refused: (code, seen) => safely(() => refuse('refused', 'A webhook was refused', code, seen)),
    warn: given
      ? (code, message) =>
          safely(() =>
            tell('warn', { event: 'warning', code, link: linkTo(code) }, `${message} ${linkTo(code)}`),
          )
      : processWarning,
  }

  /** A refusal with all that is known of it. */
  function refuse(event: string, what: string, code: Code, seen: Evidence | undefined): void {
    const times = throttled(`${event} ${code}`)
    if (times === 0) return
    const { text, meaning: _meaning, ...explained } = explain(code, { seen: seen ?? null, expected, redact })
    tell('warn', { event, reason: code, ...explained, times }, `${what} (${code}). ${text}${since(times)}`)
  }

  function outage(key: string, code: Code, what: string, fields: LogFields = {}): void {
    again(`${key} ${code}`, 'warn', code, [`${what.replace(/\.$/, '')} (${code}).`, explain(code).remedy], {
      event: key.split(' ')[0],
      reason: code,
      ...fields,
    })
  }

  /** Once a minute. */
  function again(
    key: string,
    level: LogLevel,
    code: Code,
    sentences: readonly string[],
    more: LogFields,
  ): void {
    const times = throttled(key)
    if (times === 0) return
    const link = linkTo(code)
    const message = [...sentences.filter((one) => one !== ''), link].join(' ')
    tell(level, { event: key.split(' ')[0], code, ...more, link, times }, `${message}${since(times)}`)
  }

  function thrown({ place, error, about, fields = {}, data = [], values = [] }: Thrown): void {
    // Each event counts; what throws at every request is told once a minute.
    const times = place === 'handler' ? 1 : throttled(`thrown ${place}`)
    if (times === 0) return
    const code = CODE_OF_PLACE[place]
    // A fault of a store is told by names alone wherever it is thrown, and our own errors quote nothing.
    const hidden = [...values, ...privateValues(...data.map(read))]
    const logged = loggedError(error, (text) => redact(text, hidden))
    const link = code === null ? {} : { link: linkTo(code) }
    const subject = about === undefined ? '' : ` ${about}`
    const first = logged.message.split('\n', 1)[0]
    tell(
      'error',
      { event: 'thrown', place, ...fields, error: logged, ...link, times },
      `${PLACES[place]}${subject} threw ${logged.name}: ${first}${since(times)}`,
    )
  }

  /** The application's logger: what it throws or rejects with harms nothing, and there is nowhere to tell it. */
  function tell(level: LogLevel, fields: LogFields, message: string): void {
    const result: unknown = logger[level](fields, message)
    if (typeof result === 'object' && result !== null && 'then' in result) {
      Promise.resolve(result).catch(() => undefined)
    }
  }
}

/** Neither a logger that throws nor a value that cannot be read decides a request. */
function safely(step: () => void): void {
  try {
    step()
  } catch {}
}

/** The body of a webhook is text until something has to be told. */
function read(data: unknown): unknown {
  if (typeof data === 'function') return data()
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    return null
  }
}

const since = (times: number) => (times > 1 ? ` It has happened ${times} times since it was last told.` : '')

const REFUSALS = {
  headers: true,
  timestamp: true,
  signature: true,
  'not-utf8': true,
  'too-large': true,
} as const satisfies Record<CodesIn<'webhook-refusal'>, true>

const isRefusal = (message: string): message is keyof typeof REFUSALS => Object.hasOwn(REFUSALS, message)

const PLACES: Readonly<Record<Place, string>> = {
  handler: 'The handler',
  canLink: '`canLink`',
  claimsToUser: '`claimsToUser`',
  localUser: '`localUser`',
  predicate: 'The `predicate` of a requirement',
  'observe listener': 'A listener of `clerk.observe()`',
  'onEnd listener': 'A callback of a connection of `clerk.watch()`',
  'audit writer': 'The writer of the audit log',
}

/** Where `docs/errors.md` says what follows from it. */
const CODE_OF_PLACE: Readonly<Record<Place, Code | null>> = {
  handler: 'failed',
  canLink: null,
  claimsToUser: 'user-not-provisioned',
  localUser: null,
  predicate: 'forbidden',
  'observe listener': null,
  'onEnd listener': 'ACME_CLERK_WATCH',
  'audit writer': 'ACME_CLERK_AUDIT',
}
