import { idOf } from '../../domain/auth/me.js'
import { nameOf } from '../../ground/error-name.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { OptionRules } from '../../ground/options/read-options.js'
import type { AnyAuth, AnyClerk } from './any-clerk.js'
import { findState } from './request-state.js'
import { settingsOf } from './settings.js'

/** One request, for the record. Plain JSON; no token, no query string, no path that is not a route's pattern. */
export interface AuditEntry {
  /** ISO 8601, when the request arrived. */
  readonly time: string
  readonly kind: AnyAuth['kind'] | 'not-authenticated'
  /** Clerk user id, of a machine's user too. */
  readonly userId: string | null
  /** Id of the local row, or of the user whom the application's own login has signed in. */
  readonly localUserId: string | number | null
  /** Clerk user id of an impersonator. */
  readonly actorId: string | null
  /** Id of a machine's credential. */
  readonly machineId: string | null
  readonly orgId: string | null
  readonly method: string
  /** `/users/:id`; `null` where no route matched. */
  readonly route: string | null
  readonly status: number
  readonly durationMs: number
  /** False when the client closed the connection before the whole response was sent. */
  readonly completed: boolean
  /** As the framework's trust-proxy setting has it. */
  readonly ip: string | null
  readonly requestId: string | null
}

/** A function that takes the entry, or anything that takes lines of JSON: `process.stdout`, a file stream. */
export type AuditWriter = ((entry: AuditEntry) => unknown) | { write(line: string): unknown }

export interface AuditOptions {
  readonly write: AuditWriter
}

export const AUDIT_OPTIONS: OptionRules<AuditOptions> = {
  write: {
    required: 'Give a function, or anything with `write(line)`: `{ write: process.stdout }`.',
    check: (value) =>
      typeof value === 'function' || typeof (value as { write?: unknown } | null)?.write === 'function'
        ? { value }
        : { message: 'cannot be written to.', remedy: 'Give a function, or anything with `write(line)`.' },
  },
}

/** What only the adapter can tell of a request. */
export interface AuditedRequest {
  readonly method: string
  /** The route's pattern; `null` where no route matched. */
  readonly route: string | null
  /** As the framework's trust-proxy setting has it. */
  readonly ip: string | undefined
  readonly requestId: unknown
}

/** What is needed of Node's response, of HTTP/1 or HTTP/2. */
export interface AuditedResponse {
  readonly statusCode: number
  readonly writableFinished: boolean
  once(event: 'close', listener: () => void): unknown
}

/**
 * What an audit log does in every framework. Call the function it returns when a request arrives: when the response is
 * closed it asks for the description and writes one entry. It never throws.
 *
 * `request` is the object that the middleware stores its state on.
 */
export function createAuditLog(
  clerk: AnyClerk,
  { write }: AuditOptions,
): (request: object, response: AuditedResponse, describe: () => AuditedRequest) => void {
  const { now, observer } = settingsOf(clerk)
  const deliver =
    typeof write === 'function' ? write : (entry: AuditEntry) => write.write(`${JSON.stringify(entry)}\n`)

  return (request, response, describe) => {
    const arrivedMs = now()
    const startedAt = performance.now()
    response.once('close', () => {
      const durationMs = Math.round((performance.now() - startedAt) * 1000) / 1000
      const { statusCode: status, writableFinished: completed } = response
      const report = (error: unknown) => tell(observer, error)
      try {
        const auth = (findState(request, clerk) ?? findState(request))?.auth ?? null
        const written = deliver(auditEntry({ ...describe(), auth, status, completed, arrivedMs, durationMs }))
        if (written instanceof Promise) written.catch(report)
      } catch (error) {
        report(error)
      }
    })
  }
}

/** A request when its response is closed. */
interface ClosedRequest extends AuditedRequest, Pick<AuditEntry, 'status' | 'completed' | 'durationMs'> {
  readonly auth: AnyAuth | null
  readonly arrivedMs: number
}

export function auditEntry(request: ClosedRequest): AuditEntry {
  const { auth, method, route, status, completed, arrivedMs, durationMs, ip, requestId } = request
  return {
    time: new Date(arrivedMs).toISOString(),
    kind: auth?.kind ?? 'not-authenticated',
    userId: auth?.kind === 'user' || auth?.kind === 'machine' ? auth.userId : null,
    localUserId:
      auth?.kind === 'user' || auth?.kind === 'local' || auth?.kind === 'machine'
        ? localIdOf(auth.user)
        : null,
    actorId: auth?.kind === 'user' ? (auth.actor?.sub ?? null) : null,
    machineId: auth?.kind === 'machine' ? auth.id : null,
    orgId: auth?.kind === 'user' || auth?.kind === 'machine' ? auth.orgId : null,
    method,
    route,
    status,
    durationMs,
    completed,
    ip: ip ?? null,
    requestId: requestIdOf(requestId),
  }
}

/**
 * A pattern from the path a router is mounted under and the route's own. Some frameworks know the former only as it was
 * requested (and after an error not at all): values of parameters are replaced in it, and so is every segment that is long
 * enough to be a secret.
 */
export function routePattern(
  mountedAt: string | undefined,
  route: unknown,
  params: Readonly<Record<string, unknown>> | undefined,
): string | null {
  if (route === undefined || route === null) return null
  const names = new Map(Object.entries(params ?? {}).map(([name, value]) => [value, name]))
  const base = (mountedAt ?? '').split('/').map((segment) => {
    const name = segment === '' ? undefined : names.get(segment)
    return name === undefined ? (segment.length > 24 ? ':redacted' : segment) : `:${name}`
  })
  return `${base.join('/')}${Array.isArray(route) ? route.join('|') : String(route)}`
}

function localIdOf(row: unknown): string | number | null {
  return typeof row === 'object' && row !== null && 'id' in row ? idOf(row.id) : null
}

/** A request id may come from a client's header: a value that is not a plain, short id is left out. */
function requestIdOf(id: unknown): string | null {
  const value = typeof id === 'number' ? String(id) : id
  return typeof value === 'string' && /^[\w.:/+=-]{1,128}$/.test(value) ? value : null
}

/**
 * The operator must notice an audit log that fails, and the request must not fail with it. The warning leaves out the
 * error's message: a database quotes in it the data that could not be written. The logger has it, as of all that the
 * application's own code throws.
 */
function tell(observer: Pick<Observer, 'thrown'>, error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const system = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? ` ${code}` : ''
  const message = `The audit log could not be written (${nameOf(error)}${system}).`
  observer.thrown({ place: 'audit writer', error, warning: { code: 'ACME_CLERK_AUDIT', message } })
}
