// An application as TypeScript sees it: nothing here runs, `tsc -p types` is the test. No triple-slash reference.
import type { Clerk, RegisteredAuth, Requirement } from '@acme/clerk-core'
import type { SessionSlot } from '@acme/clerk-core/adapter'
import type { MembershipRecord, UserRecord } from '@acme/clerk-core/store'
import { clerkFetch } from '@acme/clerk-fetch'
import { getIronSession, type IronSession } from 'iron-session'
import { expectTypeOf } from 'vitest'

interface AppUser extends UserRecord {
  id: number
  favouriteColour: 'red' | 'blue'
}

declare const clerk: Clerk<AppUser, MembershipRecord>
declare const withoutStores: Clerk<never, never>

const auth = clerkFetch(clerk, { prefix: '/auth', trustProxy: true, returnTo: ['https://app.example.com'] })
clerkFetch(withoutStores)

// Own functions: no `this`.
const { handler, authenticate, withAuth, open, webhook } = auth
expectTypeOf(handler).toEqualTypeOf<(request: Request) => Promise<Response>>()
expectTypeOf(webhook).toEqualTypeOf(handler)
expectTypeOf(authenticate).returns.resolves.toHaveProperty('isAuthenticated')

withAuth({}, (_request, { auth }) => {
  expectTypeOf(auth.kind).toEqualTypeOf<'user'>()
  expectTypeOf(auth.user).toEqualTypeOf<Readonly<AppUser>>()
  expectTypeOf(auth.orgId).toEqualTypeOf<string | null>()
  // @ts-expect-error the row is the store's, shared by the cache
  auth.user.favouriteColour = 'red'
  return new Response(auth.user.favouriteColour)
})
withAuth({ org: true, role: 'admin' }, async (_request, { auth }) => {
  expectTypeOf(auth.orgId).toEqualTypeOf<string>()
  return new Response()
})
withAuth({ machine: ['api_key'] }, (_request, { auth }) => {
  expectTypeOf(auth.tokenType).toEqualTypeOf<'api_key'>()
  return new Response()
})
withAuth({ predicate: (auth) => auth.kind === 'user' }, () => new Response(), { redirect: true })
open((_request, { auth }) => {
  // @ts-expect-error no guard is in front
  auth.user.favouriteColour
  return new Response(auth.kind)
})

// What a host gives beside the request.
class NextRequest extends Request {
  declare readonly nextUrl: URL
}
const GET = withAuth(
  {},
  async (request: NextRequest, { auth }, { params }: { params: Promise<{ id: string }> }) =>
    Response.json([request.nextUrl.href, auth.user.id, (await params).id]),
)
expectTypeOf(GET).toEqualTypeOf<
  (request: NextRequest, context: { params: Promise<{ id: string }> }) => Promise<Response>
>()
const worker: { fetch(request: Request, env: object, context: object): Promise<Response> } = {
  fetch: withAuth({}, (_request, _context, env: object) => Response.json(env)),
}
export default worker

// The session of the application.
const sealed = clerkFetch(clerk, {
  session: (request, response) =>
    getIronSession<{ cart?: number }>(request, response, { password: 'x', cookieName: 'app' }),
  localUser: async (_request, session) => (await session()).cart,
})
sealed.open(async (_request, { session }) => {
  expectTypeOf(await session()).toEqualTypeOf<IronSession<{ cart?: number }>>()
  return new Response()
})
declare const slot: SessionSlot
clerkFetch(clerk, { session: () => slot })

const requirements: { admin?: Requirement } = {}
// @ts-expect-error may be undefined: would have opened the route
withAuth(requirements.admin, () => new Response())
// @ts-expect-error misspelt: would have opened the route
withAuth({ roles: 'admin' }, () => new Response())
// @ts-expect-error misspelt beside others
withAuth({ org: true, roles: 'admin' }, () => new Response())
// @ts-expect-error only `true` can be required
withAuth({ org: false }, () => new Response())
// @ts-expect-error no type of token
withAuth({ machine: ['session'] }, () => new Response())
// @ts-expect-error no response
withAuth({}, () => 'hello')
// @ts-expect-error no such option
clerkFetch(clerk, { prefx: '/auth' })
// @ts-expect-error not a clerk
clerkFetch({})
// @ts-expect-error neither a slot nor sealed
clerkFetch(clerk, { session: () => ({}) })
expectTypeOf<RegisteredAuth['isAuthenticated']>().toEqualTypeOf<boolean>()
