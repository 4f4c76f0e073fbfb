import type { Reply } from './http.js'

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

/** Routes that misbehave, by `'GET /v1/users/:id'`, `'/v1/jwks'` (any method) or `'*'`. */
export interface Faults {
  /** @throws {Error} for a route this server does not have */
  set(route: string, fault: Fault): void
  /** One route, or all. */
  clear(route?: string): void
  readonly active: ReadonlyMap<string, Fault>
}

export interface FaultTable extends Faults {
  /** The fault of this request, counted. */
  take(method: string, path: string): Fault | undefined
}

export function createFaults(known: readonly { method: string; path: string }[]): FaultTable {
  const active = new Map<string, Fault>()
  const names = new Set(['*', ...known.flatMap(({ method, path }) => [path, `${method} ${path}`])])
  return {
    active,
    set(route, fault) {
      if (!names.has(route)) {
        throw new Error(
          `There is no route "${route}". Write it as in the table of endpoints: "GET /v1/users/:id".`,
        )
      }
      active.set(route, { ...fault })
    },
    clear(route) {
      if (route === undefined) active.clear()
      else active.delete(route)
    },
    take(method, path) {
      // The dashboard stays in order: it is where faults are cleared.
      if (!names.has(path)) return undefined
      const name = [`${method} ${path}`, path, '*'].find((one) => active.has(one))
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
