import type { Narrowing } from '../../domain/guard/authorized.js'
import { ConfigurationError } from '../../ground/errors.js'
import type { AnyAuth } from './any-clerk.js'
import type { Framework } from './framework.js'
import { storedState } from './guard.js'
import type { GetAuthOptions } from './guard-options.js'
import { narrow } from './narrow.js'

/** What `authOf` and `userOf` are called with after the request. */
export type NarrowingArguments<N extends Narrowing = Narrowing> =
  | readonly []
  | readonly [narrowing: N & Narrowing, options?: GetAuthOptions]

/** Of `userOf`: a machine may act for no person. */
export type PersonNarrowing = Omit<Narrowing, 'machine'>

/**
 * What every adapter's `authOf` does: the `Auth` of a request, of the kinds that the narrowing lets pass.
 *
 * @throws {DeniedError} for any other
 * @throws {MiddlewareMissingError}
 * @throws {ClerkNotNamedError}
 * @throws {ConfigurationError} for a key that is not one of {@link Narrowing}
 */
export function narrowedAuth<R extends object>(
  { middleware, answerDenied }: Pick<Framework<R>, 'middleware' | 'answerDenied'>,
  request: R,
  given: readonly unknown[],
): AnyAuth {
  const { auth, clerk } = storedState(request, middleware, given[1] as GetAuthOptions | undefined)
  const narrowing = given.length === 0 ? ([] as const) : ([given[0] as Narrowing] as const)
  return narrow(auth, narrowing, clerk, (error) => answerDenied?.(request, error))
}

/**
 * What every adapter's `userOf` does: the row in the `Auth` of a request.
 *
 * @throws {ConfigurationError} where the clerk has no store of users
 */
export function narrowedUser<R extends object>(
  framework: Pick<Framework<R>, 'middleware' | 'answerDenied'>,
  request: R,
  given: readonly unknown[],
): unknown {
  const { user } = narrowedAuth(framework, request, given) as { readonly user?: unknown }
  if (user !== undefined && user !== null) return user
  throw new ConfigurationError([
    {
      option: 'users',
      message: 'is missing: userOf() returns a row of that store.',
      remedy: 'Spread a store into createClerk, or use authOf(), whose userId is Clerk’s.',
    },
  ])
}
