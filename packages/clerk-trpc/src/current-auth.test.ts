import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { useHarnesses } from '@acme/adapter-suite'
import { type Clerk, CurrentAuthError, currentAuth } from '@acme/clerk-core'
import { clerkMiddleware } from '@acme/clerk-express'
import { signWebhook, startClerk } from '@acme/clerk-testing'
import type { Harness } from '@acme/clerk-testing/adapters'
import { createTRPCClient, createWSClient, httpBatchLink, wsLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { observable } from '@trpc/server/observable'
import express from 'express'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type ClerkContext, type ContextOptions, createClerkContext, createGuards } from './index.js'
import { fetchListener, serve } from './testing/servers.js'

const makeHarness = useHarnesses()
let harness: Harness
let clerk: Clerk
beforeEach(async () => {
  harness = await makeHarness({ invalidation: { pollSeconds: 0.01 } })
  clerk = harness.clerk
  await clerk.organizations.refresh(harness.orgId)
})

const t = initTRPC.context<ClerkContext>().create()
const { authed, open } = createGuards(t)

/** A service that is given neither a request nor a context. */
const whoAndRole = async () => {
  await setTimeout(1)
  const { userId, orgRole } = currentAuth(clerk)
  return [userId, orgRole] as const
}

async function* roles() {
  for (;;) {
    yield currentAuth(clerk).orgRole
    await setTimeout(5)
  }
}

let late: Promise<unknown>
const appRouter = t.router({
  who: authed().query(whoAndRole),
  open: open().query(whoAndRole),
  plain: t.procedure.query(whoAndRole),
  later: authed().query(() => {
    late = setTimeout(20).then(() => currentAuth(clerk).userId)
    late.catch(() => undefined)
    return currentAuth(clerk).userId
  }),
  generator: authed().subscription(roles),
  openGenerator: open().subscription(roles),
  observable: authed().subscription(() =>
    observable<string | null>((emit) => {
      const timer = setInterval(() => emit.next(currentAuth(clerk).orgRole), 5)
      return () => clearInterval(timer)
    }),
  ),
})
type AppRouter = typeof appRouter

const contextFor = (context = true) => createClerkContext(clerk, { context })

async function serveSockets(createContext: (options: ContextOptions) => Promise<ClerkContext>) {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  applyWSSHandler({ wss, router: appRouter, createContext })
  await once(wss, 'listening')
  onTestFinished(() => {
    for (const socket of wss.clients) socket.terminate()
    wss.close()
  })
  return `ws://127.0.0.1:${(wss.address() as AddressInfo).port}`
}

function connect(url: string, token: string | null) {
  const connectionParams = token === null ? {} : { authorization: `Bearer ${token}` }
  const client = createWSClient({ url, WebSocket: WebSocket as never, connectionParams })
  onTestFinished(() => client.close())
  return createTRPCClient<AppRouter>({ links: [wsLink({ client })] })
}

/** Ada is no administrator any more. */
async function demote() {
  const { offline, orgId, ada } = harness
  offline.updateMembership(orgId, ada.id, 'org:member')
  const { headers, body } = signWebhook(
    offline.webhooks.deliveries.at(-1)?.event as never,
    offline.webhookSecret,
  )
  const { status } = await clerk.receiveWebhook({
    id: headers['svix-id'],
    timestamp: headers['svix-timestamp'],
    signature: headers['svix-signature'],
    body: Buffer.from(body),
  })
  expect(status).toBe(200)
}

const SERVERS: Record<string, () => Promise<string>> = {
  standalone: async () =>
    (await serve(createHTTPHandler({ router: appRouter, createContext: contextFor() }))).origin,
  fetch: async () =>
    (
      await serve(
        fetchListener((req) =>
          fetchRequestHandler({ router: appRouter, createContext: contextFor(), req, endpoint: '' }),
        ),
      )
    ).origin,
  'the middleware of Express': async () => {
    const app = express()
    app.use(clerkMiddleware(clerk, { context: true }))
    app.use(createExpressMiddleware({ router: appRouter, createContext: createClerkContext(clerk) }))
    return (await serve(app)).origin
  },
}

