import { once } from 'node:events'
import { runGuideSuite, runServerSnippet } from '@acme/adapter-suite'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'

const doc = (name: string) => new URL(`../../../docs/${name}`, import.meta.url)
const cwd = new URL('..', import.meta.url)
const TIMEOUT = { timeout: 60_000 }

runGuideSuite(doc('fastify.md'), cwd, { afterBodyParser: false })

test.each([
  ['ws.ts', 'admin'],
  ['fastify.ts', 'user'],
])('the WebSocket server %s lets members of an organisation in', TIMEOUT, async (title, who) => {
  const { origin, signIn } = await runServerSnippet(doc('websockets.md'), title, cwd)
  const member = new WebSocket(origin.replace('http', 'ws'), { headers: await signIn('Ada', 'admin') })
  await once(member, 'open')
  member.send('hello')
  expect(String((await once(member, 'message'))[0])).toBe(`${who} said hello`)
  member.close()

  const single = new WebSocket(origin.replace('http', 'ws'), { headers: await signIn('Bob') })
  const [error] = await once(single, 'error').catch((reason) => [reason])
  expect(String(error)).toContain('403')
})
