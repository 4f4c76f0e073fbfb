import { type Auth, authorize, type Requirement } from '@acme/clerk-core'
import { type GetAuthOptions, namedClerk, requirementOf } from '@acme/clerk-core/adapter'
import type {
  TRPCProcedureBuilder,
  TRPCRootObject,
  TRPCRuntimeConfigOptions,
  TRPCUnsetMarker,
} from '@trpc/server'
import { authIn } from './context-state.js'
import { deniedError } from './denied-error.js'
import type { Authorized, ClerkContext } from './types.js'

type Unset = TRPCUnsetMarker

export interface Guards<C extends ClerkContext<Auth>, Meta extends object> {
  /** @throws {ConfigurationError} for a requirement with an unknown key or value, `undefined` included */
  authed<const R extends Requirement<C['auth']> = Record<never, never>>(
    ...requirement: readonly [] | readonly [requirement: R & Requirement<C['auth']>]
  ): TRPCProcedureBuilder<C, Meta, { auth: Authorized<C['auth'], R> }, Unset, Unset, Unset, Unset, false>
}

/**
 * `const { authed } = createGuards(t)`: procedures for requests that meet a requirement; `ctx.auth` is narrowed to the
 * kinds that can meet it. All others get `UNAUTHORIZED`, `FORBIDDEN` or `SERVICE_UNAVAILABLE`. Where the contexts of several
 * clerks are joined in one, name the clerk whose users may pass: `createGuards(t, { clerk })`.
 *
 * @throws {ConfigurationError} for options that name no clerk
 */
export function createGuards<
  C extends ClerkContext<Auth>,
  Meta extends object,
  Options extends TRPCRuntimeConfigOptions<C, Meta>,
>(t: TRPCRootObject<C, Meta, Options>, options?: GetAuthOptions): Guards<C, Meta> {
  const clerk = namedClerk(options)
  const authed = (...requirement: readonly [] | readonly [Requirement<C['auth']>]) => {
    const required = requirementOf(requirement)
    return t.procedure.use(({ ctx, next }) => {
      const auth = authIn(ctx as C, clerk) as C['auth']
      const denial = authorize(auth, required)
      if (denial !== null) throw deniedError(denial)
      return next({ ctx: { auth } })
    })
  }
  // The types of the builder differ from version to version of tRPC 11; those above are common to all.
  return { authed: authed as unknown as Guards<C, Meta>['authed'] }
}
