import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClerk, memoryStore } from '@acme/clerk-core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTestIssuer, type OfflineClerk, type StartClerkOptions, startClerk } from '../index.js'
import { Browser } from '../testing/browser.js'
import { byAnswer, byCode } from './refusal.js'

const { key: signingKey } = await createTestIssuer()
const guide = (name: string) => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8')

interface Told {
  readonly fields: object
  readonly message: string
}

async function openOffline(
  options: StartClerkOptions = {},
): Promise<{ offline: OfflineClerk; told: Told[] }> {
  const told: Told[] = []
  const logger = { warn: (fields: object, message: string) => void told.push({ fields, message }) }
  const offline = await startClerk({ signingKey, logger, ...options })
  onTestFinished(() => offline.stop())
  return { offline, told }
}

async function listen(handle: RequestListener): Promise<string> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=hunter2`
}

/** An application with `@acme/clerk-core` and this signing secret. */
async function application(offline: OfflineClerk, webhookSecrets: readonly string[]): Promise<string> {
  const clerk = createClerk({
    publishableKey: offline.publishableKey,
    secretKey: offline.secretKey,
    proxyUrl: offline.url,
    apiUrl: offline.url,
    authorizedParties: 'any',
    webhookSecrets: [...webhookSecrets],
    logger: false,
    ...memoryStore(),
  })
  onTestFinished(() => clerk.close())
  const url = await listen(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': signature } = req.headers
    const { status, body } = await clerk.receiveWebhook({
      id,
      timestamp,
      signature,
      body: Buffer.concat(chunks),
    })
    res.writeHead(status).end(JSON.stringify(body))
  })
  return url.replace(/\?.*/, '')
}

test('an application with a wrong secret is told of in the log and in the dashboard, with what to do', async () => {
  const { offline, told } = await openOffline()
  const wrong = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
  const url = await application(offline, [wrong])
  offline.webhooks.sendTo(url)
  offline.createUser()
  offline.createUser()
  await offline.webhooks.settled()
  const [delivery] = offline.webhooks.deliveries
  const text =
    `The endpoint finds no valid signature of its secret, or a timestamp that is too old. Seen: ${url} answered 403 with ` +
    'code "webhook-refused". Expected: CLERK_WEBHOOK_SIGNING_SECRET is the secret that this server signs with.'
  expect(delivery?.attempts[0]?.refusal?.text).toContain(text)
  // Once, for both.
  expect(told).toHaveLength(1)
  expect(told[0]?.fields).toMatchObject({ reason: 'webhook-refused', times: 1, webhookId: delivery?.id })
  expect(told[0]?.message).toContain(
    `The webhook user.created (${delivery?.id}) was not taken (webhook-refused). ${text}`,
  )
  expect(told[0]?.message).toContain(`${offline.url}/dashboard/webhooks/${delivery?.id}`)
  expect(JSON.stringify(told)).not.toContain(offline.webhookSecret)

  const browser = new Browser()
  for (const path of ['/dashboard/webhooks', `/dashboard/webhooks/${delivery?.id}`])
    expect((await browser.open(`${offline.url}${path}`)).text).toContain(
      'Give the application the secret that stands in the dashboard under Settings',
    )

  offline.webhooks.sendTo(await application(offline, [offline.webhookSecret]))
  const again = await offline.webhooks.replay(delivery?.id ?? '')
  expect(again.attempts.at(-1)).not.toHaveProperty('refusal')
  expect((await browser.open(`${offline.url}/dashboard/webhooks`)).text).not.toContain('not taken')
})

test('a line that stands for several says how many, a minute later', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  // Its own time stands still, so that nothing is sent again.
  const { offline, told } = await openOffline({ now: () => 1_800_000_000_000 })
  offline.webhooks.sendTo(await application(offline, []))
  for (const passed of [0, 30_000, 29_999, 1]) {
    vi.setSystemTime(Date.now() + passed)
    offline.createUser()
    await offline.webhooks.settled()
  }
  expect(told.map(({ fields }) => fields)).toMatchObject([
    { reason: 'webhook-not-configured', times: 1 },
    { reason: 'webhook-not-configured', times: 3 },
  ])
})

test.each([
  [302, '', 'redirected'],
  [400, 'Error verifying webhook', 'signature-refused'],
  [403, '<h1>Forbidden</h1>', 'signature-refused'],
  [404, 'Cannot POST /hook', 'no-route'],
  [401, '{"error":"Authentication required","code":"unauthenticated"}', 'unauthenticated'],
  [418, '{"code":"teapot"}', 'not-taken'],
  [418, '{"code":"constructor"}', 'not-taken'],
  [500, '{"error":"…","code":"raw-body-required"}', 'raw-body-required'],
  [500, '{"code":"ada@example.com hunter2"}', 'application-failed'],
])('an answer of %i with the body %s is "%s"', async (status, body, reason) => {
  const { offline, told } = await openOffline()
  offline.webhooks.sendTo(await listen((_, res) => res.writeHead(status).end(body)))
  offline.createUser()
  await offline.webhooks.settled()
  const refusal = offline.webhooks.deliveries[0]?.attempts[0]?.refusal
  expect(refusal).toMatchObject({ reason, seen: expect.stringContaining(` answered ${status}`) })
  expect(told).toHaveLength(1)
  // Neither what the address carries nor what the application has answered.
  expect(JSON.stringify([told, refusal])).not.toMatch(/hunter2|ada@/)
})

test('an application that is not there is told of, with the address', async () => {
  const { offline, told } = await openOffline()
  offline.webhooks.sendTo('http://127.0.0.1:1/webhook')
  offline.createUser()
  await offline.webhooks.settled()
  expect(told[0]?.message).toMatch(
    /Nothing answers at this address\. Seen: http:\/\/127\.0\.0\.1:1\/webhook did not answer \(.+\)\..*--webhook-url/,
  )
})

test('an address with a password, which cannot be asked, is named without it', async () => {
  const { offline, told } = await openOffline()
  offline.webhooks.sendTo('http://ada:hunter2@127.0.0.1:1/webhook')
  offline.createUser()
  await offline.webhooks.settled()
  expect(told[0]?.message).toContain('http://127.0.0.1:1/webhook did not answer')
  expect(JSON.stringify(told)).not.toContain('hunter2')
})

test('a delivery that is cut off because the server stops is nobody’s fault', async () => {
  const { offline, told } = await openOffline()
  let arrive: () => void = () => undefined
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  offline.webhooks.sendTo(await listen(() => arrive()))
  offline.createUser()
  await arrived
  await offline.stop()
  expect(told).toEqual([])
})

test('a wrong secret key and a page of elsewhere are told of, and a missing user is not', async () => {
  const { offline, told } = await openOffline()
  const ask = (path: string, init: RequestInit = {}) => fetch(`${offline.url}${path}`, init)
  await ask('/v1/users?query=ada', { headers: { authorization: 'Bearer sk_test_of_yesterday' } })
  await ask('/v1/client/token', { method: 'POST', headers: { origin: 'https://app.example.com' } })
  await ask('/sign-in?redirect_url=https://app.example.com')
  await ask('/v1/users/user_1', { headers: { authorization: `Bearer ${offline.secretKey}` } })
  expect(told.map(({ fields }) => fields)).toMatchObject([
    { reason: 'clerk_key_invalid', method: 'GET', path: '/v1/users' },
    { reason: 'origin_invalid', method: 'POST', path: '/v1/client/token' },
    { reason: 'redirect_url_invalid', method: 'GET', path: '/sign-in' },
  ])
  expect(told[0]?.message).toContain('GET /v1/users was refused (clerk_key_invalid).')
  expect(JSON.stringify(told)).not.toMatch(/yesterday|ada/)
})

test('every reason is documented where its link leads', () => {
  for (const code of Object.keys(byCode)) expect(guide('errors.md')).toContain(`<a id="${code}"></a>`)
  for (const reason of Object.keys(byAnswer))
    expect(guide('offline-clerk.md')).toContain(`<a id="${reason}"></a>\`${reason}\``)
})
