import { on, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  ALLOWED,
  type Answer,
  API_KEY,
  type AuthorityBinding,
  type Backend,
  BEARER,
  CLOSED,
  COOKIE,
  type Connection,
  closeOf,
  connections,
  GUARD_NAMES,
  GUARDS,
  type GuardName,
  MACHINE_CREDENTIALS,
  ORGANIZATION_KEY,
  openEvents,
  openSocket,
  type Presence,
  requests,
  runAuthorityTable,
  SESSION,
  SESSION_TOKEN,
  type Transport,
  type Way,
  way,
  withinDeadline,
} from '@acme/adapter-suite/authority'
import { clerkMiddleware } from '@acme/clerk-express'
import { createTRPCClient, httpBatchStreamLink, TRPCClientError } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import express from 'express'
import session from 'express-session'
import { type WebSocket, WebSocketServer } from 'ws'
import { type ClerkContext, createClerkContext, createGuards, DeniedError } from './index.js'

interface Context extends ClerkContext {
  readonly bus: NodeJS.EventEmitter
}

const t = initTRPC.context<Context>().create({
  errorFormatter: ({ shape, error }) => {
    const denial = error.cause instanceof DeniedError ? error.cause.denial.code : null
    return { ...shape, data: { ...shape.data, denial } }
  },
})
const { authed } = createGuards(t)

/** Says something at once, and at every tick of the bus. */
async function* ticks({ bus }: Context, signal: AbortSignal | undefined) {
  yield 'here'
  for await (const _ of on(bus, 'tick', signal === undefined ? {} : { signal })) yield 'here'
}

const build = (guard: GuardName) => authed(GUARDS[guard])
type Each<T> = Record<GuardName, T>
const each = <T>(make: (guard: GuardName) => T) =>
  Object.fromEntries(GUARD_NAMES.map((guard) => [guard, make(guard)])) as Each<T>

const appRouter = t.router({
  ...each((guard) => build(guard).query(() => 'here')),
  stream: t.router(each((guard) => build(guard).query(({ ctx, signal }) => ticks(ctx, signal)))),
  ticks: t.router(each((guard) => build(guard).subscription(({ ctx, signal }) => ticks(ctx, signal)))),
})
type AppRouter = typeof appRouter

/** Sessions are the same for every instance of the application. */
const readSession = session({
  secret: 'a secret',
  resave: false,
  saveUninitialized: false,
  store: new session.MemoryStore(),
})

interface Failure {
  readonly data?: { readonly httpStatus?: number; readonly denial?: string | null }
}
const answerOfFailure = ({ data }: Failure): Answer => `${data?.httpStatus} ${data?.denial}`

function answerOf(status: number, body: string): Answer {
  if (status === 200) return ALLOWED
  return answerOfFailure((JSON.parse(body) as { error: Failure }).error)
}

/** A socket with one question after another, in tRPC's own words: tRPC's client would quietly connect again. */
interface RpcSocket {
  readonly closed: Promise<Answer>
  /** Hears every message about the request until it is told to stop. */
  ask(method: 'query' | 'subscription', path: string, hear: (message: Reply) => void): void
  end(): void
}

interface Reply {
  readonly id: number
  readonly error?: Failure
  readonly result?: { readonly type?: 'started' | 'stopped' | 'data' }
}

async function openRpc({ app, page }: Backend, presence: Presence): Promise<RpcSocket | Answer> {
  const { authorization, ...headers } = presence.headers(page) as Record<string, string>
  const socket = await openSocket(`${app.origin}/rpc?connectionParams=1`, headers)
  if (typeof socket === 'string') return socket
  const params = authorization === undefined ? null : { authorization }
  socket.send(JSON.stringify({ method: 'connectionParams', data: params }))
  return speak(socket)
}

function speak(socket: WebSocket): RpcSocket {
  const listeners = new Map<number, (message: Reply) => void>()
  let count = 0
  socket.on('message', (data) => {
    const text = String(data)
    if (text === 'PING' || text === 'PONG') return
    const reply = JSON.parse(text) as Reply
    listeners.get(reply.id)?.(reply)
  })
  return {
    closed: closeOf(socket),
    ask(method, path, hear) {
      count += 1
      listeners.set(count, hear)
      socket.send(JSON.stringify({ id: count, method, params: { path } }))
    },
    end: () => socket.terminate(),
  }
}

const HTTP = requests('tRPC over HTTP', (guard) => `/${guard}`, answerOf)

/** Calls over one WebSocket: each is guarded by what is true when it is made. */
const CALLS: Transport = {
  name: 'tRPC calls over WebSocket',
  lasts: true,
  open(backend, presence) {
    const opening = openRpc(backend, presence)
    async function call(rpc: RpcSocket, guard: GuardName): Promise<Answer> {
      const answered = new Promise<Answer>((resolve) =>
        rpc.ask('query', guard, ({ error }) => resolve(error ? answerOfFailure(error) : ALLOWED)),
      )
      return Promise.race([rpc.closed, answered])
    }
    return {
      async ask(guard, due) {
        const rpc = await opening
        if (typeof rpc === 'string') return rpc
        if (!due) return call(rpc, guard)
        // The server hears of a change a moment later than this client: it is asked until it has.
        let waiting = true
        const refused = (async () => {
          let answer = await call(rpc, guard)
          while (waiting && answer === ALLOWED) answer = await call(rpc, guard)
          return answer
        })()
        return withinDeadline(refused).finally(() => {
          waiting = false
        })
      },
      end: () => void opening.then((rpc) => typeof rpc === 'string' || rpc.end()),
    }
  },
}

