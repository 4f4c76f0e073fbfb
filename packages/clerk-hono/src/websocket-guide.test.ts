import { once } from 'node:events'
import { runServerSnippet, typecheckSnippets } from '@acme/adapter-suite'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'

const guide = new URL('../../../docs/websockets.md', import.meta.url)
const cwd = new URL('..', import.meta.url)

test('the code of the guide compiles', { timeout: 120_000 }, () => typecheckSnippets(guide, cwd, ['hono.ts']))

test('a WebSocket of Hono is guarded as any route is', async () => {
  const { origin, signIn } = await runServerSnippet(guide, 'hono.ts', cwd)
  const url = origin.replace('http', 'ws')
  const answers = async (headers: Record<string, string>) => {
    const socket = new WebSocket(url, { headers })
    const [error] = await once(socket, 'open').catch((reason) => [reason])
    return { socket, error: error === undefined ? null : String(error) }
  }
  expect((await answers({})).error).toContain('401')
  expect((await answers(await signIn('Bob'))).error).toContain('403')
  const { authorization } = await signIn('Ada', 'admin')
  const cookie = `__session=${authorization.replace('Bearer ', '')}`
  expect((await answers({ cookie, origin: 'https://evil.example' })).error).toContain('401')

  const { socket, error } = await answers({ cookie, origin: 'http://localhost:3000' })
  expect(error).toBeNull()
  socket.send('hello')
  expect(String((await once(socket, 'message'))[0])).toBe('user said hello')
  socket.terminate()
})
