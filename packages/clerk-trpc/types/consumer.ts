// An application as TypeScript sees it: nothing here runs, `tsc -p types` is the test.
import type { Auth, Clerk, LocalAuth, MachineAuth, Requirement, UserAuth } from '@acme/clerk-core'
import type { MembershipRecord, UserRecord } from '@acme/clerk-core/store'
import { type ClerkContext, createClerkContext, createGuards } from '@acme/clerk-trpc'
import { initTRPC } from '@trpc/server'
import type { CreateExpressContextOptions } from '@trpc/server/adapters/express'
import type { CreateFastifyContextOptions } from '@trpc/server/adapters/fastify'
import type { FetchCreateContextFnOptions } from '@trpc/server/adapters/fetch'
import type { CreateHTTPContextOptions } from '@trpc/server/adapters/standalone'
import type { CreateWSSContextFnOptions } from '@trpc/server/adapters/ws'
import { expectTypeOf } from 'vitest'

interface AppUser extends UserRecord {
  id: number
  favouriteColour: 'red' | 'blue'
}

declare const clerk: Clerk<AppUser, MembershipRecord>

const createContext = createClerkContext(clerk)
expectTypeOf(createContext).returns.resolves.toEqualTypeOf<ClerkContext<Auth<AppUser, MembershipRecord>>>()

declare const express: CreateExpressContextOptions
declare const standalone: CreateHTTPContextOptions
declare const fastify: CreateFastifyContextOptions
declare const fetched: FetchCreateContextFnOptions
declare const socket: CreateWSSContextFnOptions
for (const options of [express, standalone, fastify, fetched, socket]) void createContext(options)

const t = initTRPC.context<typeof createContext>().create()
const { authed } = createGuards(t)
type User = UserAuth<AppUser, MembershipRecord>

export const router = t.router({
  user: authed().query(({ ctx }) => {
    expectTypeOf(ctx.auth).toEqualTypeOf<User>()
    expectTypeOf(ctx.auth.user.favouriteColour).toEqualTypeOf<'red' | 'blue'>()
    return ctx.auth.userId
  }),
  organization: authed({ org: true }).query(({ ctx }) => {
    expectTypeOf(ctx.auth.orgId).toEqualTypeOf<string>()
  }),
  machine: authed({ machine: 'only' }).query(({ ctx }) => {
    expectTypeOf(ctx.auth).toEqualTypeOf<MachineAuth<AppUser>>()
  }),
  apiKey: authed({ machine: ['api_key', 'oauth'] }).query(({ ctx }) => {
    expectTypeOf(ctx.auth.kind).toEqualTypeOf<'machine'>()
    expectTypeOf(ctx.auth.tokenType).toEqualTypeOf<'api_key' | 'oauth'>()
  }),
  anybody: authed({ machine: 'allow', local: 'allow' }).mutation(({ ctx }) => {
    expectTypeOf(ctx.auth).toEqualTypeOf<User | MachineAuth<AppUser> | LocalAuth>()
  }),
  predicate: authed({
    predicate: (auth) => auth.kind === 'user' && auth.user.favouriteColour === 'red',
  }).query(() => 1),
  open: t.procedure.query(({ ctx }) => {
    // @ts-expect-error the request may be anonymous
    return ctx.auth.userId
  }),
})

const requirements: { admin?: Requirement } = {}
// @ts-expect-error may be undefined: would have opened the procedure
authed(requirements.admin)
// @ts-expect-error no type of token
authed({ machine: ['session'] })
createGuards(t, { clerk })
// @ts-expect-error not a clerk
createGuards(t, { clerk: {} })
// @ts-expect-error misspelt: would have opened the procedure
authed({ roles: 'admin' })
// @ts-expect-error a predicate is synchronous
authed({ predicate: async () => true })
// @ts-expect-error a context without `auth` has nothing to guard
createGuards(initTRPC.context<{ session: string }>().create())

// A context of one's own, with `auth` beside the rest.
const own = initTRPC
  .context<ClerkContext<Auth<AppUser, MembershipRecord>> & { db: Map<string, string> }>()
  .create()
createGuards(own)
  .authed({ org: true })
  .query(({ ctx }) => ctx.db.get(ctx.auth.orgId))
