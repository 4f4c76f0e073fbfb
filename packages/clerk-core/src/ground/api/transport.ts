import { nameOf } from '../error-name.js'
import { ClerkApiError, ConfigurationError } from '../errors.js'
import { readLimited } from '../http/read-limited.js'
import { retryAfterSeconds } from '../http/retry-after.js'
import { isObject } from '../json/json-reader.js'
import { isOutage } from '../observe/api-status.js'
import type { Observer } from '../observe/observer.js'
import type { ResolvedOptions } from '../options/resolved.js'
import { exponential } from '../timing/backoff.js'
import type { GiveUp } from '../timing/closing.js'
import { withTimeout } from '../timing/timeout.js'
import { pause } from '../timing/until-aborted.js'
import { isClerkId } from './clerk-id.js'
import { type Gate, GateClosedError, type GateLane } from './gate.js'
import { type Operation, type OperationName, operations } from './operations.js'
import { sharedGate } from './shared-gate.js'

/** The version of Clerk's API whose shapes this client reads. */
const API_VERSION = '2026-05-12'
/** 500 users with full metadata stay well below; a hostile or broken response does not fill the memory. */
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024
const RETRIED = new Set([429, 500, 502, 503, 504])

/**
 * A caller waits for a request: all its attempts share one timeout. A scan of a whole list waits rather than starts
 * again.
 */
const patience = {
  request: { attempts: 3, timeoutMs: 5_000, timeoutOf: 'all attempts', longestWaitMs: 2_000 },
  scan: { attempts: 8, timeoutMs: 30_000, timeoutOf: 'each attempt', longestWaitMs: 60_000 },
} as const

/** Of its timeout a request keeps so much for the exchange itself when it waits for its turn. */
const EXCHANGE_MS = 2_000

/** Operations that decide whether a session goes on. */
const SESSION_OPERATIONS: ReadonlySet<OperationName> = new Set(['getSession', 'revokeSession'])

/** The code of a call that was not sent because this process's part of the limit is used up. */
export const NOT_SENT = 'not_sent_rate_limit'

export interface Call {
  readonly ids?: readonly string[]
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
  readonly body?: unknown
  readonly patience?: keyof typeof patience
}

/** Sends an operation and returns its JSON (`null` for an empty body). @throws {ClerkApiError} {@link ConfigurationError} */
export type Transport = (name: OperationName, call?: Call) => Promise<unknown>

export type ApiOptions = Pick<ResolvedOptions, 'secretKey' | 'apiUrl' | 'api' | 'now' | 'fetch'>

/** What a test replaces, and what `createClerk` adds. */
export interface TransportSeams {
  readonly sleep?: (ms: number, giveUp: GiveUp | undefined) => Promise<unknown>
  /** Default: the one that everybody in this process shares who sends with this key. */
  readonly gate?: Gate
  /** Ends what waits or is under way. Asked at the beginning of each call. */
  readonly closing?: () => GiveUp
  /** Told of every call, so that `close()` can wait for it. */
  readonly track?: <T>(call: Promise<T>) => Promise<T>
  /** 0–1, for the jitter. */
  readonly random?: () => number
}

