import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { useHarnesses } from '@acme/adapter-suite'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type ClerkContext, createClerkContext, createGuards } from './index.js'

const makeHarness = useHarnesses()
const t = initTRPC.context<ClerkContext>().create()
const appRouter = t.router({
  mine: createGuards(t)
    .authed()
    .query(({ ctx }) => ctx.auth.userId),
})

async function serve() {
  const harness = await makeHarness()
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  applyWSSHandler({ wss, router: appRouter, createContext: createClerkContext(harness.clerk) })
  await once(wss, 'listening')
  onTestFinished(() => {
    for (const client of wss.clients) client.terminate()
    wss.close()
  })
  return { harness, url: `ws://127.0.0.1:${(wss.address() as AddressInfo).port}` }
}

test('a connection whose token was sent and refused is closed with 4401, not anonymous for good', async () => {
  const { url } = await serve()
  const socket = new WebSocket(`${url}?connectionParams=1`)
  const closed = once(socket, 'close')
  await once(socket, 'open')
  socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization: 'Bearer an.old.token' } }))
  socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'mine' } }))
  const answered = once(socket, 'message').then(() => ['answered'])
  const [code] = (await Promise.race([closed, answered])) as [unknown]
  socket.terminate()
  expect(code).toBe(4401)
})

test('so that a client which fetches a token for each connection comes back by itself', async () => {
  const { url, harness } = await serve()
  const tokens = ['an.old.token', harness.ada.token]
  const client = createWSClient({
    url,
    WebSocket: WebSocket as never,
    retryDelayMs: () => 0,
    connectionParams: () => ({ authorization: `Bearer ${tokens.shift()}` }),
  })
  onTestFinished(() => client.close())
  const trpc = createTRPCClient<typeof appRouter>({ links: [wsLink({ client })] })
  // tRPC's client fails what it had sent on the connection that was closed, and sends no query twice.
  await vi.waitFor(async () => expect(await trpc.mine.query()).toBe(harness.ada.id))
})
