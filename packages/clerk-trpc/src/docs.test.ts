import { deliver, runServerSnippet } from '@acme/adapter-suite'
import { request } from '@acme/clerk-testing/adapters'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'

const doc = new URL('../../../docs/trpc.md', import.meta.url)
const cwd = new URL('..', import.meta.url)
const TIMEOUT = { timeout: 60_000 }

test('the Express application of the guide does what the guide says', TIMEOUT, async () => {
  const { origin, signIn, offline } = await runServerSnippet(doc, 'express.ts', cwd)
  const ada = await signIn('Ada', 'admin')
  expect((await request(`${origin}/trpc/hello`, { headers: ada })).text).toContain('hello Ada, it is')
  expect((await request(`${origin}/trpc/bills`, { headers: ada })).status).toBe(403)
  const refused = await request(`${origin}/trpc/hello`)
  expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer'])
  expect(await deliver(`${origin}/hooks/clerk`, offline.webhookSecret)).toBe(200)
})

test('the WebSocket server of the guide takes the token of the connection', TIMEOUT, async () => {
  const { origin, signIn } = await runServerSnippet(doc, 'websocket.ts', cwd)
  const connectionParams = await signIn('Ada')
  const client = createWSClient({
    url: origin.replace('http', 'ws'),
    WebSocket: WebSocket as never,
    connectionParams,
  })
  onTestFinished(() => client.close())
  // biome-ignore lint/suspicious/noExplicitAny: the router lives in another process.
  const trpc = createTRPCClient<any>({ links: [wsLink({ client })] }) as unknown as {
    hello: { query(): Promise<string> }
  }
  expect(await trpc.hello.query()).toMatch(/^user_/)
})
