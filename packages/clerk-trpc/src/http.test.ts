import { useHarnesses } from '@acme/adapter-suite'
import type { Harness } from '@acme/clerk-testing/adapters'
import { createTRPCClient, httpBatchLink } from '@trpc/client'
import { initTRPC, type TRPCError } from '@trpc/server'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type ClerkContext, createClerkContext, createGuards, DeniedError } from './index.js'
import { type AppRouter, SERVERS, serve } from './testing/servers.js'

const makeHarness = useHarnesses()
let harness: Harness
beforeEach(async () => {
  harness = await makeHarness()
})

describe.each(Object.entries(SERVERS))('on %s', (name, start) => {
  test('invented credentials of one client are limited, where the client has an address', async () => {
    const { clerk } = await makeHarness({ accept: { apiKeys: true } })
    const { origin, stop } = await start({ clerk })
    onTestFinished(stop)
    const ask = async (n: number) => {
      const headers = { authorization: `Bearer ak_invented_${n}` }
      const client = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: origin, headers })] })
      return (await client.open.query())['kind']
    }
    const kinds = [await ask(1), await ask(2), await ask(3), await ask(4), await ask(5)]
    expect(kinds.slice(0, 4)).toEqual(['anonymous', 'anonymous', 'anonymous', 'anonymous'])
    expect(kinds[4]).toBe(name === 'fetch' ? 'anonymous' : 'unavailable')
  })

  test('a batch is authenticated once', async () => {
    const { origin, stop } = await start(harness)
    onTestFinished(stop)
    let authenticated = 0
    harness.clerk.observe(({ name }) => {
      if (name === 'auth.success') authenticated += 1
    })
    const client = createTRPCClient<AppRouter>({
      links: [httpBatchLink({ url: origin, headers: { authorization: `Bearer ${harness.ada.token}` } })],
    })
    const results = await Promise.all([client.private.query(), client.admin.query(), client.open.query()])
    expect(results.map((result) => result['userId'])).toEqual([
      harness.ada.id,
      harness.ada.id,
      harness.ada.id,
    ])
    expect(authenticated).toBe(1)
  })

  test('in a batch each procedure is refused on its own', async () => {
    const { origin, stop } = await start(harness)
    onTestFinished(stop)
    const client = createTRPCClient<AppRouter>({
      links: [httpBatchLink({ url: origin, headers: { authorization: `Bearer ${harness.bob.token}` } })],
    })
    const [mine, admins] = await Promise.allSettled([client.private.query(), client.admin.query()])
    expect(mine).toMatchObject({ status: 'fulfilled', value: { userId: harness.bob.id } })
    expect(admins).toMatchObject({
      status: 'rejected',
      reason: { data: { code: 'FORBIDDEN', httpStatus: 403 } },
    })
  })
})

test('without the context of createClerkContext every procedure is refused, and the error says what to give', async () => {
  const t = initTRPC.context<ClerkContext>().create()
  const { authed, open } = createGuards(t)
  const router = t.router({ authed: authed().query(() => 'secret'), open: open().query(() => 'secret') })
  for (const context of [undefined, {}, { db: 'of the application' }]) {
    const caller = t.createCallerFactory(router)(context as unknown as ClerkContext)
    for (const call of [caller.authed(), caller.open()])
      await expect(call).rejects.toMatchObject({
        cause: { code: 'middleware-missing', message: expect.stringContaining('createClerkContext(clerk)') },
      })
  }
  expect(() => createClerkContext(undefined as never)).toThrow('A clerk is missing')
})