test.each(Object.entries(SERVERS))('procedures behind %s know who is asking', async (_name, start) => {
  const url = await start()
  const { ada, bob } = harness
  await Promise.all(
    [ada, bob, ada, bob, null].map(async (person) => {
      const headers = person === null ? {} : { authorization: `Bearer ${person.token}` }
      const trpc = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url, headers })] })
      const answers = await Promise.allSettled([trpc.who.query(), trpc.open.query()])
      for (const answer of answers) {
        if (person === null) expect(answer).toMatchObject({ reason: { data: { code: 'UNAUTHORIZED' } } })
        else expect(answer).toMatchObject({ value: [person.id, person === ada ? 'org:admin' : null] })
      }
    }),
  )
})

test('over a WebSocket each call has its own connection’s user, as they are now', async () => {
  const url = await serveSockets(contextFor())
  const [ada, bob, nobody] = [harness.ada.token, harness.bob.token, null].map((token) => connect(url, token))
  const calls = await Promise.all([1, 2, 3].flatMap(() => [ada?.who.query(), bob?.open.query()]))
  expect(calls).toEqual(
    [1, 2, 3].flatMap(() => [
      [harness.ada.id, 'org:admin'],
      [harness.bob.id, null],
    ]),
  )
  await expect(nobody?.open.query()).rejects.toMatchObject({ data: { code: 'UNAUTHORIZED' } })
  await demote()
  expect(await ada?.who.query()).toEqual([harness.ada.id, 'org:member'])
})

test.each(['generator', 'openGenerator', 'observable'] as const)(
  'a subscription (%s) that goes on sees what is true now',
  async (name) => {
    const trpc = connect(await serveSockets(contextFor()), harness.ada.token)
    const seen: unknown[] = []
    const subscription = trpc[name].subscribe(undefined, {
      onData: (role) => seen.push(role),
      onError: (error) => seen.push(error.message),
    })
    await expect.poll(() => seen.at(-1)).toBe('org:admin')
    await demote()
    await expect.poll(() => seen.at(-1)).toBe('org:member')
    subscription.unsubscribe()
  },
)

test('after the call it says what to do', async () => {
  const trpc = connect(await serveSockets(contextFor()), harness.ada.token)
  expect(await trpc.later.query()).toBe(harness.ada.id)
  await expect(late).rejects.toMatchObject({ code: 'current-auth-ended' })
})

test('without the option, and in procedures without a guard, there is none', async () => {
  const bare = connect(await serveSockets(contextFor(false)), harness.ada.token)
  await expect(bare.who.query()).rejects.toThrow(/context: true/)
  const trpc = connect(await serveSockets(contextFor()), harness.ada.token)
  await expect(trpc.plain.query()).rejects.toThrow(/context: true/)
})

test('two instances do not mix', async () => {
  const elsewhere = await startClerk()
  onTestFinished(() => elsewhere.stop())
  const { createHarness } = await import('@acme/clerk-testing/adapters')
  const other = await createHarness(elsewhere)
  onTestFinished(() => other.close())
  const joined = createGuards(t, { clerk })
  const seen: unknown[] = []
  const kindOf = (one: Clerk) => {
    try {
      return currentAuth(one).userId
    } catch (error) {
      return error instanceof CurrentAuthError ? error.code : (error as { code: string }).code
    }
  }
  const router = t.router({
    both: joined.authed().query(async () => {
      await setImmediate()
      seen.push(kindOf(clerk), kindOf(other.clerk))
    }),
  })
  const [first, second] = [clerk, other.clerk].map((one) => createClerkContext(one, { context: true }))
  const createContext = async (options: ContextOptions) => {
    await second?.(options)
    return (await first?.(options)) as ClerkContext
  }
  const { origin } = await serve(createHTTPHandler({ router, createContext }))
  const headers = { authorization: `Bearer ${harness.ada.token}` }
  const trpc = createTRPCClient<typeof router>({ links: [httpBatchLink({ url: origin, headers })] })
  await trpc.both.query()
  expect(seen).toEqual([harness.ada.id, 'unauthenticated'])
})
