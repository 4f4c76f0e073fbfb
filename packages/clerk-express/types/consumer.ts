// An application as TypeScript sees it: nothing here runs, `tsc -p types` is the test. No triple-slash reference.
import type { Clerk, Requirement } from '@acme/clerk-core'
import type { MembershipRecord, OrganizationRecord, UserRecord } from '@acme/clerk-core/store'
import {
  authOf,
  clerkMiddleware,
  clerkRoutes,
  clerkWebhook,
  getAuth,
  requireAuth,
  userOf,
} from '@acme/clerk-express'
import express from 'express'
import { expectTypeOf } from 'vitest'

interface AppUser extends UserRecord {
  id: number
  favouriteColour: 'red' | 'blue'
}

interface AppOrganization extends OrganizationRecord {
  plan: 'free' | 'pro'
}

declare const clerk: Clerk<AppUser, MembershipRecord, AppOrganization>

declare module '@acme/clerk-core' {
  interface Register {
    clerk: typeof clerk
    localUser: { name: string }
  }
}

declare const withoutStores: Clerk<never, never>

const app = express()
app.use(clerkMiddleware(clerk, { localUser: (req) => req.headers.host }))
app.use(clerkMiddleware(withoutStores))
app.post('/webhook', clerkWebhook(clerk))
app.use('/auth', clerkRoutes(clerk, { returnTo: ['https://app.example.com'] }))

app.get('/', requireAuth({ role: 'admin' }), (req, res) => {
  const { auth } = req
  expectTypeOf(auth.isAuthenticated).toEqualTypeOf<boolean>()
  if (auth.kind === 'user') {
    expectTypeOf(auth.user).toEqualTypeOf<Readonly<AppUser>>()
    expectTypeOf(auth.user.favouriteColour).toEqualTypeOf<'red' | 'blue'>()
    expectTypeOf(auth.orgId).toEqualTypeOf<string | null>()
    expectTypeOf(auth.membership).toEqualTypeOf<Readonly<MembershipRecord> | null>()
    expectTypeOf(auth.organization).toEqualTypeOf<Readonly<AppOrganization> | null>()
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
  expectTypeOf(getAuth(req)).toEqualTypeOf(auth)
  expectTypeOf(authOf(req)).toEqualTypeOf<Extract<typeof auth, { kind: 'user' }>>()
  expectTypeOf(authOf(req, { org: true }).orgId).toEqualTypeOf<string>()
  expectTypeOf(authOf(req, { machine: 'only' }).kind).toEqualTypeOf<'machine'>()
  expectTypeOf(authOf(req, { machine: 'allow', local: 'allow' }).kind).toEqualTypeOf<
    'user' | 'machine' | 'local'
  >()
  expectTypeOf(userOf(req)).toEqualTypeOf<Readonly<AppUser>>()
  expectTypeOf(userOf(req, { local: 'allow' })).toEqualTypeOf<Readonly<AppUser> | { name: string }>()
  // @ts-expect-error a right is for requireAuth to ask
  authOf(req, { role: 'admin' })
  // @ts-expect-error may be undefined: would have let any user pass
  authOf(req, requirements.admin)
  res.end()
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
