import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { useHarnesses } from '@acme/adapter-suite'
import type { Clerk } from '@acme/clerk-core'
import { type Harness, PAGE } from '@acme/clerk-testing/adapters'
import websocket from '@fastify/websocket'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import fastify from 'fastify'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createClerkContext } from './index.js'
import { type AppRouter, appRouter } from './testing/servers.js'

const makeHarness = useHarnesses()
let harness: Harness
beforeEach(async () => {
  harness = await makeHarness()
})

const SERVERS: Record<string, (clerk: Clerk) => Promise<string>> = {
  ws: async (clerk) => {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    applyWSSHandler({ wss, router: appRouter, createContext: createClerkContext(clerk) })
    await once(wss, 'listening')
    onTestFinished(() => {
      for (const client of wss.clients) client.terminate()
      wss.close()
    })
    return `ws://127.0.0.1:${(wss.address() as AddressInfo).port}`
  },
  fastify: async (clerk) => {
    const app = fastify()
    await app.register(websocket)
    const trpcOptions = { router: appRouter, createContext: createClerkContext(clerk) }
    await app.register(fastifyTRPCPlugin<AppRouter>, {
      prefix: '/trpc',
      useWSS: true,
      trpcOptions: trpcOptions as FastifyTRPCPluginOptions<AppRouter>['trpcOptions'],
    })
    onTestFinished(() => app.close())
    return `${(await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws')}/trpc`
  },
}

function connect(url: string, options: { authorization?: string; headers?: Record<string, string> }) {
  class Socket extends WebSocket {
    constructor(address: string | URL) {
      super(address, { headers: options.headers ?? {} })
    }
  }
  const client = createWSClient({
    url,
    WebSocket: Socket as never,
    retryDelayMs: () => 60_000,
    ...(options.authorization === undefined
      ? {}
      : { connectionParams: { authorization: options.authorization } }),
  })
  onTestFinished(() => client.close())
  return { client, trpc: createTRPCClient<AppRouter>({ links: [wsLink({ client })] }) }
}

describe.each(Object.entries(SERVERS))('over %s', (_name, start) => {
  test('connection parameters sign in', async () => {
    const { trpc } = connect(await start(harness.clerk), { authorization: `Bearer ${harness.ada.token}` })
    expect(await trpc.admin.query()).toMatchObject({ userId: harness.ada.id })
  })

  test('without a token a connection is anonymous', async () => {
    const { trpc } = connect(await start(harness.clerk), {})
    expect(await trpc.open.query()).toMatchObject({ kind: 'anonymous' })
    await expect(trpc.private.query()).rejects.toMatchObject({ data: { code: 'UNAUTHORIZED' } })
  })

  test('a cookie counts only with a listed Origin', async () => {
    const url = await start(harness.clerk)
    const cookie = `__session=${harness.ada.token}`
    const evil = connect(url, { headers: { cookie, origin: 'https://evil.example' } })
    expect(await evil.trpc.open.query()).toMatchObject({ reason: 'cross-site-request' })
    const page = connect(url, { headers: { cookie, origin: PAGE } })
    expect(await page.trpc.private.query()).toMatchObject({ userId: harness.ada.id })
  })

  test('a connection is closed when its session is revoked', async () => {
    const url = await start(harness.clerk)
    const { client, trpc } = connect(url, { authorization: `Bearer ${harness.ada.token}` })
    await trpc.private.query()
    const socket = client.connection?.ws as unknown as WebSocket
    const closed = once(socket, 'close')
    await harness.clerk.signOut(harness.ada.sessionId)
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([4401, 'session-revoked'])
  })
})
