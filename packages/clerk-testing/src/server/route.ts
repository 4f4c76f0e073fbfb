import type { Reply } from './http.js'

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE' | 'OPTIONS'

/** Who may call: every client, the bearer of the secret key, or also a machine. */
export type Access = 'public' | 'secret-key' | 'machine'

/** What a request counts against (when rate limits are on). */
export type LimitClass = 'none' | 'standard' | 'user-write' | 'invitation' | 'attempt'

export interface Call {
  readonly method: string
  readonly url: URL
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Parsed JSON of the body. */
  readonly body: unknown
  /** The body of an HTML form. */
  readonly form: URLSearchParams
  /** Texts of a form with a file, and its file. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly file: { readonly type: string; readonly bytes: Buffer } | undefined
  /** Value of a path parameter. */
  param(name: string): string
}

export const nameOf = ({ method, path, name = `${method} ${path}` }: Route): string => name

export interface Route {
  readonly method: Method
  /** `/v1/users/:id` */
  readonly path: string
  /** Its name in the request log, where that is not method and path. */
  readonly name?: string
  /** Id of the operation of Clerk's Backend API. */
  readonly operation?: string
  readonly access: Access
  readonly limit: LimitClass
  /** Headers that let the page that asks read every answer, refusals too; `null` for a page that may not ask at all. */
  readonly cors?: (headers: Call['headers']) => Record<string, string> | null
  /** Asked again and again by a page that is open: not in the request log, where it would push out what matters. */
  readonly isQuiet?: true
  readonly handle: (call: Call) => Reply | Promise<Reply>
}

/** What a handler returned, as 200 JSON. */
export const ok = (json: unknown): Reply => ({ json })

interface Entry {
  readonly route: Route
  readonly segments: readonly string[]
}

/** The route of a request, and the values of its path's parameters. */
export type Found = { route: Route; params: Record<string, string> }

/** Finds the route of a request. Fixed segments win over parameters, as `/v1/users/count` over `/v1/users/:id`. */
export function createRouter(routes: readonly Route[]) {
  const entries: Entry[] = routes.map((route) => ({ route, segments: route.path.split('/') }))
  const fixed = ({ segments }: Entry) => segments.filter((segment) => !segment.startsWith(':')).length
  entries.sort((a, b) => fixed(b) - fixed(a))
  const candidates = new Map<string, Entry[]>()
  for (const entry of entries) {
    const key = `${entry.route.method} ${entry.segments.length}`
    candidates.set(key, [...(candidates.get(key) ?? []), entry])
  }

  return (method: string, pathname: string): Found | undefined => {
    const given = pathname.split('/')
    for (const { route, segments } of candidates.get(`${method} ${given.length}`) ?? []) {
      const params: Record<string, string> = Object.create(null)
      const fits = segments.every((segment, index) => {
        const value = given[index] ?? ''
        if (!segment.startsWith(':')) return segment === value
        params[segment.slice(1)] = decode(value)
        return value !== ''
      })
      if (fits) return { route, params }
    }
    return undefined
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
