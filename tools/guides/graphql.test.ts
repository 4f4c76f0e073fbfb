import { runServerSnippet } from '@acme/adapter-suite'
import { request } from '@acme/clerk-testing/adapters'
import { createClient as createEventClient } from 'graphql-sse'
import { createClient, type ExecutionResult } from 'graphql-ws'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { filesOf } from './files.js'

const guide = new URL('../../docs/graphql.md', import.meta.url)
const cwd = new URL('.', import.meta.url)
const TIMEOUT = { timeout: 120_000 }
const SERVERS = ['yoga-express.ts', 'yoga-fastify.ts', 'yoga-http.ts', 'apollo.ts']

/** A server of the guide, to which Clerk's events come, with an administrator of an organisation. */
async function run(title: string, change = (files: Record<string, string>) => files) {
  const app = await runServerSnippet(guide, title, cwd, {}, { files: change(await filesOf(guide, SERVERS)) })
  const { origin, offline } = app
  const ada = offline.createUser({ firstName: 'Ada' })
  const org = offline.createOrganization({ name: 'Org', createdBy: ada.id })
  const session = offline.createSession(ada, { organization: org })
  const headers = await offline.authHeader(session)
  return {
    origin,
    headers,
    authorization: headers.authorization,
    async ask(query: string, more: Record<string, string> = headers) {
      const {
        status,
        text,
        headers: got,
      } = await request(`${origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...more },
        body: JSON.stringify({ query }),
      })
      return { status, body: JSON.parse(text), authenticate: got['www-authenticate'], text }
    },
    /** Makes a change at Clerk; resolves when the application has been told. */
    async told(make: () => unknown) {
      offline.webhooks.sendTo(`${origin}/webhook`)
      make()
      await offline.webhooks.settled()
      expect(offline.webhooks.deliveries.at(-1)).toMatchObject({ status: 'succeeded' })
    },
    demote: () => offline.updateMembership(org, ada, 'org:member'),
    ban: () => offline.banUser(ada),
  }
}

test.each(SERVERS)(
  '%s: resolvers are guarded, and a refusal is an error with code and status',
  TIMEOUT,
  async (title) => {
    const { ask, told, demote } = await run(title)
    const refused = await ask('{ hello }', {})
    expect(refused).toMatchObject({
      status: 401,
      body: { errors: [{ path: ['hello'], extensions: { code: 'unauthenticated' } }] },
      authenticate: expect.stringContaining('Bearer'),
    })
    expect(refused.text).not.toMatch(/"http"|stack/)
    expect(await ask('{ hello bills }')).toMatchObject({
      status: 200,
      body: { data: { hello: 'hello Ada', bills: expect.any(Number) } },
    })
    if (title === 'yoga-http.ts') return

    await told(demote)
    const { status, body } = await ask('{ bills }')
    expect(status).toBe(403)
    expect(body.errors).toMatchObject([
      { message: 'Forbidden', path: ['bills'], extensions: { error: 'Forbidden', code: 'forbidden' } },
    ])
    expect(Object.keys(body.errors[0].extensions).sort()).toEqual(['code', 'error'])
  },
)

test.each(['yoga-express.ts', 'apollo.ts'])(
  '%s: what another error says reaches no client',
  TIMEOUT,
  async (title) => {
    const { ask } = await run(title, (files) => ({
      ...files,
      'schema.ts': (files['schema.ts'] ?? '').replace(
        'return orgId.length',
        "throw new Error('ada@example.com' + orgId)",
      ),
    }))
    const { body, text } = await ask('{ bills }')
    expect(body.errors).toMatchObject([{ message: 'Unexpected error.' }])
    expect(text).not.toContain('ada@example.com')
  },
)

test.each(['yoga-express.ts', 'yoga-fastify.ts'])(
  '%s: subscriptions over server-sent events go by what is true now, and end with a ban',
  TIMEOUT,
  async (title) => {
    const { origin, headers, told, demote, ban } = await run(title)
    const client = createEventClient({ url: `${origin}/graphql`, headers: { ...headers }, retryAttempts: 0 })
    onTestFinished(() => client.dispose())
    await subscriptions((query) => client.iterate({ query }), { told, demote, ban })
  },
)

test(
  'apollo.ts: subscriptions over WebSocket go by what is true now, and end with a ban',
  TIMEOUT,
  async () => {
    const { origin, authorization, told, demote, ban } = await run('apollo.ts')
    const closes: unknown[] = []
    const client = createClient({
      url: `${origin.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization },
      retryAttempts: 0,
      on: { closed: (event) => void closes.push((event as { code: number }).code) },
    })
    onTestFinished(() => void client.dispose())
    await subscriptions((query) => client.iterate({ query }), { told, demote, ban })
    await expect.poll(() => closes).toContain(4403)

    const stranger = createClient({
      url: `${origin.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    })
    onTestFinished(() => void stranger.dispose())
    await expect(stranger.iterate({ query: '{ hello }' }).next()).rejects.toMatchObject({ code: 4403 })
  },
)

interface Changes {
  told(make: () => unknown): Promise<void>
  demote(): unknown
  ban(): unknown
}

async function subscriptions(
  subscribe: (query: string) => AsyncIterable<unknown>,
  { told, demote, ban }: Changes,
): Promise<void> {
  const secrets = read(subscribe('subscription { secrets }'))
  const ticks = read(subscribe('subscription { ticks { count bills } }'))
  await expect.poll(() => secrets.results[0]).toMatchObject({ data: { secrets: 0 } })
  await expect.poll(() => ticks.results[0]).toMatchObject({ data: { ticks: { bills: expect.any(Number) } } })

  await told(demote)
  await secrets.ended
  expect(JSON.stringify(secrets.results.at(-1))).toContain('"code":"forbidden"')
  // The other goes on; what its field asks is asked again at each value.
  await expect.poll(() => JSON.stringify(ticks.results.at(-1))).toContain('"code":"forbidden"')
  expect(ticks.results.at(-1)).toMatchObject({ data: { ticks: { count: expect.any(Number), bills: null } } })

  await told(ban)
  await ticks.ended
}

/** Everything that a subscription has answered; an error that ends it, too. */
function read(source: AsyncIterable<unknown>) {
  const results: unknown[] = []
  const ended = (async () => {
    try {
      for await (const result of source) results.push(result as ExecutionResult)
    } catch (error) {
      results.push(error)
    }
  })()
  return { results, ended }
}