export function createTransport(
  { secretKey, apiUrl, api, now, fetch }: ApiOptions,
  observer: Observer,
  seams: TransportSeams = {},
): Transport {
  const { random = Math.random, track = (call) => call, sleep = sleepUnlessClosed } = seams
  const gate = secretKey === null ? null : (seams.gate ?? sharedGate({ secretKey, apiUrl, now }, api))
  return (name, call) => track(transport(name, call))

  async function transport(name: OperationName, call?: Call): Promise<unknown> {
    try {
      return await attempts(name, call)
    } catch (error) {
      if (error instanceof ClerkApiError && isOutage(error.status) && seams.closing?.().aborted !== true)
        observer.emit('api.error', { operation: name, status: error.status, message: error.message })
      throw error
    }
  }

  async function attempts(name: OperationName, call: Call = {}): Promise<unknown> {
    if (secretKey === null || gate === null) throw new ConfigurationError([missingSecretKey])
    const inTurn = gate
    const closing = seams.closing?.()
    const lane: GateLane = SESSION_OPERATIONS.has(name) ? 'session' : (call.patience ?? 'request')
    const operation: Operation = operations[name]
    const url = `${apiUrl}${pathOf(name, operation, call.ids ?? [])}${queryOf(call.query)}`
    const { attempts: most, timeoutMs, timeoutOf, longestWaitMs } = patience[call.patience ?? 'request']
    const budget = createBudget(timeoutMs)
    for (let attempt = 1; ; attempt++) {
      const result = await send(attempt, timeoutOf === 'each attempt' ? timeoutMs : budget.leftMs())
      if (!(result instanceof ClerkApiError)) return result.json
      const mayRetry = result.status === 0 || RETRIED.has(result.status)
      if (timeoutOf === 'all attempts' && budget.leftMs() <= 0) throw result
      if (!operation.idempotent || !mayRetry || attempt >= most) throw result
      const delayMs = delayOf(result, attempt)
      // Waiting less than Clerk asks for would only be refused again; waiting longer is the caller's decision.
      if (delayMs > longestWaitMs) throw result
      if (observer.wantsOrLogs('api.retry')) {
        observer.emit('api.retry', { operation: name, attempt, status: result.status, delayMs })
      }
      await sleep(delayMs, closing).catch((cause: unknown) => Promise.reject(noAnswer(cause)))
    }

    function noAnswer(cause: unknown): ClerkApiError {
      return new ClerkApiError(`Clerk gave no usable answer to ${name} (${reasonOf(cause)}).`, {
        status: 0,
        cause,
      })
    }

    async function send(attempt: number, leftMs: number): Promise<{ json: unknown } | ClerkApiError> {
      const begunAt = performance.now()
      const patienceMs = timeoutOf === 'each attempt' ? longestWaitMs : Math.max(0, leftMs - EXCHANGE_MS)
      try {
        return await inTurn.run(
          lane,
          patienceMs,
          () => {
            const waited = timeoutOf === 'each attempt' ? 0 : performance.now() - begunAt
            return withTimeout(leftMs - waited, (signal) => exchange(attempt, signal), closing)
          },
          closing,
        )
      } catch (cause) {
        if (cause instanceof GateClosedError) throw notSent(name, cause.retryAfterSeconds)
        return noAnswer(cause)
      }
    }

    async function exchange(
      attempt: number,
      signal: AbortSignal,
    ): Promise<{ json: unknown } | ClerkApiError> {
      const response = await fetch(url, {
        method: operation.method,
        headers: {
          authorization: `Bearer ${secretKey}`,
          'clerk-api-version': API_VERSION,
          accept: 'application/json',
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        // A redirect would carry the secret key to the host it names.
        redirect: 'manual',
        signal,
      })
      const text = await readLimited(response, MAX_RESPONSE_BYTES)
      if (response.ok) return { json: text === '' ? null : JSON.parse(text) }
      const refusal = refusalOf(name, response, text, now())
      // For everybody who sends with this key, whoever was told it.
      if (response.status === 429) inTurn.pause(refusal.retryAfterSeconds ?? 1)
      // An earlier attempt that got no response may have been the one that deleted it.
      if (operation.method === 'DELETE' && response.status === 404 && attempt > 1) return { json: null }
      return refusal
    }

    /** Exponential with full jitter, but never sooner than `Retry-After`. */
    function delayOf(error: ClerkApiError, attempt: number): number {
      const jitter = Math.round(random() * exponential(attempt, 200))
      return (error.retryAfterSeconds ?? 0) * 1000 + jitter
    }
  }
}

const missingSecretKey = {
  option: 'secretKey',
  message: 'is missing, but this operation asks the Backend API.',
  remedy: 'Set CLERK_SECRET_KEY (Clerk dashboard → API keys).',
}

function notSent(name: OperationName, retryAfterSeconds: number): ClerkApiError {
  return new ClerkApiError(
    `${name} was not sent: this process's part of Clerk's limit of requests is used up for ${retryAfterSeconds} s.`,
    { status: 429, codes: [NOT_SENT], retryAfterSeconds },
  )
}

/** Rejects with the reason where it is ended early. */
async function sleepUnlessClosed(ms: number, giveUp: GiveUp | undefined): Promise<void> {
  await pause(ms, giveUp)
  giveUp?.throwIfAborted()
}

/** On the monotonic clock, which is never set. */
function createBudget(ms: number): { leftMs(): number } {
  const end = performance.now() + ms
  return { leftMs: () => end - performance.now() }
}

function pathOf(name: OperationName, operation: Operation, ids: readonly string[]): string {
  let next = 0
  return operation.path.replace(/\{\}/g, () => {
    const id = ids[next++]
    // An id that is no id would address another resource, or another operation.
    if (!isClerkId(id)) {
      throw new ClerkApiError(`${name} was given something that is not an id; nothing was sent.`, {
        status: 400,
        codes: ['invalid_id'],
      })
    }
    return encodeURIComponent(id)
  })
}

function queryOf(query: Call['query'] = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) parameters.append(name, String(one))
    }
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

/** Clerk's messages repeat what was sent, addresses included: only its codes are passed on. */
function refusalOf(name: OperationName, response: Response, text: string, now: number): ClerkApiError {
  const { status } = response
  const { codes, traceId } = errorBody(text)
  return new ClerkApiError(
    `Clerk answered ${status}${codes.length > 0 ? ` (${codes.join(', ')})` : ''} to ${name}.`,
    {
      status,
      codes,
      traceId,
      retryAfterSeconds: retryAfterSeconds(response.headers.get('retry-after'), now),
    },
  )
}

function errorBody(text: string): { codes: readonly string[]; traceId: string | undefined } {
  const isToken = (value: unknown): value is string =>
    typeof value === 'string' && /^[\w-]{1,100}$/.test(value)
  try {
    const body: unknown = JSON.parse(text)
    if (!isObject(body)) return { codes: [], traceId: undefined }
    const errors = Array.isArray(body.errors) ? body.errors.slice(0, 10) : []
    return {
      codes: errors.map((error: unknown) => (isObject(error) ? error.code : undefined)).filter(isToken),
      traceId: isToken(body.clerk_trace_id) ? body.clerk_trace_id : undefined,
    }
  } catch {
    return { codes: [], traceId: undefined }
  }
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error ? cause.cause : undefined
  const code = inner instanceof Error && 'code' in inner ? inner.code : undefined
  return typeof code === 'string' && /^\w{1,50}$/.test(code) ? code : nameOf(cause)
}
