import { type Auth, authorize, DeniedError, type Requirement } from '@acme/clerk-core'
import {
  findConnection,
  type GetAuthOptions,
  namedClerk,
  requirementOf,
  withMetadata,
} from '@acme/clerk-core/adapter'
import type {
  TRPCError,
  TRPCProcedureBuilder,
  TRPCRootObject,
  TRPCRuntimeConfigOptions,
  TRPCUnsetMarker,
} from '@trpc/server'
import { type CallScope, callScope } from './call-scope.js'
import { authIn, clerkIn } from './context-state.js'
import { deniedError } from './denied-error.js'
import type { Authorized, ClerkContext } from './types.js'
import { type Hold, whileAllowed } from './while-allowed.js'

type Unset = TRPCUnsetMarker

export interface Guards<C extends ClerkContext<Auth>, Meta extends object> {
  /** @throws {ConfigurationError} for a requirement with an unknown key or value, `undefined` included */
  authed<const R extends Requirement<C['auth']> = Record<never, never>>(
    ...requirement: readonly [] | readonly [requirement: R & Requirement<C['auth']>]
  ): TRPCProcedureBuilder<C, Meta, { auth: Authorized<C['auth'], R> }, Unset, Unset, Unset, Unset, false>
  /** For everybody; `ctx.auth` says who is asking now, where the context says who opened the connection. */
  open(): TRPCProcedureBuilder<C, Meta, { auth: C['auth'] }, Unset, Unset, Unset, Unset, false>
}

/**
 * `const { authed } = createGuards(t)`: procedures for requests that meet a requirement; `ctx.auth` is narrowed to the
 * kinds that can meet it. All others get `UNAUTHORIZED`, `FORBIDDEN` or `SERVICE_UNAVAILABLE`. Where the contexts of several
 * clerks are joined in one, name the clerk whose users may pass: `createGuards(t, { clerk })`.
 *
 * Over a connection the requirement is compared with what is true when the call is made, and what the procedure goes on
 * answering (a subscription, a generator, a promise in a streamed batch) ends when it is met no more.
 *
 * @throws {ConfigurationError} for options that name no clerk
 */
export function createGuards<
  C extends ClerkContext<Auth>,
  Meta extends object,
  Options extends TRPCRuntimeConfigOptions<C, Meta>,
>(t: TRPCRootObject<C, Meta, Options>, options?: GetAuthOptions): Guards<C, Meta> {
  const clerk = namedClerk('createGuards', options)
  const authed = (...requirement: readonly [] | readonly [Requirement<C['auth']>]) => {
    const required = requirementOf(requirement)
    return t.procedure.use(async ({ ctx, next, signal }) => {
      const opened = authIn(ctx as C, clerk) as C['auth']
      const connection = findConnection(opened)
      const allow = (auth: Auth) => allowed(auth, ctx as C)
      const check = async () => allow(((await connection?.current()) ?? opened) as Auth)
      const auth = connection === null ? allow(opened) : await check()
      const hold = { connection, requirement: required as Requirement, signal, check }
      return answered(callScope(ctx as C), hold, () => next({ ctx: { auth } }))
    })

    function allowed(auth: Auth, ctx: C): Auth {
      const denial = authorize(auth, required as Requirement)
      if (denial === null) return auth
      const asked = clerkIn(ctx, clerk)
      throw deniedError(
        asked === null ? denial : withMetadata(denial, required as Requirement, asked, () => null),
      )
    }
  }
  const open = () =>
    t.procedure.use(async ({ ctx, next, signal }) => {
      const opened = authIn(ctx as C, clerk) as C['auth']
      const auth = (await findConnection(opened)?.current()) ?? opened
      const hold = { connection: null, requirement: {}, signal, check: async () => undefined }
      return answered(callScope(ctx as C), hold, () => next({ ctx: { auth } }))
    })
  // The types of the builder differ from version to version of tRPC 11; those above are common to all.
  return {
    authed: authed as unknown as Guards<C, Meta>['authed'],
    open: open as unknown as Guards<C, Meta>['open'],
  }
}

/** A result of tRPC's, as far as it is looked at here. */
type Result =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly error: TRPCError }

/** Calls what is behind a guard, in the scope of the call where there is one. */
async function answered<R extends Result>(
  scope: CallScope | null,
  hold: Omit<Hold, 'scope'>,
  next: () => Promise<R>,
): Promise<R> {
  // Without a connection nothing can change while the call is answered; without a scope nothing has to be carried.
  const isPlain = hold.connection === null && scope === null
  try {
    await scope?.refresh()
    const result = await (scope === null ? next() : scope.run(next))
    if (!result.ok) return { ...result, error: refusalIn(result.error) }
    return isPlain ? result : { ...result, data: whileAllowed(result.data, { ...hold, scope }) }
  } finally {
    scope?.end()
  }
}

/** What `currentAuth` has thrown in the procedure is a refusal, not a fault. */
function refusalIn(error: TRPCError): TRPCError {
  const { cause } = error
  return cause instanceof DeniedError && error.code === 'INTERNAL_SERVER_ERROR' ? deniedError(cause) : error
}
