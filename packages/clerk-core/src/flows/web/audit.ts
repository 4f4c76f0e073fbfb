import { nameOf } from '../../ground/error-name.js'
import type { AnyAuth } from './any-clerk.js'
import { idOf } from './me.js'

/** One request, for the record. Plain JSON; no token, no query string, no path that is not a route's pattern. */
export interface AuditEntry {
  /** ISO 8601, when the request arrived. */
  readonly time: string
  readonly kind: AnyAuth['kind'] | 'not-authenticated'
  /** Clerk user id, of a machine's user too. */
  readonly userId: string | null
  /** Id of the local row, or of whoever the application's own login has signed in. */
  readonly localUserId: string | number | null
  /** Clerk user id of an impersonator. */
  readonly actorId: string | null
  /** Id of a machine's credential. */
  readonly machineId: string | null
  readonly orgId: string | null
  readonly method: string
  /** `/users/:id`; `null` where no route answered. */
  readonly route: string | null
  readonly status: number
  readonly durationMs: number
  /** False when the client left before the answer was sent. */
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

/** What an adapter knows of a request when its response is closed. */
export interface AuditedRequest {
  readonly auth: AnyAuth | null
  readonly method: string
  readonly route: string | null
  readonly status: number
  readonly completed: boolean
  readonly ip: string | undefined
  readonly requestId: unknown
}

export interface AuditLog {
  /** Call when the request arrives; the function it returns, once, when the response is closed. Neither ever throws. */
  start(): (describe: () => AuditedRequest) => void
}

/** @param now milliseconds */
export function createAuditLog({ write }: AuditOptions, now: () => number): AuditLog {
  const deliver =
    typeof write === 'function' ? write : (entry: AuditEntry) => write.write(`${JSON.stringify(entry)}\n`)
  return {
    start() {
      const arrivedMs = now()
      const startedAt = performance.now()
      return (describe) => {
        const durationMs = Math.round((performance.now() - startedAt) * 1000) / 1000
        try {
          const written = deliver(auditEntry(describe(), arrivedMs, durationMs))
          if (written instanceof Promise) written.catch(report)
        } catch (error) {
          report(error)
        }
      }
    },
  }
}

export function auditEntry(request: AuditedRequest, arrivedMs: number, durationMs: number): AuditEntry {
  const { auth, method, route, status, completed, ip, requestId } = request
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
 * requested (and after an error not at all): values of parameters are taken out of it, and so is whatever is long enough to be a secret.
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

/** A request id may be a client's header: what is not a plain id of reasonable length is left out. */
function requestIdOf(id: unknown): string | null {
  const value = typeof id === 'number' ? String(id) : id
  return typeof value === 'string' && /^[\w.:/+=-]{1,128}$/.test(value) ? value : null
}

/**
 * An audit log that fails must be noticed, and must not fail the request it is about. Without the error's message: that of
 * a database quotes what could not be written.
 */
function report(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const system = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? ` ${code}` : ''
  process.emitWarning(`The audit log could not be written (${nameOf(error)}${system}).`, {
    code: 'ACME_CLERK_AUDIT',
  })
}
