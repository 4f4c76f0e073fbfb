import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'svix'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestIssuer, type OfflineClerk, retryDelaysMs, startClerk } from '../index.js'

const start = 1_800_000_000_000
const { key: signingKey } = await createTestIssuer()
let offline: OfflineClerk
let app: Server
let received: {
  id: string
  sentAt: number
  signatures: string[]
  raw: string
  type: string
  data: { id: string; first_name?: string; updated_at: number }
  active: number
}[]
let status: (attempt: number) => number

beforeEach(async () => {
  received = []
  status = () => 200
  let active = 0
  app = createServer(async (req, res) => {
    active += 1
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    // Svix refuses timestamps more than five minutes off, so only the signature is compared here.
    const id = req.headers['svix-id'] as string
    const seconds = Number(req.headers['svix-timestamp'])
    const signatures = String(req.headers['svix-signature']).split(' ')
    expect(signatures).toContain(new Webhook(offline.webhookSecret).sign(id, new Date(seconds * 1000), body))
    received.push({ ...JSON.parse(body), id, sentAt: seconds * 1000, signatures, raw: body, active })
    await new Promise((resolve) => setImmediate(resolve))
    active -= 1
    res.writeHead(status(received.length)).end('answer')
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  offline = await startClerk({
    signingKey,
    now: () => start,
    webhookUrl: `http://127.0.0.1:${(app.address() as AddressInfo).port}/`,
  })
})
afterEach(async () => {
  await offline.stop()
  app.closeAllConnections()
  await new Promise((resolve) => app.close(resolve))
})

const types = () => received.map(({ type }) => type)

describe('deliveries', () => {
  test('arrive in the order of the changes, and the log holds request and answer', async () => {
    const user = offline.createUser({ firstName: 'Ada' })
    offline.updateUser(user, { firstName: 'Grace' })
    offline.deleteUser(user)
    await offline.webhooks.settled()
    expect(types()).toEqual(['user.created', 'user.updated', 'user.deleted'])
    expect(received.map(({ data }) => data.first_name)).toEqual(['Ada', 'Grace', undefined])
    const [first] = offline.webhooks.deliveries
    expect(first).toMatchObject({
      status: 'succeeded',
      nextAttemptAt: null,
      attempts: [{ at: start, response: { status: 200, body: 'answer' } }],
    })
    expect(first?.attempts[0]?.request.headers['svix-id']).toBe(first?.id)
  })

  test('that fail are made again on the schedule of Svix, with the same id, and then given up', async () => {
    status = () => 500
    const user = offline.createUser()
    for (const [index, delay] of retryDelaysMs.entries()) {
      await offline.webhooks.settled()
      expect(received).toHaveLength(index + 1)
      await offline.advance(delay - 1)
      expect(received).toHaveLength(index + 1)
      await offline.advance(1)
    }
    expect(received).toHaveLength(8)
    expect(new Set(received.map(({ id }) => id)).size).toBe(1)
    expect(received.map(({ sentAt }) => sentAt - start)).toEqual(
      [0, ...retryDelaysMs].map((_, index) =>
        retryDelaysMs.slice(0, index).reduce((sum, delay) => sum + delay, 0),
      ),
    )
    expect(offline.webhooks.deliveries[0]).toMatchObject({ status: 'failed', nextAttemptAt: null })
    expect(user.id).toBe(received[0]?.data.id)
  })

  test('are made once more when a retry succeeds, and a redirect is a failure', async () => {
    status = (attempt) => (attempt === 1 ? 302 : 204)
    offline.createUser()
    await offline.advance(24 * 3_600_000)
    expect(received).toHaveLength(2)
    expect(offline.webhooks.deliveries[0]?.status).toBe('succeeded')
  })

  test('end after five days of failure, until an endpoint is set again', async () => {
    status = () => 500
    for (let day = 0; day < 6; day++) {
      offline.createUser()
      await offline.advance(86_400_000)
    }
    expect(offline.webhooks.disabled).toBe(true)
    const before = received.length
    offline.createUser()
    await offline.webhooks.settled()
    expect(received).toHaveLength(before)
    expect(offline.webhooks.deliveries.at(-1)?.status).toBe('not-sent')
    status = () => 200
    offline.webhooks.sendTo(offline.webhooks.url)
    offline.createUser()
    await offline.webhooks.settled()
    expect(offline.webhooks.deliveries.at(-1)?.status).toBe('succeeded')
  })

  test('can be replayed with the same id and the same bytes', async () => {
    offline.createUser()
    await offline.webhooks.settled()
    const [delivery] = offline.webhooks.deliveries
    await offline.webhooks.replay(delivery?.id ?? '')
    expect(received).toHaveLength(2)
    expect(delivery?.attempts.map(({ request }) => request.body)).toEqual([delivery?.body, delivery?.body])
    await expect(offline.webhooks.replay('msg_nonsense')).rejects.toThrow('no delivery')
  })

  test('carry two signatures after the secret was rotated, and both secrets verify', async () => {
    const old = offline.webhookSecret
    const fresh = offline.webhooks.rotateSecret()
    expect(offline.webhookSecret).toBe(fresh)
    offline.createUser()
    await offline.webhooks.settled()
    const [{ id, sentAt, raw, signatures } = expect.fail('nothing arrived')] = received
    expect(signatures).toEqual(
      [fresh, old].map((secret) => new Webhook(secret).sign(id, new Date(sentAt), raw)),
    )
  })
})

test('a reset forgets what was under way, retries included', async () => {
  status = () => 500
  offline.createUser()
  const settled = offline.webhooks.settled()
  await expect.poll(() => received.length).toBe(1)
  await offline.reset()
  await settled
  await offline.advance(86_400_000)
  expect(received).toHaveLength(1)
  expect(offline.webhooks.deliveries).toEqual([])
})

describe('chaos', () => {
  test('duplicates events with the same id', async () => {
    offline.webhooks.chaos({ duplicate: 2 })
    offline.createUser()
    await offline.webhooks.settled()
    expect(received).toHaveLength(3)
    expect(new Set(received.map(({ id }) => id)).size).toBe(1)
  })

  test('sends the newest first when it reorders', async () => {
    offline.webhooks.chaos({ reorder: true })
    const user = offline.createUser()
    offline.updateUser(user, { firstName: 'A' })
    offline.deleteUser(user)
    await offline.webhooks.settled()
    expect(types()).toEqual(['user.deleted', 'user.updated', 'user.created'])
  })

  test('delays, and loses a number of events that can be replayed', async () => {
    offline.webhooks.chaos({ delayMs: 1000, drop: 1 })
    offline.createUser()
    offline.createUser()
    await offline.webhooks.settled()
    expect(received).toHaveLength(0)
    await offline.advance(1000)
    expect(received.map(({ sentAt }) => sentAt)).toEqual([start + 1000])
    expect(offline.webhooks.deliveries.map((delivery) => delivery.status)).toEqual(['dropped', 'succeeded'])
    await offline.webhooks.replay(offline.webhooks.deliveries[0]?.id ?? '')
    expect(offline.webhooks.deliveries[0]?.status).toBe('succeeded')
  })

  test('sends everything at the same time when concurrent, one after the other otherwise', async () => {
    for (let index = 0; index < 5; index++) offline.createUser()
    await offline.webhooks.settled()
    expect(Math.max(...received.map(({ active }) => active))).toBe(1)
    offline.webhooks.chaos({ concurrent: true })
    for (let index = 0; index < 5; index++) offline.createUser()
    await offline.webhooks.settled()
    expect(Math.max(...received.map(({ active }) => active))).toBeGreaterThan(1)
  })
})

test('updated_at of one object strictly increases while the clock stands still', async () => {
  const user = offline.createUser()
  for (let index = 0; index < 5; index++) offline.updateUser(user, { firstName: `n${index}` })
  offline.banUser(user)
  await offline.webhooks.settled()
  const versions = received.map(({ data }) => data.updated_at)
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
  expect(versions).toHaveLength(7)
})

test('a server with the system clock makes retries by itself and stops without waiting for them', async () => {
  const live = await startClerk({ webhookUrl: offline.webhooks.url })
  status = () => 500
  app.removeAllListeners('request')
  app.on('request', (_, res) => res.writeHead(500).end())
  live.createUser()
  await live.webhooks.settled()
  const [delivery] = live.webhooks.deliveries
  expect(delivery).toMatchObject({ status: 'pending', attempts: [{ response: { status: 500 } }] })
  expect((delivery?.nextAttemptAt ?? 0) - (delivery?.attempts[0]?.at ?? 0)).toBe(5000)
  await live.stop()
})
