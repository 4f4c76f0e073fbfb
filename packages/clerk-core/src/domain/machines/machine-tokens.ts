import { LRUCache } from 'lru-cache'
import { createTransport, type TransportSeams } from '../../ground/api/transport.js'
import { ClerkApiError, ConfigurationError, WebhookDataError } from '../../ground/errors.js'
import { readJson } from '../../ground/json/json-reader.js'
import type { Observer } from '../../ground/observe/observer.js'
import { type OptionRule, readOptions, rule } from '../../ground/options/read-options.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { createBackoff } from '../../ground/timing/backoff.js'
import { createSingleFlight } from '../../ground/timing/single-flight.js'
import type { ClerkMachines, MachineToken, MachineTokenOptions } from './clerk-machines.js'

/** Claims that differ from request to request must not fill the memory. */
const MAX_SETS = 100
const MAX_CLAIMS_LENGTH = 4096
/** A token is made anew so long before it expires, of a short one half its life before. */
const RENEW_BEFORE_MS = 60_000
/** One that is sent now must still be valid when it arrives, of a short one a tenth of its life. */
const ON_ITS_WAY_MS = 5_000
/** Of a token that does not expire: it may have been revoked. */
const RENEW_ENDLESS_AFTER_MS = 3_600_000
/** So long a token is not forgotten. */
const YOUNG_MS = 60_000
const RETRY = { baseSeconds: 1, maxSeconds: 60 } as const

interface Made {
  readonly token: MachineToken
  readonly since: number
  readonly renewAt: number
  readonly until: number
}

/** `use`: hand it out. `renew`: hand it out, and make the next one meanwhile. `none`: wait for the next one. */
export type Freshness = 'use' | 'renew' | 'none'

/** @param since when Clerk was asked for it; a clock that was set back to before that says nothing of its age */
export function freshnessOf({ since, renewAt, until }: Omit<Made, 'token'>, now: number): Freshness {
  if (now < since || now >= until) return 'none'
  return now < renewAt ? 'use' : 'renew'
}

/** When a token is to be made anew. Milliseconds. @param lifetime `null`: it does not expire */
export function timesOf(since: number, lifetime: number | null): Omit<Made, 'token'> {
  if (lifetime === null)
    return { since, renewAt: since + RENEW_ENDLESS_AFTER_MS, until: Number.POSITIVE_INFINITY }
  return {
    since,
    renewAt: since + lifetime - Math.min(RENEW_BEFORE_MS, lifetime / 2),
    until: since + lifetime - Math.min(ON_ITS_WAY_MS, lifetime / 10),
  }
}

/** Makes M2M tokens for calls of other services. Only this module and Clerk see the secret key of the machine. */
export function createMachineTokens(
  options: Pick<ResolvedOptions, 'machineSecretKey' | 'apiUrl' | 'api' | 'now' | 'fetch'>,
  observer: Observer,
  seams?: TransportSeams,
): ClerkMachines {
  const { now, machineSecretKey } = options
  const transport = createTransport({ ...options, secretKey: machineSecretKey }, observer, seams)
  const made = new LRUCache<string, Made>({ max: MAX_SETS })
  const flights = createSingleFlight<MachineToken>()
  const failures = createBackoff<ClerkApiError>({ ...RETRY, now })

  return { createToken, forget }

  async function createToken(given?: MachineTokenOptions): Promise<MachineToken> {
    if (machineSecretKey === null) throw new ConfigurationError([NO_SECRET])
    const body = bodyOf(readOptions('machines.createToken', given, RULES))
    const key = JSON.stringify(body)
    const known = made.get(key)
    const freshness = known === undefined ? 'none' : freshnessOf(known, now())
    if (known === undefined || freshness === 'none') return next(key, body)
    // Its failure is remembered there, and concerns a caller only when this token has expired.
    if (freshness === 'renew') next(key, body).catch(() => undefined)
    return known.token
  }

  function forget(token: string): void {
    for (const [key, { token: one, since }] of made.entries()) {
      const age = now() - since
      if (one.token === token && (age < 0 || age >= YOUNG_MS)) made.delete(key)
    }
  }

  function next(key: string, body: object): Promise<MachineToken> {
    const waiting = failures.waiting(key)
    if (waiting !== null) return Promise.reject(again(waiting.value, waiting.retryAfterSeconds))
    return flights.run(key, async () => {
      const since = now()
      try {
        const read = readToken(await transport('createM2MToken', { body }), since)
        made.set(key, read)
        failures.succeeded(key)
        return read.token
      } catch (cause) {
        const error = cause instanceof WebhookDataError ? unreadable(cause) : cause
        if (error instanceof ClerkApiError) failures.failed(key, error, error.retryAfterSeconds)
        throw error
      }
    })
  }
}

/** How long it lives is the difference of two times of Clerk's: the clock of this host may be another one. */
function readToken(json: unknown, since: number): Made {
  const reader = readJson(json, 'm2m_token')
  const expiration = reader.optionalTime('expiration')
  const lifetime = expiration === null ? null : expiration - reader.time('created_at')
  if (lifetime !== null && lifetime <= 0)
    throw new WebhookDataError('m2m_token.expiration is not after created_at.')
  const credential = reader.string('token')
  // In a header nothing else would fit, and the error of `fetch` would quote it.
  if (!/^[\w.~+/=-]{8,}$/.test(credential)) throw new WebhookDataError('m2m_token.token is not a token.')
  const token: MachineToken = Object.freeze({
    token: credential,
    id: reader.id('id'),
    subject: reader.id('subject'),
    audience: Object.freeze([...reader.strings('scopes')]),
    expiresAt: lifetime === null ? null : Math.floor((since + lifetime) / 1000),
  })
  return { token, ...timesOf(since, lifetime) }
}

const RULES = {
  tokenFormat: rule.words('opaque', 'jwt'),
  secondsUntilExpiration: rule.number({ least: 1, most: 10 * 365 * 86_400 }),
  claims: { check: checkClaims } as OptionRule,
}

function checkClaims(value: unknown) {
  const refuse = (message: string) => ({ message, remedy: 'Give a plain object of JSON, or leave it out.' })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('is not an object.')
  try {
    const text = JSON.stringify(value)
    return text.length <= MAX_CLAIMS_LENGTH ? { value } : refuse('is longer than 4,096 characters.')
  } catch {
    return refuse('is not JSON.')
  }
}

/** What Clerk is asked, the same for options that mean the same: it names the entry of the cache. */
function bodyOf({ tokenFormat = 'opaque', secondsUntilExpiration, claims }: MachineTokenOptions): object {
  return {
    token_format: tokenFormat,
    ...(secondsUntilExpiration === undefined ? {} : { seconds_until_expiration: secondsUntilExpiration }),
    // A copy: the caller may go on to change its own.
    ...(claims === undefined ? {} : { claims: sorted(JSON.parse(JSON.stringify(claims))) }),
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, one]): [string, unknown] => [name, sorted(one)])
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const NO_SECRET = {
  option: 'machineSecretKey',
  message: 'is missing, but an M2M token is made with it.',
  remedy: 'Set CLERK_MACHINE_SECRET_KEY to the secret key of this machine (Clerk dashboard → Machines).',
}

function again({ message, status, codes, traceId }: ClerkApiError, retryAfterSeconds: number): ClerkApiError {
  return new ClerkApiError(message, { status, codes, traceId, retryAfterSeconds })
}

function unreadable(cause: WebhookDataError): ClerkApiError {
  return new ClerkApiError(`Clerk's response to createM2MToken is not as documented: ${cause.message}`, {
    status: 0,
    cause,
  })
}
