// An application outside this workspace, as TypeScript sees it; consumer.test.ts compiles it with every way of resolving
// modules. Nothing here runs.
import { createClerk, memoryStore, type RegisteredAuth } from '@acme/clerk-core'
import type { Framework, settingsOf } from '@acme/clerk-core/adapter'
import type { UserRecord, UserStore } from '@acme/clerk-core/store'
import type { drizzleStore } from '@acme/clerk-drizzle'
import * as forExpress from '@acme/clerk-express'
import * as forFastify from '@acme/clerk-fastify'
import * as forFetch from '@acme/clerk-fetch'
import * as forHono from '@acme/clerk-hono'
import * as forKoa from '@acme/clerk-koa'
import type { mongoStore } from '@acme/clerk-mongo'
import type { organizationScope, prismaStore } from '@acme/clerk-prisma'
import type { startClerk } from '@acme/clerk-testing'
import type { describeAdapter } from '@acme/clerk-testing/adapters'
import type { checkConformance } from '@acme/clerk-testing/conformance'
import type { createClerkContext, createGuards } from '@acme/clerk-trpc'
import type { Request } from 'express'
import type { FastifyRequest } from 'fastify'
import type { ContextVariableMap } from 'hono'
import type { DefaultState } from 'koa'

interface AppUser extends UserRecord {
  readonly id: number
  readonly favouriteColour: 'red' | 'blue'
}

declare const users: UserStore<AppUser>
const clerk = createClerk({ authorizedParties: 'any', ...memoryStore(), users })

declare module '@acme/clerk-core' {
  interface Register {
    clerk: typeof clerk
  }
}

/** Can only be called with a type argument that is not `any`. */
declare function typed<T>(...refusal: 0 extends 1 & T ? ['this is any'] : []): void

typed<Request['auth']>()
typed<DefaultState['auth']>()
typed<FastifyRequest['auth']>()
typed<ContextVariableMap['auth']>()
typed<Awaited<ReturnType<ReturnType<typeof createClerkContext<AppUser, never>>>>['auth']>()
typed<RegisteredAuth>()
typed<Framework<Request>>()
for (const value of [forExpress, forKoa, forFastify, forFetch, forHono]) typed<typeof value>()
typed<typeof settingsOf>()
typed<typeof drizzleStore>()
typed<typeof mongoStore>()
typed<typeof prismaStore>()
typed<typeof organizationScope>()
typed<typeof startClerk>()
typed<typeof checkConformance>()
typed<typeof describeAdapter>()
typed<typeof createGuards>()
// @ts-expect-error the check itself refuses any
typed<ReturnType<typeof JSON.parse>>()

/** The row of the application's own store, in every framework. */
export function colours(req: Request, state: DefaultState, request: FastifyRequest): string[] {
  return [req.auth, state.auth, request.auth].flatMap((auth) =>
    auth.kind === 'user' ? [auth.user.favouriteColour satisfies 'red' | 'blue'] : [],
  )
}
