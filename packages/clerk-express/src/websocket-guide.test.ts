import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { runServerSnippet, typecheckSnippets } from '@acme/adapter-suite'
import { request } from '@acme/clerk-testing/adapters'
import { type Client, createClient } from 'graphql-ws'
import { io } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'

const guide = new URL('../../../docs/websockets.md', import.meta.url)
const cwd = new URL('..', import.meta.url)
const PAGE = 'http://localhost:3000'
const TIMEOUT = { timeout: 60_000 }

test('the code of the guide compiles', { timeout: 120_000 }, () =>
  typecheckSnippets(guide, cwd, ['ws.ts', 'express.ts', 'events.ts', 'socket-io.ts', 'graphql-ws.ts']),
)

/** The server of the guide, to which Clerk's events come, with an administrator and her organisation. */
async function run(title: string) {
  const app = await runServerSnippet(guide, title, cwd, { SESSION_SECRET: 'a secret' })
  const { offline, origin } = app
  const ada = offline.createUser({ firstName: 'Ada' })
  const org = offline.createOrganization({ name: 'Org', createdBy: ada.id })
  const session = offline.createSession(ada, { organization: org })
  const { authorization = '' } = await offline.authHeader(session)
  return {
    ...app,
    authorization,
    token: authorization.replace('Bearer ', ''),
    async told(change: () => unknown) {
      offline.webhooks.sendTo(`${origin}/webhook`)
      change()
      await offline.webhooks.settled()
      expect(offline.webhooks.deliveries.at(-1)).toMatchObject({ status: 'succeeded' })
    },
    demote: () => offline.updateMembership(org, ada, 'org:member'),
    revoke: () => offline.revokeSession(session),
  }
}

test(
  'a WebSocket of Express is opened by the session alone, and closed when that is revoked',
  TIMEOUT,
  async () => {
    const { origin, authorization, told, revoke } = await run('express.ts')
    const hello = await request(`${origin}/hello`, { headers: { authorization, cookie: 'theme=dark' } })
    const cookie = (hello.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ')
    const foreign = new WebSocket(origin.replace('http', 'ws'), {
      headers: { cookie, origin: 'https://evil.example' },
    })
    const [error] = await once(foreign, 'error').catch((reason) => [reason])
    expect(String(error)).toContain('401')

    const socket = new WebSocket(origin.replace('http', 'ws'), { headers: { cookie, origin: PAGE } })
    await once(socket, 'open')
    socket.send('hello')
    expect(String((await once(socket, 'message'))[0])).toBe('user said hello')
    const closed = once(socket, 'close')
    await told(revoke)
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([4401, 'session-revoked'])
  },
)

test('an event stream ends when its reader is no administrator any more', TIMEOUT, async () => {
  const { origin, authorization, told, demote } = await run('events.ts')
  const asked = get(`${origin}/events`, { headers: { authorization } })
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.on('error', () => undefined)
  expect(String((await once(response, 'data'))[0])).toMatch(/^data: \d+/)
  const closed = new Promise((resolve) => response.once('close', resolve))
  response.resume()
  await told(demote)
  await closed
  expect((await request(`${origin}/events`, { headers: { authorization } })).status).toBe(403)
})

test(
  'Socket.IO: a call is guarded by what is true then, and the socket is disconnected',
  TIMEOUT,
  async () => {
    const { origin, token, told, demote, revoke } = await run('socket-io.ts')
    const refused = io(origin, { auth: { token: 'an.old.token' }, reconnection: false })
    onTestFinished(() => void refused.close())
    const error = await new Promise<Error & { data?: unknown }>((resolve) =>
      refused.once('connect_error', resolve),
    )
    expect(error).toMatchObject({ data: { code: 'unauthenticated' } })

    const socket = io(origin, { auth: { token } })
    onTestFinished(() => void socket.close())
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    expect(await socket.emitWithAck('secret')).toBe('42')
    await told(demote)
    expect(await socket.emitWithAck('secret')).toBe('forbidden')
    const disconnected = new Promise((resolve) => socket.once('disconnect', resolve))
    await told(revoke)
    expect(await disconnected).toBe('io server disconnect')
  },
)

test(
  'graphql-ws: operations and subscriptions end singly, the connection with its session',
  TIMEOUT,
  async () => {
    const { origin, authorization, told, demote, revoke } = await run('graphql-ws.ts')
    const closes: number[] = []
    const client = createClient({
      url: origin.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      lazy: false,
      onNonLazyError: () => undefined,
      retryAttempts: 1,
      retryWait: async () => undefined,
      connectionParams: { authorization },
      on: { closed: (event) => void closes.push((event as CloseEvent).code) },
    })
    onTestFinished(() => void client.dispose())
    expect(await ask(client, '{ secret }')).toEqual({ data: { secret: '42' } })

    const subscription = client.iterate({ query: 'subscription { secrets }' })
    expect((await subscription.next()).value).toEqual({ data: { secrets: '42' } })
    const ended = (async () => {
      for await (const { errors } of subscription) if (errors) return errors
      return null
    })()
    await told(demote)
    expect(JSON.stringify(await ended.catch((errors: unknown) => errors))).toContain('Forbidden')
    expect(await ask(client, '{ secret }')).toMatchObject({ errors: [{ message: 'forbidden' }] })
    expect(closes).toEqual([])

    await told(revoke)
    // It comes back by itself once, and its token is refused.
    await expect.poll(() => closes).toEqual([4403, 4403])
  },
)

async function ask(client: Client, query: string): Promise<unknown> {
  return (await client.iterate({ query }).next()).value
}

interface CloseEvent {
  readonly code: number
}
