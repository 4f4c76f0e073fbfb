import { once } from 'node:events'
import { runServerSnippet, typecheckSnippets } from '@acme/adapter-suite'
import { request } from '@acme/clerk-testing/adapters'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'

const guide = new URL('../../../docs/websockets.md', import.meta.url)
const cwd = new URL('..', import.meta.url)

test('the code of the guide compiles', { timeout: 120_000 }, () => typecheckSnippets(guide, cwd, ['koa.ts']))

test('a WebSocket of Koa is opened by the session alone', { timeout: 60_000 }, async () => {
  const { origin, signIn } = await runServerSnippet(guide, 'koa.ts', cwd, { SESSION_SECRET: 'a secret' })
  const hello = await request(origin, { headers: { ...(await signIn('Ada')), cookie: 'theme=dark' } })
  expect(hello.status).toBe(200)
  const cookie = (hello.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ')
  const url = origin.replace('http', 'ws')
  const socket = new WebSocket(url, { headers: { cookie, origin: 'http://localhost:3000' } })
  await once(socket, 'open')
  socket.send('hello')
  expect(String((await once(socket, 'message'))[0])).toBe('user said hello')
  socket.terminate()

  const foreign = new WebSocket(url, { headers: { cookie, origin: 'https://evil.example' } })
  const [error] = await once(foreign, 'error').catch((reason) => [reason])
  expect(String(error)).toContain('401')
})
