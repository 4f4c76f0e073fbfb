// An application as TypeScript sees it: nothing here runs, `tsc -p types` is the test. No triple-slash reference.
import type { Clerk, RegisteredAuth, Requirement } from '@acme/clerk-core'
import type { MembershipRecord, UserRecord } from '@acme/clerk-core/store'
import {
  type AuthorizedState,
  authOf,
  clerkMiddleware,
  clerkRoutes,
  clerkWebhook,
  getAuth,
  requireAuth,
  userOf,
} from '@acme/clerk-koa'
import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { expectTypeOf } from 'vitest'

interface AppUser extends UserRecord {
  id: number
  favouriteColour: 'red' | 'blue'
}

declare const clerk: Clerk<AppUser, MembershipRecord>

declare module '@acme/clerk-core' {
  interface Register {
    clerk: typeof clerk
    localUser: { name: string }
  }
}

declare const withoutStores: Clerk<never, never>

const app = new Koa()
app.use(clerkMiddleware(clerk, { localUser: (ctx) => ctx.headers.host }))
app.use(clerkMiddleware(withoutStores))
app.use(clerkWebhook(clerk))
app.use(clerkRoutes(clerk, { prefix: '/auth', returnTo: ['https://app.example.com'] }))
app.use(requireAuth({ role: 'admin' }))
app.use((ctx) => {
  const { auth } = ctx.state
  expectTypeOf(auth.isAuthenticated).toEqualTypeOf<boolean>()
  if (auth.kind === 'user') {
    expectTypeOf(auth.user).toEqualTypeOf<Readonly<AppUser>>()
    expectTypeOf(auth.user.favouriteColour).toEqualTypeOf<'red' | 'blue'>()
    expectTypeOf(auth.orgId).toEqualTypeOf<string | null>()
    // @ts-expect-error the row is the store's, shared by the cache
    auth.user.favouriteColour = 'red'
    // @ts-expect-error no such column
    auth.user.favoriteColor
  }
  if (auth.kind === 'local') expectTypeOf(auth.user).toEqualTypeOf<{ name: string }>()
  if (auth.kind === 'anonymous') {
    // @ts-expect-error an anonymous request has no user
    auth.user
  }
  expectTypeOf(getAuth(ctx)).toEqualTypeOf(auth)
  expectTypeOf(authOf(ctx)).toEqualTypeOf<Extract<typeof auth, { kind: 'user' }>>()
  expectTypeOf(authOf(ctx, { org: true }).orgId).toEqualTypeOf<string>()
  expectTypeOf(authOf(ctx, { machine: 'only' }).kind).toEqualTypeOf<'machine'>()
  expectTypeOf(authOf(ctx, { machine: 'allow', local: 'allow' }).kind).toEqualTypeOf<
    'user' | 'machine' | 'local'
  >()
  expectTypeOf(userOf(ctx)).toEqualTypeOf<Readonly<AppUser>>()
  expectTypeOf(userOf(ctx, { local: 'allow' })).toEqualTypeOf<Readonly<AppUser> | { name: string }>()
  // @ts-expect-error a right is for requireAuth to ask
  authOf(ctx, { role: 'admin' })
  // @ts-expect-error may be undefined: would have let any user pass
  authOf(ctx, requirements.admin)
})

requireAuth({ predicate: (auth) => auth.kind === 'user' && auth.user.favouriteColour === 'red' })
requireAuth({}, { redirect: true })
requireAuth()
requireAuth({ machine: ['api_key', 'oauth'], pending: 'allow' }, { clerk })
const requirements: { admin?: Requirement } = {}
// @ts-expect-error may be undefined: would have opened the route
requireAuth(requirements.admin)
// @ts-expect-error may be undefined: would have taken the users of any clerk
requireAuth({}, { clerk: undefined })
// @ts-expect-error no type of token
requireAuth({ machine: ['session'] })
// @ts-expect-error misspelt: would have opened the route
requireAuth({ roles: 'admin' })
// @ts-expect-error only `true` can be required
requireAuth({ org: false })
// @ts-expect-error a predicate is synchronous
requireAuth({ predicate: async () => true })
// @ts-expect-error not a clerk
clerkMiddleware({})
// @ts-expect-error no such option
clerkRoutes(clerk, { returnTo: ['https://app.example.com'], redirects: true })
// @ts-expect-error misspelt beside others
requireAuth({ org: true, roles: 'admin' })

// What comes after a guard in a chain, or in the route of a router, is narrowed. Elsewhere a guard is any middleware.
app.use(requireAuth()).use((ctx) => {
  expectTypeOf(ctx.state.auth.user).toEqualTypeOf<Readonly<AppUser>>()
  ctx.state.count = 1
})
const router = new Router()
router.get('/', requireAuth(), (ctx) => {
  expectTypeOf(ctx.state.auth).toMatchTypeOf<Extract<RegisteredAuth, { kind: 'user' }>>()
  expectTypeOf(ctx.state.auth.user.favouriteColour).toEqualTypeOf<'red' | 'blue'>()
  expectTypeOf(ctx.state.auth.orgId).toEqualTypeOf<string | null>()
  expectTypeOf(ctx.params).toEqualTypeOf<Record<string, string>>()
})
router.get(
  '/several',
  requireAuth({ org: true }),
  async (ctx, next) => {
    expectTypeOf(ctx.state.auth.orgId).toEqualTypeOf<string>()
    await next()
  },
  (ctx) => expectTypeOf(ctx.state.auth.orgId).toEqualTypeOf<string>(),
)
router.get('named', '/machines', requireAuth({ machine: ['api_key'] }), (ctx) => {
  expectTypeOf(ctx.state.auth.tokenType).toEqualTypeOf<'api_key'>()
})
router.get('/own', requireAuth({ local: 'allow' }, { redirect: true }), (ctx) => {
  expectTypeOf(ctx.state.auth.user).toEqualTypeOf<Readonly<AppUser> | { name: string }>()
})
router.get('/two', requireAuth(), requireAuth({ org: true, role: 'admin' }), (ctx) => {
  expectTypeOf(ctx.state.auth.orgId).toEqualTypeOf<string>()
})
router.get('/open', (ctx) => {
  expectTypeOf(ctx.state.auth).toEqualTypeOf<RegisteredAuth>()
  // @ts-expect-error no guard is in front
  ctx.state.auth.user
})
new Router<{ trace: string }>().get('/typed', requireAuth(), (ctx) => {
  expectTypeOf(ctx.state.trace).toEqualTypeOf<string>()
  expectTypeOf(ctx.state.auth.user.id).toEqualTypeOf<number>()
})
const show: Middleware<AuthorizedState> = (ctx) => {
  expectTypeOf(ctx.state.auth.user).toEqualTypeOf<Readonly<AppUser>>()
}
const showMembers: Middleware<AuthorizedState<{ org: true }>> = (ctx) => {
  expectTypeOf(ctx.state.auth.orgId).toEqualTypeOf<string>()
}
router.get('/elsewhere', requireAuth(), show)
router.get('/members', requireAuth({ org: true }), showMembers)
app.use(requireAuth()).use(show)
router.use(requireAuth())
router.use('/admin', requireAuth({ role: 'admin' }))
const guards: Middleware[] = [requireAuth(), requireAuth({ machine: 'allow' })]
app.use(guards[0] as Middleware)
