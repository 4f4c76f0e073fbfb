import type { RegisteredAuth } from '@acme/clerk-core'
import {
  type Authorized,
  type Narrowing,
  type NarrowingArguments,
  narrowedAuth,
  narrowedUser,
  type PersonNarrowing,
} from '@acme/clerk-core/adapter'
import { fastify } from './framework.js'
import type { AnyRequest } from './types.js'

/**
 * `request.auth` in a handler behind `requireAuth`, narrowed: types cannot tell one handler what another has let pass. Without a
 * narrowing a user signed in at Clerk; `{ org: true }`, `{ machine: 'only' }` and the like narrow to what the guard asked.
 *
 * @throws {DeniedError} for any other, 401, 403 or 503: where the application does not handle it, the answer is a guard's
 * @throws {MiddlewareMissingError} where `clerkPlugin` has not run
 * @throws {ClerkNotNamedError} where the middlewares of several clerks have run, and none is named
 * @throws {ConfigurationError} for another key than `org`, `machine`, `local` and `pending`
 */
export function authOf<const N extends Narrowing = Record<never, never>>(
  request: object,
  ...narrowing: NarrowingArguments<N>
): Authorized<RegisteredAuth, N> {
  return narrowedAuth(fastify, request as AnyRequest, narrowing) as Authorized<RegisteredAuth, N>
}

/**
 * The application's own row of the user, in a handler behind `requireAuth`; throws as {@link authOf} does.
 *
 * @throws {ConfigurationError} where the clerk has no store of users
 */
export function userOf<const N extends PersonNarrowing = Record<never, never>>(
  request: object,
  ...narrowing: NarrowingArguments<N>
): Authorized<RegisteredAuth, N>['user'] {
  return narrowedUser(fastify, request as AnyRequest, narrowing) as Authorized<RegisteredAuth, N>['user']
}
