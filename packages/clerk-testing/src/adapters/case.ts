import type { ClerkOptions } from '@acme/clerk-core'
import type { AppSpec } from './binding.js'
import type { Harness } from './harness.js'

/** A request, the expected response, and what must happen to the session. */
export interface Step {
  /** `GET /private` */
  readonly request: string
  /** `Authorization: Bearer …` */
  readonly bearer?: string
  /** Clerk's `__session` cookie. */
  readonly cookie?: string
  /** Clerk's `__client_uat` cookie. */
  readonly clientUat?: number
  /** Send the framework's cookies of the steps before, as a browser does. Default true. */
  readonly browser?: boolean
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
  /** Seconds that pass before. */
  readonly after?: number
  /** Something that happens before, elsewhere. */
  readonly meanwhile?: () => unknown

  readonly status: number
  /** Headers of the response that must be there with this value; `null`: must not be there. */
  readonly responseHeaders?: Readonly<Record<string, string | RegExp | null>>
  /** The body, exactly; a part of it with `includes`. */
  readonly json?: unknown
  readonly includes?: Readonly<Record<string, unknown>>
  /** `written`: stored, or sent as a cookie. `untouched`: neither, and no `Set-Cookie`. */
  readonly session?: 'written' | 'untouched'
}

export interface Case {
  readonly title: string
  /** Runs once for every kind of session the framework has; without it, without a session. */
  readonly sessions?: 'every' | 'server'
  /** About Node's headers or about pages: nothing for an adapter without routes of its own. */
  readonly routesOnly?: true
  /** Options of `createClerk`. */
  readonly options?: Partial<ClerkOptions>
  readonly app?: Partial<Omit<AppSpec, 'clerk'>>
  readonly steps: (harness: Harness) => readonly Step[] | Promise<readonly Step[]>
}
