import { type Auth, authorize, type Requirement, validateRequirement } from '@acme/clerk-core'
import type { TRPCRootObject, TRPCRuntimeConfigOptions } from '@trpc/server'
import { deniedError } from './denied-error.js'
import type { Authorized, ClerkContext } from './types.js'

/**
 * `const { authed } = createGuards(t)`: procedures for those who meet a requirement; `ctx.auth` is narrowed to who can
 * still be there. Everybody else gets `UNAUTHORIZED`, `FORBIDDEN` or `SERVICE_UNAVAILABLE`.
 */
export function createGuards<
  C extends ClerkContext<Auth>,
  Meta extends object,
  Options extends TRPCRuntimeConfigOptions<C, Meta>,
>(t: TRPCRootObject<C, Meta, Options>) {
  /** @throws {ConfigurationError} for a requirement that says something unknown */
  function authed<const R extends Requirement<C['auth']> = Record<never, never>>(
    requirement?: R & Requirement<C['auth']>,
  ) {
    const required: Requirement<C['auth']> = validateRequirement(requirement ?? {})
    return t.procedure.use(({ ctx, next }) => {
      const { auth } = ctx as C
      const denial = authorize(auth, required)
      if (denial !== null) throw deniedError(denial)
      return next({ ctx: { auth: auth as Authorized<C['auth'], R> } })
    })
  }
  return { authed }
}
