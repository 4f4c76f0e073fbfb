import type { RegisteredAuth } from '@acme/clerk-core'
import {
  type Authorized,
  type Narrowing,
  type NarrowingArguments,
  narrowedAuth,
  narrowedUser,
  type PersonNarrowing,
} from '@acme/clerk-core/adapter'
import type { Context } from 'hono'
import { hono } from './framework.js'

/**
 * `c.var.auth` in a handler behind `requireAuth`, narrowed, where types cannot tell what has let the request pass. Without a
 * narrowing a user signed in at Clerk; `{ org: true }`, `{ machine: 'only' }` and the like narrow to what the guard asked.
 *
 * @throws {DeniedError} for any other, 401, 403 or 503: where the application does not handle it, the answer is a guard's
 * @throws {MiddlewareMissingError} where `clerkMiddleware` has not run
 * @throws {ClerkNotNamedError} where the middlewares of several clerks have run, and none is named
 * @throws {ConfigurationError} for another key than `org`, `machine`, `local` and `pending`
 */
export function authOf<const N extends Narrowing = Record<never, never>>(
  c: Context,
  ...narrowing: NarrowingArguments<N>
): Authorized<RegisteredAuth, N> {
  return narrowedAuth(hono, c, narrowing) as Authorized<RegisteredAuth, N>
}

/**
 * The application's own row of the user, in a handler behind `requireAuth`; throws as {@link authOf} does.
 *
 * @throws {ConfigurationError} where the clerk has no store of users
 */
export function userOf<const N extends PersonNarrowing = Record<never, never>>(
  c: Context,
  ...narrowing: NarrowingArguments<N>
): Authorized<RegisteredAuth, N>['user'] {
  return narrowedUser(hono, c, narrowing) as Authorized<RegisteredAuth, N>['user']
}
