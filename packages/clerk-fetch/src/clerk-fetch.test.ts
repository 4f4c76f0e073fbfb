import { useHarnesses } from '@acme/adapter-suite'
import { type Clerk, currentAuth, watchRequest } from '@acme/clerk-core'
import type { SessionSlot } from '@acme/clerk-core/adapter'
import { PAGE } from '@acme/clerk-testing/adapters'
import { expect, test } from 'vitest'
import { clerkFetch } from './index.js'

const harness = useHarnesses()

const requestTo = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  new Request(`http://app.example${path}`, { headers, ...init })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** A session in a store of one row, which tells what was done to it and sets a cookie when it is written. */
function sessionInStore() {
  const done: string[] = []
  let row: object | null = null
  const session = (_request: Request, response: Response): SessionSlot => ({
    read: () => row,
    write: (record) => {
      done.push('write')
      row = record
      response.headers.append('set-cookie', 'app=1')
    },
    renew: () => {
      done.push('renew')
    },
    end: () => {
      done.push('end')
      row = null
      response.headers.append('set-cookie', 'app=')
    },
  })
  return { done, session }
}

test('authenticate reads the session and writes nothing: no response is there that could set a cookie', async () => {
  const { clerk, ada, bob } = await harness()
  const { done, session } = sessionInStore()
  const { authenticate, withAuth } = clerkFetch(clerk, { session })
  const empty = withAuth({}, () => new Response())
  await empty(requestTo('/', { cookie: `app=1; __session=${ada.token}` }))
  expect(done.splice(0)).toEqual(['renew', 'write'])
  const ask = (cookie: string) => authenticate(requestTo('/', { cookie }))
  expect(await ask('app=1')).toMatchObject({ userId: ada.id, source: 'session' })
  expect(await ask(`app=1; __session=${bob.token}`)).toMatchObject({ userId: bob.id, source: 'token' })
  expect(await ask('app=1; __client_uat=0')).toMatchObject({ kind: 'anonymous', reason: 'signed-out' })
  expect(done).toEqual([])
  // With a response the same request ends it.
  await empty(requestTo('/', { cookie: 'app=1; __client_uat=0' }))
  expect(done).toEqual(['end'])
})

test.each([
  ['a response of its own', () => Response.json({})],
  ['a redirect, whose headers are fixed', () => Response.redirect('http://app.example/', 303)],
  ['a response without a body', () => new Response(null, { status: 204 })],
])('the cookies of the session go with %s', async (_name, respond) => {
  const { clerk, ada } = await harness()
  const { done, session } = sessionInStore()
  const { withAuth } = clerkFetch(clerk, { session })
  const request = requestTo('/', { cookie: `theme=dark; __session=${ada.token}` })
  const expected = respond()
  const answer = await withAuth({}, respond)(request)
  expect(answer.headers.getSetCookie()).toEqual(['app=1'])
  expect([answer.status, answer.headers.get('location'), await answer.text()]).toEqual([
    expected.status,
    expected.headers.get('location'),
    await expected.text(),
  ])
  expect(done).toEqual(['renew', 'write'])
})

test('one handler may give its request to another one: it is authenticated once, and cookies are set once', async () => {
  const { clerk, ada } = await harness()
  const { done, session } = sessionInStore()
  const { authenticate, open, withAuth } = clerkFetch(clerk, { session })
  const inner = withAuth({}, (_request, { auth }) => Response.json(auth.userId))
  const outer = open(async (request, { auth }) => {
    expect(await authenticate(request)).toBe(auth)
    return inner(request)
  })
  const answer = await outer(requestTo('/', { cookie: `theme=dark; __session=${ada.token}` }))
  expect([await answer.json(), answer.headers.getSetCookie()]).toEqual([ada.id, ['app=1']])
  expect(done).toEqual(['renew', 'write'])
})

test('without the option there is no session, and session() says so', async () => {
  const { clerk } = await harness()
  const { open } = clerkFetch(clerk)
  await expect(
    open(async (_request, { session }) => Response.json(await session()))(requestTo('/')),
  ).rejects.toThrow('no option `session`')
})

