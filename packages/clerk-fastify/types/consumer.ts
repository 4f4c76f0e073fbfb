// An application as TypeScript sees it: nothing here runs, `tsc -p types` is the test. No triple-slash reference.
import type { Clerk, Requirement } from '@acme/clerk-core'
import type { MembershipRecord, UserRecord } from '@acme/clerk-core/store'
import {
  auditLog,
  authOf,
  clerkPlugin,
  clerkRoutesPlugin,
  clerkWebhookPlugin,
  getAuth,
  requireAuth,
  userOf,
} from '@acme/clerk-fastify'
import { fastify } from 'fastify'
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

const app = fastify()
await app.register(clerkPlugin, { clerk, hook: 'preHandler', localUser: (request) => request.headers.host })
await app.register(clerkPlugin, { clerk: withoutStores })
await app.register(clerkWebhookPlugin, { clerk, prefix: '/webhook' })
await app.register(clerkRoutesPlugin, { clerk, prefix: '/auth', returnTo: ['https://app.example.com'] })

// Guards fit routes with types of their own, and servers of HTTP/2.
app.get<{ Params: { id: string } }>(
  '/:id',
  { preHandler: requireAuth({ role: 'admin' }) },
  async (request) => request.params.id,
)
const http2 = fastify({ http2: true })
await http2.register(clerkPlugin, { clerk })
http2.addHook('onRequest', auditLog(clerk, { write: () => undefined }))
http2.get('/', { onRequest: requireAuth() }, async (request) => request.auth.kind)

app.get('/', { onRequest: [requireAuth({ role: 'admin' })] }, async (request) => {
  const { auth } = request
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
  expectTypeOf(getAuth(request)).toEqualTypeOf(auth)
  expectTypeOf(authOf(request)).toEqualTypeOf<Extract<typeof auth, { kind: 'user' }>>()
  expectTypeOf(authOf(request, { org: true }).orgId).toEqualTypeOf<string>()
  expectTypeOf(authOf(request, { machine: 'only' }).kind).toEqualTypeOf<'machine'>()
  expectTypeOf(authOf(request, { machine: 'allow', local: 'allow' }).kind).toEqualTypeOf<
    'user' | 'machine' | 'local'
  >()
  expectTypeOf(userOf(request)).toEqualTypeOf<Readonly<AppUser>>()
  expectTypeOf(userOf(request, { local: 'allow' })).toEqualTypeOf<Readonly<AppUser> | { name: string }>()
  // @ts-expect-error a right is for requireAuth to ask
  authOf(request, { role: 'admin' })
  // @ts-expect-error may be undefined: would have let any user pass
  authOf(request, requirements.admin)
  // @ts-expect-error who is asking is not for handlers to decide
  request.auth = auth
  return null
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
app.register(clerkPlugin, { clerk: {} })
// @ts-expect-error no such hook
app.register(clerkPlugin, { clerk, hook: 'onResponse' })
