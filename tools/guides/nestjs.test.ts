import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { runServerSnippet } from '@acme/adapter-suite'
import { signWebhook } from '@acme/clerk-testing'
import { request } from '@acme/clerk-testing/adapters'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { filesOf } from './files.js'

const guide = new URL('../../docs/nestjs.md', import.meta.url)
const cwd = new URL('.', import.meta.url)
const TIMEOUT = { timeout: 120_000 }
const TSCONFIG = JSON.stringify({ compilerOptions: { experimentalDecorators: true } })

/** The application of the guide, to which Clerk's events come, with an administrator and a member. */
async function run(main: string, change = (files: Record<string, string>) => files) {
  const files = { ...(await filesOf(guide, ['main.ts', 'main-fastify.ts'])), 'tsconfig.json': TSCONFIG }
  const app = await runServerSnippet(guide, main, cwd, {}, { files: change(files) })
  const { origin, offline } = app
  const org = offline.createOrganization({ name: 'Org' })
  const join = async (firstName: string, role: string) => {
    const user = offline.createUser({ firstName })
    offline.addMember(org, user, role)
    const session = offline.createSession(user, { organization: org })
    return { user, session, headers: await offline.authHeader(session) }
  }
  const ada = await join('Ada', 'org:admin')
  const bob = await join('Bob', 'org:member')
  offline.webhooks.sendTo(`${origin}/clerk/webhook`)
  return {
    origin,
    offline,
    ada,
    bob,
    demoteAda: () => offline.updateMembership(org, ada.user, 'org:member'),
    /** Makes a change at Clerk; resolves when the application has been told. */
    async told(make: () => unknown) {
      make()
      await offline.webhooks.settled()
      expect(offline.webhooks.deliveries.at(-1)).toMatchObject({ status: 'succeeded' })
    },
  }
}

test.each([
  ['Express', 'main.ts'],
  ['Fastify', 'main-fastify.ts'],
])('on %s requests are guarded, and refused as they are everywhere else', TIMEOUT, async (_name, main) => {
  const { origin, offline, ada, bob, told, demoteAda } = await run(main)
  const ask = async (path: string, headers = {}, method = 'GET') => {
    const { status, text, headers: got } = await request(`${origin}${path}`, { method, headers })
    return { status, body: JSON.parse(text), authenticate: got['www-authenticate'] }
  }

  expect(await ask('/notes')).toMatchObject({
    status: 401,
    body: { code: 'unauthenticated' },
    authenticate: expect.stringContaining('Bearer'),
  })
  expect(await ask('/notes', ada.headers)).toMatchObject({ status: 200, body: { notesOf: 'Ada' } })
  expect(await ask('/notes/about')).toMatchObject({ status: 200, body: { kind: 'anonymous' } })
  expect(await ask('/notes/about', ada.headers)).toMatchObject({ body: { kind: 'user' } })
  expect(await ask('/notes', bob.headers, 'POST')).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  expect(await ask('/notes', ada.headers, 'POST')).toMatchObject({
    status: 201,
    body: { createdFor: expect.stringMatching(/^org_/) },
  })
  const stale = await offline.authHeader(ada.session, { claims: { fva: [60, -1] } })
  expect(await ask('/notes/report', stale)).toMatchObject({
    status: 403,
    body: { clerk_error: { reason: 'reverification-error' } },
  })
  expect(await ask('/clerk/me', ada.headers)).toMatchObject({ status: 200, body: { clerkId: ada.user.id } })

  await told(demoteAda)
  expect(await ask('/notes', ada.headers, 'POST')).toMatchObject({ status: 403 })
  await told(() => offline.banUser(ada.user))
  expect(await ask('/notes', ada.headers)).toMatchObject({ status: 401 })
})

/** Nest 11 runs no global guard for a gateway. */
const withoutGlobalGuard = (files: Record<string, string>) => ({
  ...files,
  'app.module.ts': (files['app.module.ts'] ?? '').replace(/.*provide: APP_GUARD.*\n/, ''),
})

test.each([
  ['Express', 'main.ts', undefined],
  ['Fastify without a global guard', 'main-fastify.ts', withoutGlobalGuard],
])(
  'on %s each message over a WebSocket is guarded by what is true then',
  TIMEOUT,
  async (_name, main, change) => {
    const { origin, offline, ada, told, demoteAda } = await run(main, change)
    const url = `${origin.replace('http', 'ws')}/chat`

    const refused = new WebSocket(url)
    refused.on('error', () => undefined)
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage]
    expect(response.statusCode).toBe(401)
    expect(response.headers['www-authenticate']).toContain('Bearer')
    expect(JSON.parse(String((await once(response, 'data'))[0]))).toMatchObject({ code: 'unauthenticated' })
    refused.terminate()

    const socket = new WebSocket(url, { headers: ada.headers })
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    const send = async (event: string, data = '') => {
      const answered = once(socket, 'message')
      socket.send(JSON.stringify({ event, data }))
      return JSON.parse(String((await answered)[0]))
    }
    expect(await send('say', 'hello')).toEqual({ event: 'said', data: 'Ada: hello' })
    expect(await send('close')).toEqual({ event: 'closed' })
    await told(demoteAda)
    expect(await send('close')).toMatchObject({ event: 'exception', data: { code: 'forbidden' } })
    expect(await send('say', 'still here')).toMatchObject({ event: 'said' })

    const closed = once(socket, 'close')
    await told(() => offline.banUser(ada.user))
    expect((await closed)[0]).toBe(4401)
  },
)

/** With one more controller of the guide in the module. */
const withController = (name: string, file: string) => (files: Record<string, string>) => ({
  ...files,
  'app.module.ts': (files['app.module.ts'] ?? '')
    .replace('[NotesController]', `[NotesController, ${name}]`)
    .concat(`import { ${name} } from './${file}'\n`),
})

test('an event stream ends when its reader is no administrator any more', TIMEOUT, async () => {
  const { origin, ada, bob, told, demoteAda } = await run(
    'main.ts',
    withController('EventsController', 'events.controller.js'),
  )
  expect((await request(`${origin}/events`, { headers: bob.headers })).status).toBe(403)
  const asked = get(`${origin}/events`, { headers: ada.headers })
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.on('error', () => undefined)
  const closed = new Promise((resolve) => response.once('close', resolve))
  let received = ''
  response.on('data', (chunk) => {
    received += chunk
  })
  await expect.poll(() => received).toContain('data: ')
  await told(demoteAda)
  await closed
  expect((await request(`${origin}/notes`, { headers: ada.headers })).status).toBe(200)
})

test(
  'a webhook that comes after Nest’s body parser is verified by the bytes that it has kept',
  TIMEOUT,
  async () => {
    const { origin, offline } = await run(
      'main.ts',
      withController('WebhookController', 'webhook.controller.js'),
    )
    const event = { object: 'event', type: 'email.created', timestamp: 1, instance_id: 'ins_1', data: {} }
    const { headers, body } = signWebhook(event, offline.webhookSecret)
    const deliver = async (text: string) =>
      (
        await request(`${origin}/hooks/clerk`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: text,
        })
      ).status
    expect(await deliver(body.replace('ins_1', 'ins_2'))).toBe(403)
    expect(await deliver(body)).toBe(200)
  },
)

test('a requirement that does not exist is an error when the application starts', TIMEOUT, async () => {
  const start = run('main.ts', (files) => ({
    ...files,
    'notes.controller.ts': (files['notes.controller.ts'] ?? '').replace("role: 'admin'", "rol: 'admin'"),
  }))
  await expect(start).rejects.toThrow('rol')
})
