import { on, once } from 'node:events'
import { createServer, type IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { useHarnesses } from '@acme/adapter-suite'
import { clerkMiddleware } from '@acme/clerk-express'
import { type Harness, PAGE, request } from '@acme/clerk-testing/adapters'
import {
  createTRPCClient,
  createWSClient,
  httpBatchStreamLink,
  type TRPCClientError,
  wsLink,
} from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { observable } from '@trpc/server/observable'
import express, { type Request, type Response } from 'express'
import session from 'express-session'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type ClerkContext, createClerkContext, createGuards } from './index.js'
import { serve } from './testing/servers.js'

const makeHarness = useHarnesses()
let harness: Harness
let bus: EventTarget
beforeEach(async () => {
  harness = await makeHarness({ invalidation: { pollSeconds: 0.01 } })
  // An organisation that no store knows cannot be confirmed, and its connections end with their window.
  await harness.clerk.organizations.refresh(harness.orgId)
  bus = new EventTarget()
})

const t = initTRPC.context<ClerkContext>().create()
const { authed, open } = createGuards(t)
const strict = { reverification: 'strict' } as const

async function* ticks(signal: AbortSignal | undefined) {
  yield 0
  for await (const _ of on(bus, 'tick', { signal: signal as AbortSignal })) yield 1
}

const appRouter = t.router({
  mine: authed().query(({ ctx }) => ctx.auth.userId),
  strict: authed(strict).query(() => 'fresh'),
  opened: t.procedure.query(({ ctx }) => ctx.auth.has(strict)),
  open: open().query(({ ctx }) => ctx.auth.has(strict)),
  generator: authed(strict).subscription(({ signal }) => ticks(signal)),
  observable: authed(strict).subscription(() =>
    observable<number>((emit) => {
      emit.next(0)
      const say = () => emit.next(1)
      bus.addEventListener('tick', say)
      return () => bus.removeEventListener('tick', say)
    }),
  ),
  stream: authed(strict).query(({ signal }) => ticks(signal)),
  nested: authed(strict).query(({ signal }) => ({
    at: 'once',
    values: ticks(signal),
    later: once(bus, 'tick').then(() => 'later'),
  })),
})
type AppRouter = typeof appRouter

const FORBIDDEN = { data: { code: 'FORBIDDEN', httpStatus: 403 } }
/** Longer than `strict` counts a factor as fresh; shorter than an outage of the log may last. */
const growOld = async () => {
  for (let minute = 0; minute < 11; minute++) {
    harness.advance(60)
    await harness.clerk.authenticate({ authorization: `Bearer ${harness.ada.token}` })
  }
}

function socketClient(
  url: string,
  headers: Record<string, string>,
  authorization?: string,
  onClose?: (cause?: { code?: number }) => void,
) {
  class Socket extends WebSocket {
    constructor(address: string | URL) {
      super(address, { headers })
    }
  }
  const client = createWSClient({
    url,
    WebSocket: Socket as never,
    retryDelayMs: () => 60_000,
    ...(authorization === undefined ? {} : { connectionParams: { authorization } }),
    ...(onClose === undefined ? {} : { onClose }),
  })
  onTestFinished(() => client.close())
  return createTRPCClient<AppRouter>({ links: [wsLink({ client })] })
}

async function listen(prepare?: (req: IncomingMessage, next: () => void) => void) {
  const app = express()
  const server = createServer(app).listen(0, '127.0.0.1')
  const wss = new WebSocketServer({ noServer: true })
  applyWSSHandler({ wss, router: appRouter, createContext: createClerkContext(harness.clerk) })
  server.on('upgrade', (req, socket, head) => {
    const upgrade = () => wss.handleUpgrade(req, socket, head, (ws) => wss.emit('connection', ws, req))
    if (prepare === undefined) upgrade()
    else prepare(req, upgrade)
  })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const client of wss.clients) client.terminate()
    server.closeAllConnections()
    server.close()
  })
  return { app, port: (server.address() as AddressInfo).port }
}