/** One subscription for each guard over one WebSocket; each ends singly. */
const SUBSCRIPTIONS: Transport = {
  name: 'tRPC subscriptions over WebSocket',
  lasts: true,
  open(backend, presence) {
    const opening = openRpc(backend, presence)
    const each = connections('', async (_backend, _presence, guard) => {
      const rpc = await opening
      return typeof rpc === 'string' ? rpc : subscribe(rpc, backend, guard)
    }).open(backend, presence)
    return {
      ask: each.ask,
      end: () => void opening.then((rpc) => typeof rpc === 'string' || rpc.end()),
    }
  },
}

async function subscribe(rpc: RpcSocket, { bus }: Backend, guard: GuardName): Promise<Connection | Answer> {
  let said = () => {}
  let begin: (answer: Answer) => void = () => {}
  const begun = new Promise<Answer>((resolve) => {
    begin = resolve
  })
  const ended = new Promise<Answer>((resolve) => {
    rpc.ask('subscription', `ticks.${guard}`, ({ error, result }) => {
      if (error !== undefined || result?.type === 'stopped') {
        const answer = error === undefined ? CLOSED : answerOfFailure(error)
        begin(answer)
        resolve(answer)
      } else if (result?.type === 'data') {
        begin(ALLOWED)
        said()
      }
    })
  })
  const answer = await Promise.race([rpc.closed, begun])
  if (answer !== ALLOWED) return answer
  return {
    closed: Promise.race([rpc.closed, ended]),
    alive: () =>
      new Promise<void>((resolve) => {
        said = resolve
        bus.emit('tick')
      }),
    end: () => undefined,
  }
}

/** A query that goes on answering, over the streaming batch link. */
const STREAM = connections('tRPC stream over HTTP', async ({ app, bus, page }, presence, guard) => {
  const leaving = new AbortController()
  const client = createTRPCClient<AppRouter>({
    links: [httpBatchStreamLink({ url: app.origin, headers: { ...presence.headers(page) } })],
  })
  try {
    const stream = await client.stream[guard].query(undefined, { signal: leaving.signal })
    const said = stream[Symbol.asyncIterator]()
    await said.next()
    let heard = () => {}
    const closed = (async (): Promise<Answer> => {
      try {
        while (!(await said.next()).done) heard()
      } catch (error) {
        // A stream that ends singly says why; one whose connection is gone cannot.
        if (error instanceof TRPCClientError && error.data) return answerOfFailure(error as Failure)
      }
      return CLOSED
    })()
    return {
      closed,
      alive: () =>
        new Promise<void>((resolve) => {
          heard = resolve
          bus.emit('tick')
        }),
      end: () => leaving.abort(),
    }
  } catch (error) {
    if (error instanceof TRPCClientError && error.data) return answerOfFailure(error as Failure)
    throw error
  }
})

const EVENTS = connections('tRPC subscription over HTTP', ({ app, bus, page }, presence, guard) =>
  openEvents(`${app.origin}/ticks.${guard}`, presence.headers(page), () => bus.emit('tick'), answerOf),
)

const WAYS: readonly Way[] = [
  ...[BEARER, COOKIE, SESSION].map((entry) => way(SESSION_TOKEN, entry, HTTP)),
  ...MACHINE_CREDENTIALS.map((credential) => way(credential, BEARER, HTTP)),
  ...[CALLS, SUBSCRIPTIONS, STREAM, EVENTS].map((transport) => way(SESSION_TOKEN, BEARER, transport)),
  way(SESSION_TOKEN, COOKIE, CALLS),
  way(SESSION_TOKEN, SESSION, STREAM),
  way(SESSION_TOKEN, SESSION, EVENTS),
  ...[CALLS, STREAM, EVENTS].map((transport) => way(API_KEY, BEARER, transport)),
  way(ORGANIZATION_KEY, BEARER, CALLS),
]

const binding: AuthorityBinding = {
  name: 'tRPC 11',
  ways: WAYS,
  async start({ clerk, bus }) {
    const clerkContext = createClerkContext(clerk)
    const createContext = async (options: Parameters<typeof clerkContext>[0]): Promise<Context> => ({
      ...(await clerkContext(options)),
      bus,
    })
    const app = express()
    app.use(readSession, clerkMiddleware(clerk))
    app.use(createExpressMiddleware({ router: appRouter, createContext }))
    const server = createServer(app).listen(0, '127.0.0.1')
    const wss = new WebSocketServer({ server, path: '/rpc' })
    applyWSSHandler({ wss, router: appRouter, createContext })
    await once(server, 'listening')
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      visit: '/user',
      signOut: ({ sessionId }) => clerk.signOut(sessionId),
      async stop() {
        for (const client of wss.clients) client.terminate()
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      },
    }
  },
}

await runAuthorityTable(binding)