test('currentAuth ends with the answer, and its refusal is a guard’s', async () => {
  const { clerk, ada } = await harness()
  const { open } = clerkFetch(clerk, { context: true })
  let afterwards: Promise<unknown> = Promise.resolve()
  const answered = withResolvers()
  const whoami = open(async () => {
    await Promise.resolve()
    afterwards = answered.promise
      .then(() => currentAuth(clerk))
      .catch((error: { code: string }) => error.code)
    return Response.json(currentAuth(clerk).userId)
  })
  expect(await (await whoami(requestTo('/', bearer(ada.token)))).json()).toBe(ada.id)
  answered.resolve()
  expect(await afterwards).toBe('current-auth-ended')
  const refused = await whoami(requestTo('/'))
  expect([refused.status, refused.headers.get('www-authenticate'), await refused.json()]).toEqual([
    401,
    'Bearer',
    { error: 'Authentication required', code: 'unauthenticated' },
  ])
})

test('a request that goes on for long can be watched', async () => {
  const { clerk, ada } = await harness({ invalidation: { pollSeconds: 0.01 } })
  const { withAuth } = clerkFetch(clerk)
  const events = withAuth({ org: true }, (request) => {
    const { signal } = watchRequest(request)
    const body = new ReadableStream({
      start: (controller) => signal.addEventListener('abort', () => controller.close()),
    })
    return new Response(body)
  })
  const answer = await events(requestTo('/', bearer(ada.token)))
  await clerk.signOut(ada.sessionId)
  expect(await answer.text()).toBe('')
})

test('an error of a handler is the host’s to answer', async () => {
  const { clerk, ada } = await harness()
  const broken = clerkFetch(clerk).withAuth({}, () => {
    throw new Error('mine')
  })
  await expect(broken(requestTo('/', bearer(ada.token)))).rejects.toThrow('mine')
})

test('the handler answers below its prefix, and nothing else', async () => {
  const { clerk } = await harness()
  const statusOf = async (prefix: string, path: string, method = 'GET') =>
    (await clerkFetch(clerk, { prefix }).handler(requestTo(path, {}, { method }))).status
  expect(await statusOf('', '/health')).toBe(200)
  expect(await statusOf('/auth/', '/auth/health?x=1')).toBe(200)
  for (const path of [
    '/health',
    '/auth',
    '/auth/',
    '/author/health',
    '/auth/health/',
    '/AUTH/health',
    '/x/auth/health',
  ])
    expect([path, await statusOf('/auth', path)]).toEqual([path, 404])
  expect(await statusOf('/auth', '/auth/health', 'POST')).toBe(404)
  expect(await statusOf('/auth', '//')).toBe(400)
})

test('behind a proxy that is trusted, what it has written last counts', async () => {
  const { clerk } = await harness()
  const backTo = async (trustProxy: boolean, headers: Record<string, string>) => {
    const { handler } = clerkFetch(clerk, { trustProxy })
    const { headers: answer } = await handler(requestTo('/sign-in', headers))
    const back = new URL(answer.get('location') ?? '').searchParams.get('redirect_url')
    return back === null ? null : new URL(back).origin
  }
  const list = { 'x-forwarded-proto': 'http, https', 'x-forwarded-host': 'evil.example, shop.example' }
  expect(await backTo(true, list)).toBe('https://shop.example')
  expect(await backTo(false, list)).toBe('http://app.example')
  expect(await backTo(true, { 'x-forwarded-host': 'not a host' })).toBe(null)
})

test('a guard with an option that it does not know is not made', async () => {
  const { clerk } = await harness()
  const { withAuth } = clerkFetch(clerk)
  expect(() => withAuth({}, () => new Response(), { redirct: true } as never)).toThrow(/redirect/)
  expect(() => withAuth({}, () => new Response(), { redirect: 1 } as never)).toThrow(/redirect/)
})

test('two clerks look at one request, each for its own handlers', async () => {
  const { clerk, ada } = await harness()
  const other = await harness({ authorizedParties: ['https://other.example'] })
  const kindOf = (one: Clerk) => clerkFetch(one).open((_request, { auth }) => Response.json(auth.kind))
  const request = requestTo('/', { ...bearer(ada.token), origin: PAGE })
  expect(await (await kindOf(clerk)(request)).json()).toBe('user')
  expect(await (await kindOf(other.clerk)(request)).json()).toBe('anonymous')
  expect(await (await kindOf(clerk)(request)).json()).toBe('user')
})

/** Node 20 has no `Promise.withResolvers`. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
