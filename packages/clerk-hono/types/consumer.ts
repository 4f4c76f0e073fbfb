// An application as TypeScript sees it: nothing here runs, `tsc -p types` is the test. No triple-slash reference.
import type { Clerk, RegisteredAuth, Requirement } from '@acme/clerk-core'
import type { MembershipRecord, UserRecord } from '@acme/clerk-core/store'
import {
  type AuthorizedEnv,
  auditLog,
  authOf,
  clerkMiddleware,
  clerkProtectedResource,
  clerkRoutes,
  clerkWebhook,
  getAuth,
  requireAuth,
  userOf,
} from '@acme/clerk-hono'
import { type Context, Hono } from 'hono'
import { hc } from 'hono/client'
import { getIronSession } from 'iron-session'
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

interface Bindings {
  CLERK_SECRET_KEY: string
}

const app = new Hono<{ Bindings: Bindings; Variables: { trace: string } }>()
  .use(auditLog(clerk, { write: () => undefined }))
  .use(clerkProtectedResource(clerk, { resource: 'https://api.example.com/mcp' }))
  .use(
    clerkMiddleware(clerk, {
      localUser: (c) => c.req.header('x-user'),
      trustProxy: true,
      session: (c) => getIronSession(c.req.raw, c.res, { password: 'x', cookieName: 'app' }),
    }),
  )
  .use(clerkMiddleware(withoutStores))
  .route('/auth', clerkRoutes(clerk, { returnTo: ['https://app.example.com'] }))
  .post('/hooks/clerk', clerkWebhook(clerk))
  .get('/open', (c) => {
    const { auth } = c.var
    expectTypeOf(auth).toEqualTypeOf<RegisteredAuth>()
    expectTypeOf(c.get('auth')).toEqualTypeOf<RegisteredAuth>()
    expectTypeOf(getAuth(c)).toEqualTypeOf<RegisteredAuth>()
    expectTypeOf(c.var.trace).toEqualTypeOf<string>()
    // @ts-expect-error no guard is in front
    auth.user
    expectTypeOf(authOf(c, { org: true }).orgId).toEqualTypeOf<string>()
    expectTypeOf(userOf(c)).toEqualTypeOf<Readonly<AppUser>>()
    expectTypeOf(userOf(c, { local: 'allow' })).toEqualTypeOf<Readonly<AppUser> | { name: string }>()
    // @ts-expect-error a right is for requireAuth to ask
    authOf(c, { role: 'admin' })
    return c.json({ kind: auth.kind })
  })
  // What comes after a guard in the route is narrowed.
  .get('/colour', requireAuth(), (c) => {
    expectTypeOf(c.var.auth.kind).toEqualTypeOf<'user'>()
    expectTypeOf(c.var.auth.orgId).toEqualTypeOf<string | null>()
    return c.json({ colour: c.var.auth.user.favouriteColour })
  })
  .get('/org/:id', requireAuth({ org: true, role: 'admin' }, { redirect: true }), (c) => {
    expectTypeOf(c.req.param('id')).toEqualTypeOf<string>()
    return c.json({ org: c.var.auth.orgId satisfies string })
  })
  .get('/machine', requireAuth({ machine: ['api_key'] }), (c) => c.json({ type: c.var.auth.tokenType }))

// Hono's client knows what the routes answer.
const client = hc<typeof app>('http://localhost')
async function asked() {
  expectTypeOf(await (await client.colour.$get()).json()).toEqualTypeOf<{ colour: 'red' | 'blue' }>()
  expectTypeOf(await (await client.org[':id'].$get({ param: { id: '1' } })).json()).toEqualTypeOf<{
    org: string
  }>()
  expectTypeOf(await (await client.machine.$get()).json()).toEqualTypeOf<{ type: 'api_key' }>()
  const me = await client.auth.me.$get()
  if (me.status === 200) expectTypeOf((await me.json()).clerkId).toEqualTypeOf<string | null>()
  else expectTypeOf((await me.json()).code).toEqualTypeOf<string>()
  expectTypeOf(await (await client.auth.health.$get()).json()).toEqualTypeOf<{ status: string }>()
}

// And everything behind one in a chain.
new Hono()
  .use(clerkMiddleware(clerk))
  .use(requireAuth({ org: true }))
  .get('/', (c) => {
    expectTypeOf(c.var.auth.orgId).toEqualTypeOf<string>()
    return c.body(null)
  })
const show = (c: Context<AuthorizedEnv>) => c.text(c.var.auth.user.favouriteColour)
app.get('/elsewhere', requireAuth(), show)

requireAuth({ predicate: (auth) => auth.kind === 'user' && auth.user.favouriteColour === 'red' })
requireAuth({ machine: ['api_key', 'oauth'], pending: 'allow' }, { clerk })
const requirements: { admin?: Requirement } = {}
// @ts-expect-error may be undefined: would have opened the route
requireAuth(requirements.admin)
// @ts-expect-error may be undefined: would have taken the users of any clerk
requireAuth({}, { clerk: undefined })
// @ts-expect-error misspelt beside others
requireAuth({ org: true, roles: 'admin' })
// @ts-expect-error a predicate is synchronous
requireAuth({ predicate: async () => true })
// @ts-expect-error not a clerk
clerkMiddleware({})
// @ts-expect-error no such option
clerkRoutes(clerk, { redirects: true })

export { asked }