describe('over one WebSocket', () => {
  test('a call is guarded by what is true when it is made, and the others go on', async () => {
    const { port } = await listen()
    const trpc = socketClient(`ws://127.0.0.1:${port}`, {}, `Bearer ${harness.ada.token}`)
    expect(await trpc.strict.query()).toBe('fresh')
    expect(await trpc.open.query()).toBe(true)
    await growOld()
    await expect(trpc.strict.query()).rejects.toMatchObject(FORBIDDEN)
    expect(await trpc.mine.query()).toBe(harness.ada.id)
    // The context says who opened the connection; `open` who is asking now.
    expect(await trpc.open.query()).toBe(false)
  })

  test.each(['generator', 'observable'] as const)(
    'a subscription by %s ends when its right does',
    async (name) => {
      const { port } = await listen()
      const trpc = socketClient(`ws://127.0.0.1:${port}`, {}, `Bearer ${harness.ada.token}`)
      const heard: number[] = []
      const ended = new Promise<unknown>((resolve) => {
        trpc[name].subscribe(undefined, { onData: (value) => heard.push(value), onError: resolve })
      })
      await vi.waitFor(() => {
        bus.dispatchEvent(new Event('tick'))
        expect(heard).toContain(1)
      })
      await growOld()
      expect(await ended).toMatchObject(FORBIDDEN)
      const before = heard.length
      bus.dispatchEvent(new Event('tick'))
      expect(await trpc.mine.query()).toBe(harness.ada.id)
      expect(heard.length).toBe(before)
    },
  )

  test('the session of the framework opens it, and it is closed with the session', async () => {
    const readSession = session({ secret: 'a secret', resave: false, saveUninitialized: false })
    const authenticate = clerkMiddleware(harness.clerk)
    const { app, port } = await listen((req, next) => {
      const [given, res] = [req as Request, new ServerResponse(req) as Response]
      readSession(given, res, () => authenticate(given, res, next))
    })
    app.use(readSession, authenticate, (_req, res) => void res.json({}))
    const authorization = `Bearer ${harness.ada.token}`
    const seen = await request(`http://127.0.0.1:${port}`, { headers: { authorization, cookie: 'a=b' } })
    const cookie = (seen.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ')
    const headers = { cookie, origin: PAGE }
    let trpc!: ReturnType<typeof socketClient>
    const closed = new Promise((resolve) => {
      trpc = socketClient(`ws://127.0.0.1:${port}`, headers, undefined, (cause) => resolve(cause?.code))
    })
    expect(await trpc.mine.query()).toBe(harness.ada.id)
    await harness.clerk.signOut(harness.ada.sessionId)
    expect(await closed).toBe(4401)
  })

  test('a connection that cannot be authenticated now is told to come back later', async () => {
    const down = await makeHarness({ jwksUrl: 'http://127.0.0.1:9/jwks' })
    harness = down
    const { port } = await listen()
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, {
      headers: { authorization: `Bearer ${down.ada.token}` },
    })
    const [code] = await once(socket, 'close')
    expect(code).toBe(1013)
  })
})

const SERVERS = {
  standalone: () =>
    serve(createHTTPHandler({ router: appRouter, createContext: createClerkContext(harness.clerk) })),
  // There is no response that could be closed.
  fetch: () =>
    serve(async (req, res) => {
      const leaving = new AbortController()
      res.once('close', () => leaving.abort())
      const response = await fetchRequestHandler({
        router: appRouter,
        createContext: createClerkContext(harness.clerk),
        endpoint: '',
        req: new globalThis.Request(`http://app${req.url}`, {
          headers: req.headers as Record<string, string>,
          signal: leaving.signal,
        }),
      })
      res.writeHead(response.status, Object.fromEntries(response.headers))
      for await (const chunk of response.body ?? []) res.write(chunk)
      res.end()
    }),
}

describe.each(Object.entries(SERVERS))('a streamed batch on %s', (_name, start) => {
  async function client() {
    const { origin, stop } = await start()
    onTestFinished(stop)
    const headers = { authorization: `Bearer ${harness.ada.token}` }
    return createTRPCClient<AppRouter>({ links: [httpBatchStreamLink({ url: origin, headers })] })
  }

  async function all(values: AsyncIterable<unknown>): Promise<TRPCClientError<AppRouter> | null> {
    try {
      for await (const _ of values);
      return null
    } catch (error) {
      return error as TRPCClientError<AppRouter>
    }
  }

  test('ends a generator when the right to it ends', async () => {
    const trpc = await client()
    const reading = all(await trpc.stream.query())
    await growOld()
    expect(await reading).toMatchObject(FORBIDDEN)
  })

  test('ends what an answer holds, values and promises alike', async () => {
    const trpc = await client()
    const { at, values, later } = await trpc.nested.query()
    expect(at).toBe('once')
    const reading = all(values)
    const promised = later.catch((error: unknown) => error)
    await growOld()
    expect(await reading).toMatchObject(FORBIDDEN)
    bus.dispatchEvent(new Event('tick'))
    expect(await promised).toMatchObject(FORBIDDEN)
  })
})
