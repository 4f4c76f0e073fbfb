import { type AnyClerk, type Me as AnyMe, createRoutes, ROUTES_OPTIONS } from '@acme/clerk-core/adapter'
import { type OptionRules, readOptions } from '@acme/clerk-core/store'
import { type Context, Hono } from 'hono'
import type { BlankEnv } from 'hono/types'
import { configure, hono, REQUEST_OPTIONS, send } from './framework.js'
import type { ClerkRoutesOptions } from './types.js'

const OPTIONS: OptionRules<ClerkRoutesOptions> = { ...ROUTES_OPTIONS, ...REQUEST_OPTIONS }

type Answer<T, S extends number> = { input: object; output: T; outputFormat: 'json'; status: S }
interface Status {
  status: string
}

/** For Hono's client: `hc<typeof app>(url).auth.me.$get()`. The routes that redirect are for browsers. */
export type ClerkRoutesSchema = {
  '/me': { $get: Answer<Me, 200> | Answer<{ error: string; code: string }, 401 | 403 | 503> }
  '/health': { $get: Answer<Status, 200> }
  '/ready': { $get: Answer<Status, 200> | Answer<Status, 503> }
}

/** What `GET /me` answers, in exactly these fields. */
export type Me = { [K in keyof AnyMe as string extends K ? never : K]: AnyMe[K] }

/**
 * `/webhook`, `/health`, `/ready`, `/me`, `/sign-in`, `/sign-up`, `/callback` and `/sign-out`:
 * `app.route('/auth', clerkRoutes(clerk))`.
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function clerkRoutes(
  clerk: AnyClerk,
  given?: ClerkRoutesOptions,
): Hono<BlankEnv, ClerkRoutesSchema, '/'> {
  const options = readOptions('clerkRoutes', given, OPTIONS)
  const app = new Hono()
  for (const { path, methods, handle } of createRoutes(hono, clerk, options)) {
    app.on([...methods], path, async (c: Context) => {
      configure(c, options)
      return send(c, await handle(c, c.req.path.slice(0, -path.length)))
    })
  }
  return app as object as Hono<BlankEnv, ClerkRoutesSchema, '/'>
}
