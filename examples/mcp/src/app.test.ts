import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Application, start } from './app.js'
import { callTool, createProvider } from './walk.js'

const CALLBACK = 'http://127.0.0.1:4999/callback'
// It listens first: the server's own URL is one of its options.
const front = createServer((req, res) => application.server.emit('request', req, res))
let offline: OfflineClerk
let application: Application
let url: string
let ada: string

beforeAll(async () => {
  offline = await startClerk()
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(front.address() as AddressInfo).port}/mcp`
  application = await start({ ...offline.env, MCP_URL: url })
})
beforeEach(() => {
  ada = offline.createUser({ firstName: 'Ada' }).id
})
afterAll(async () => {
  front.closeAllConnections()
  await new Promise((resolve) => front.close(resolve))
  await application.stop()
  await offline.stop()
})

describe('an assistant', () => {
  test('finds its way to a token, calls a tool, is refused without the scope, and steps up', async () => {
    const asked: URL[] = []
    const provider = createProvider(CALLBACK, (page) => {
      asked.push(page)
      return offline.consent(page, ada)
    })
    const steps: string[] = []
    const call = (name: string, args?: Record<string, unknown>) =>
      callTool(url, provider, { name, ...(args && { arguments: args }) }, (step) => steps.push(step))
    expect(await call('list_notes')).toBe('no notes')
    expect(await call('add_note', { text: 'Call Charles' })).toBe('note 1')
    expect(await call('list_notes')).toBe('Call Charles')
    expect(steps).toEqual([
      'the user allows: notes:read',
      'list_notes: no notes',
      'the user allows: notes:read notes:write',
      'add_note: note 1',
      'list_notes: Call Charles',
    ])
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    expect(readme).toContain(steps.map((step) => `- ${step}\n`).join(''))
    // A token for this server alone, with PKCE, for a client that has registered itself.
    for (const { searchParams } of asked) {
      expect(Object.fromEntries(searchParams)).toMatchObject({
        resource: url,
        code_challenge_method: 'S256',
        client_id: (await provider.clientInformation())?.client_id,
      })
    }
  })

  test('has nothing where its user says no', async () => {
    const provider = createProvider(CALLBACK, (page) => offline.consent(page, ada, 'deny'))
    await expect(callTool(url, provider, { name: 'list_notes' })).rejects.toThrow('access_denied')
  })

  test('sees the notes of its own user alone', async () => {
    const write = { user: ada, scopes: ['notes:read', 'notes:write'] }
    const bob = offline.createUser().id
    expect(await post(write, message('add_note', { text: 'mine' }))).toContain('note 1')
    expect(await post(write, message('list_notes'))).toContain('mine')
    expect(await post({ ...write, user: bob }, message('list_notes'))).toContain('no notes')
  })
})

describe('a tool behind a scope', () => {
  test.each<[string, unknown]>([
    ['in one message', message('add_note', { text: 'x' })],
    ['in a batch', [message('list_notes'), message('add_note', { text: 'x' })]],
  ])('is not reached without it: %s', async (_how, body) => {
    const answer = await send({ user: ada, scopes: ['notes:read'] }, body)
    expect(answer.status).toBe(403)
    expect(answer.headers.get('www-authenticate')).toMatch(
      /error="insufficient_scope".*scope="notes:read notes:write".*resource_metadata="/,
    )
    expect(await post({ user: ada, scopes: ['notes:read'] }, message('list_notes'))).toContain('no notes')
  })
})

test.each<[string, Parameters<typeof send>[0]]>([
  ['for another server', { scopes: ['notes:read'], resource: 'https://other.example/mcp' }],
  ['for any server', { scopes: ['notes:read'], resource: [] }],
])('a token %s is refused, in both forms', async (_what, given) => {
  for (const tokenFormat of ['jwt', 'opaque'] as const)
    expect((await send({ ...given, tokenFormat }, message('list_notes'))).status).toBe(401)
})

test('a banned user has no assistant', async () => {
  offline.banUser(ada)
  expect((await send({ user: ada, scopes: ['notes:read'] }, message('list_notes'))).status).toBe(401)
})

function message(name: string, args: Record<string, unknown> = {}) {
  return { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }
}

/** A request of a client that has a token already. */
function send(
  given: Partial<Parameters<OfflineClerk['createOAuthToken']>[0]>,
  body: unknown,
): Promise<Response> {
  const { token } = offline.createOAuthToken({ user: ada, tokenFormat: 'jwt', resource: url, ...given })
  return fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  })
}

const post = async (...given: Parameters<typeof send>) => (await send(...given)).text()
