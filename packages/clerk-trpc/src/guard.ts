import { type Auth, authorize, type Requirement } from '@acme/clerk-core'
import { validateRequirement } from '@acme/clerk-core/adapter'
import type {
  TRPCProcedureBuilder,
  TRPCRootObject,
  TRPCRuntimeConfigOptions,
  TRPCUnsetMarker,
} from '@trpc/server'
import { deniedError } from './denied-error.js'
import type { Authorized, ClerkContext } from './types.js'

type Unset = TRPCUnsetMarker

export interface Guards<C extends ClerkContext<Auth>, Meta extends object> {
  /** @throws {ConfigurationError} for a requirement with an unknown key or value */
  authed<const R extends Requirement<C['auth']> = Record<never, never>>(
    requirement?: R & Requirement<C['auth']>,
  ): TRPCProcedureBuilder<C, Meta, { auth: Authorized<C['auth'], R> }, Unset, Unset, Unset, Unset, false>
}

/**
 * `const { authed } = createGuards(t)`: procedures for requests that meet a requirement; `ctx.auth` is narrowed to the
 * kinds that can meet it. All others get `UNAUTHORIZED`, `FORBIDDEN` or `SERVICE_UNAVAILABLE`.
 */
export function createGuards<
  C extends ClerkContext<Auth>,
  Meta extends object,
  Options extends TRPCRuntimeConfigOptions<C, Meta>,
>(t: TRPCRootObject<C, Meta, Options>): Guards<C, Meta> {
  const authed = (requirement: Requirement<C['auth']> = {}) => {
    const required = validateRequirement(requirement)
    return t.procedure.use(({ ctx, next }) => {
      const { auth } = ctx as C
      const denial = authorize(auth, required)
      if (denial !== null) throw deniedError(denial)
      return next({ ctx: { auth } })
    })
  }
  // The types of the builder differ from version to version of tRPC 11; those above are common to all.
  return { authed: authed as unknown as Guards<C, Meta>['authed'] }
}