test('an outage is SERVICE_UNAVAILABLE, and its denial can be passed on', async () => {
  const down = await makeHarness({ jwksUrl: 'http://127.0.0.1:9/jwks' })
  const t = initTRPC.context<ClerkContext>().create()
  const router = t.router({
    secret: createGuards(t)
      .authed()
      .query(() => 'secret'),
  })
  let denial: unknown
  const { origin, stop } = await serve(
    createHTTPHandler({
      router,
      createContext: createClerkContext(down.clerk),
      onError: ({ error }: { error: TRPCError }) => {
        denial = error.cause instanceof DeniedError ? error.cause.denial : undefined
      },
      responseMeta: ({ errors }) => {
        const cause = errors[0]?.cause
        return cause instanceof DeniedError ? { headers: { ...cause.denial.headers } } : {}
      },
    }),
  )
  onTestFinished(stop)
  const response = await fetch(`${origin}/secret`, { headers: { authorization: `Bearer ${down.ada.token}` } })
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await response.json()).toMatchObject({ error: { data: { code: 'SERVICE_UNAVAILABLE' } } })
  expect(denial).toMatchObject({ status: 503, code: 'unavailable' })
})

test('a client of OAuth that is refused can be told where to get a token, and which scopes', async () => {
  const resource = 'https://api.example.com/trpc'
  const { clerk, offline, ada } = await makeHarness({ accept: { oauth: { resource } } })
  const t = initTRPC.context<ClerkContext>().create()
  const oauth = { scopes: ['notes:write'] }
  const { authed } = createGuards(t)
  const { origin, stop } = await serve(
    createHTTPHandler({
      router: t.router({ write: authed({ machine: ['oauth'], oauth }).query(() => 'written') }),
      createContext: createClerkContext(clerk),
      responseMeta: ({ errors }) => {
        const cause = errors[0]?.cause
        return cause instanceof DeniedError ? { headers: { ...cause.denial.headers } } : {}
      },
    }),
  )
  onTestFinished(stop)
  const metadata = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/trpc"'
  const ask = async (headers: Record<string, string>) => {
    const { status, headers: answered } = await fetch(`${origin}/write`, { headers })
    return [status, answered.get('www-authenticate')]
  }
  const { token } = offline.createOAuthToken({ user: ada.id, tokenFormat: 'jwt', resource, scopes: ['a'] })
  expect(await ask({})).toEqual([401, `Bearer scope="notes:write", ${metadata}`])
  expect(await ask({ authorization: `Bearer ${token}` })).toEqual([
    403,
    `Bearer error="insufficient_scope", scope="notes:write", ${metadata}`,
  ])
})

test('a request without a method counts as unsafe', async () => {
  const cookie = `__session=${harness.ada.token}`
  const authenticate = async (headers: Record<string, string>, method?: string) =>
    (await createClerkContext(harness.clerk)({ req: { headers: new Headers(headers), method } })).auth
  expect(await authenticate({ cookie })).toMatchObject({ kind: 'anonymous', reason: 'cross-site-request' })
  expect(await authenticate({ cookie, 'sec-fetch-site': 'same-origin' })).toMatchObject({ kind: 'user' })
  expect(await authenticate({ cookie }, 'GET')).toMatchObject({ kind: 'user' })
})

test('over HTTP connection parameters are ignored: they are part of the URL', async () => {
  const { origin, stop } = await SERVERS['standalone']!(harness)
  onTestFinished(stop)
  const params = encodeURIComponent(JSON.stringify({ authorization: `Bearer ${harness.ada.token}` }))
  const response = await fetch(`${origin}/private?connectionParams=${params}`)
  expect(response.status).toBe(401)
})

test('a subscription over HTTP ends with the session', async () => {
  const t = initTRPC.context<ClerkContext>().create()
  const router = t.router({
    ticks: createGuards(t)
      .authed()
      .subscription(async function* ({ signal }) {
        yield 'first'
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
      }),
  })
  const { origin, stop } = await serve(
    createHTTPHandler({ router, createContext: createClerkContext(harness.clerk) }),
  )
  onTestFinished(stop)
  const response = await fetch(`${origin}/ticks`, {
    headers: { authorization: `Bearer ${harness.ada.token}`, accept: 'text/event-stream' },
  })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('first')) text += (await reader.read()).value
  await harness.clerk.signOut(harness.ada.sessionId)
  await expect(
    (async () => {
      while (!(await reader.read()).done);
    })(),
  ).rejects.toThrow()
})
