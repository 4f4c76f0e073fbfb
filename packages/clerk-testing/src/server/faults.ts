import type { Reply } from './http.js'
import { canonicalPath } from './operation.js'
import type { Route } from './route.js'

/** How a route misbehaves. */
export interface Fault {
  /** The connection is cut without an answer. */
  down?: boolean | undefined
  /** No answer ever comes. */
  hang?: boolean | undefined
  /** The answer comes this much later (real time). */
  slowMs?: number | undefined
  /** Answer with this status instead of the real one. */
  status?: number | undefined
  /** Answer with this body: text as it is, anything else as JSON. */
  body?: unknown
  headers?: Record<string, string> | undefined
  /** Only the next so many requests. Default: until cleared. */
  times?: number | undefined
}

/**
 * Operations that misbehave, by their id at Clerk (`'GetUser'`), by `'GET /v1/users/:id'`, `'/v1/jwks'` (any method) or
 * `'*'`.
 */
export interface Faults {
  /** @throws {Error} for a route this server does not have */
  set(route: string, fault: Fault): void
  /** One route, or all. */
  clear(route?: string): void
  readonly active: ReadonlyMap<string, Fault>
}

export interface FaultTable extends Faults {
  /** The fault of this request, counted. */
  take(route: Route): Fault | undefined
}

export function createFaults(known: readonly Route[]): FaultTable {
  const active = new Map<string, Fault>()
  const namesOf = ({ method, path, operation }: Route) => {
    const canonical = canonicalPath(path)
    return [...(operation ? [operation] : []), `${method} ${canonical}`, canonical, '*']
  }
  const names = new Set(known.flatMap(namesOf))
  const canonical = (given: string) => {
    const [first = '', second] = given.split(' ')
    return second === undefined ? canonicalPath(first) : `${first} ${canonicalPath(second)}`
  }
  // The dashboard stays in order: it is where faults are cleared.
  const routes = new Set(known)
  return {
    active,
    set(route, fault) {
      if (!names.has(canonical(route))) {
        throw new Error(
          `There is no route "${route}". Write its operation as Clerk calls it ("GetUser"), or "GET /v1/users/:id".`,
        )
      }
      active.set(canonical(route), { ...fault })
    },
    clear(route) {
      if (route === undefined) active.clear()
      else active.delete(canonical(route))
    },
    take(route) {
      const name =
        active.size > 0 && routes.has(route) ? namesOf(route).find((one) => active.has(one)) : undefined
      const fault = name === undefined ? undefined : active.get(name)
      if (name === undefined || fault === undefined) return undefined
      if (fault.times !== undefined) {
        if (fault.times <= 1) active.delete(name)
        else active.set(name, { ...fault, times: fault.times - 1 })
      }
      return fault
    },
  }
}

/** The answer a fault puts in place of the real one, or `undefined` when the real one is given. */
export function faultReply({ status, body, headers = {} }: Fault): Reply | undefined {
  if (status === undefined && body === undefined) return undefined
  if (typeof body === 'string') return { status: status ?? 200, headers, text: body }
  const standard = {
    errors: [{ code: 'internal_clerk_error', message: 'Oops, an unexpected error occurred', meta: {} }],
  }
  return { status: status ?? 200, headers, json: body ?? standard }
}
