import fc from 'fast-check'
import { Webhook } from 'svix'
import { expect, onTestFinished, test } from 'vitest'
import { type Breakage, createTestIssuer, startClerk } from '../index.js'
import { listen } from '../testing/listen.js'

const { key: signingKey } = await createTestIssuer()

interface Received {
  readonly id: string
  readonly type: string
  readonly status: number
  readonly data: { readonly first_name?: string | null }
}

/** An application that verifies as Svix's library does. It answers once as many requests wait as `together` says. */
async function start() {
  const received: Received[] = []
  const waiting: (() => void)[] = []
  const endpoint = { together: 1, verifies: true }
  const app = await listen(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const headers = req.headers as Record<string, string>
    let status = 200
    try {
      if (endpoint.verifies) new Webhook(offline.webhookSecret).verify(body, headers)
    } catch {
      status = 400
    }
    received.push({ ...JSON.parse(body), id: headers['svix-id'], status })
    waiting.push(() => res.writeHead(status).end())
    if (waiting.length >= endpoint.together) for (const answer of waiting.splice(0)) answer()
  })
  const warned: string[] = []
  const offline = await startClerk({
    signingKey,
    webhookUrl: `http://127.0.0.1:${app.port}/`,
    logger: { warn: (_, message) => warned.push(message) },
  })
  onTestFinished(async () => {
    await offline.stop()
    await app.close()
  })
  const user = offline.createUser({ firstName: 'first' })
  await offline.webhooks.settled()
  const delivery = offline.webhooks.deliveries[0]
  if (!delivery) throw new Error('Nothing was sent.')
  return { offline, received, endpoint, warned, user, delivery }
}

test.each(['wrong-signature', 'late'] as const)(
  'an application that verifies refuses a delivery sent with: %s',
  async (how) => {
    const { offline, received, warned, delivery } = await start()
    await offline.webhooks.replay(delivery.id, how)
    expect(received.map(({ id, status }) => [id, status])).toEqual([
      [delivery.id, 200],
      [delivery.id, 400],
    ])
    expect(delivery.attempts.at(-1)).toMatchObject({ broken: how, response: { status: 400 } })
    expect(delivery.attempts.at(-1)?.refusal).toBeUndefined()
    expect([delivery.status, warned]).toEqual(['succeeded', []])
  },
)

test('one that does not verify is seen to take what it should not', async () => {
  const { offline, endpoint, delivery } = await start()
  endpoint.verifies = false
  await offline.webhooks.replay(delivery.id, 'wrong-signature')
  expect(delivery.attempts.at(-1)).toMatchObject({ broken: 'wrong-signature', response: { status: 200 } })
})

test('two copies arrive at the same time, with the id of the delivery', async () => {
  const { offline, received, endpoint, delivery } = await start()
  endpoint.together = 2
  await offline.webhooks.replay(delivery.id, 'twice')
  expect(received.map(({ id, status }) => [id, status])).toEqual(Array(3).fill([delivery.id, 200]))
})

test.each([0, 1])(
  'the newer of two events about one object goes first, whichever is chosen (%i)',
  async (chosen) => {
    const { offline, received, user, delivery } = await start()
    offline.createUser({ firstName: 'another' })
    offline.updateUser(user, { firstName: 'second' })
    await offline.webhooks.settled()
    const about = offline.webhooks.deliveries.filter(
      ({ event }) => (event.data as { id: string }).id === user.id,
    )
    const made = await offline.webhooks.replay(about[chosen]?.id ?? '', 'out-of-order')
    expect(made.event).toEqual(delivery.event)
    expect(received.slice(-2).map(({ data, status }) => [data.first_name, status])).toEqual([
      ['second', 200],
      ['first', 200],
    ])
    expect(new Set(received.map(({ id }) => id)).size).toBe(received.length)
  },
)

test('where no other event is about the object nothing is sent, nor without an endpoint', async () => {
  const { offline, received, delivery } = await start()
  await expect(offline.webhooks.replay(delivery.id, 'out-of-order')).rejects.toThrow('no other event')
  offline.webhooks.sendTo(undefined)
  for (const how of [undefined, 'twice', 'late', 'wrong-signature', 'out-of-order'] as const)
    await expect(offline.webhooks.replay(delivery.id, how)).rejects.toThrow('no webhook URL')
  expect(received).toHaveLength(1)
})

test('whatever is broken in whatever order, a delivery that was taken stays taken and the endpoint enabled', async () => {
  const { offline, warned, delivery } = await start()
  const ways = fc.constantFrom<Breakage>('wrong-signature', 'late', 'twice')
  await fc.assert(
    fc.asyncProperty(fc.array(ways, { minLength: 1, maxLength: 4 }), async (hows) => {
      const before = delivery.attempts.length
      for (const how of hows) await offline.webhooks.replay(delivery.id, how)
      const made = delivery.attempts.slice(before).map(({ broken }) => broken)
      expect(made).toEqual(hows.flatMap((how) => (how === 'twice' ? [undefined, undefined] : [how])))
      expect([delivery.status, delivery.nextAttemptAt, offline.webhooks.disabled]).toEqual([
        'succeeded',
        null,
        false,
      ])
    }),
    { numRuns: 10 },
  )
  expect(warned).toEqual([])
})
