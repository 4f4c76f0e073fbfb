import { describe, expect, test } from 'vitest'
import { eventJson, userJson } from '../../../testing/clerk-json.js'
import { memoryHarness } from '../../../testing/webhook-harness.js'
import { StoreUnavailableError } from '../../ground/errors.js'

const created = eventJson('user.created', userJson('user_1'))
const down = () => Promise.reject(new StoreUnavailableError('down'))

describe('a claimed event', () => {
  test('whose lease another process took is left to it: 409, and nothing is noted', async () => {
    const harness = memoryHarness()
    const { inbox } = harness.stores
    const request = harness.request(created, { id: 'msg_1' })
    harness.webhooks.on('*', async () => {
      harness.clock.ms += 61_000
      await inbox.claim({ id: 'msg_1', type: 'x', timestamp: 0, subjects: [], body: '' }, 60_000)
    })
    const outcome = await harness.webhooks.receive(request)
    expect(outcome).toMatchObject({ kind: 'busy', status: 409 })
    expect(Number(outcome.headers['retry-after'])).toBeGreaterThan(0)
    expect(await inbox.find('msg_1')).toMatchObject({
      ...{ status: 'open', attempts: 2, succeeded: [], error: null },
      leaseUntil: harness.clock.ms + 60_000,
    })
  })

  test('that is held says for how long', async () => {
    const harness = memoryHarness()
    const request = harness.request(created, { id: 'msg_1' })
    await harness.stores.inbox.claim({ ...created, id: 'msg_1', subjects: [], body: '{}' } as never, 42_500)
    harness.clock.ms += 2_000
    const outcome = await harness.webhooks.receive(request)
    expect(outcome).toMatchObject({ status: 409, headers: { 'retry-after': '41' } })
  })

  test('whose handler succeeded where it cannot be noted is the store’s failure: 503', async () => {
    const harness = memoryHarness()
    const ran: string[] = []
    harness.webhooks.on('*', () => void ran.push('one'), { name: 'one' })
    const { succeeded } = harness.stores.inbox
    harness.stores.inbox.succeeded = down
    const request = harness.request(created, { id: 'msg_1' })
    expect(await harness.webhooks.receive(request)).toMatchObject({ kind: 'unavailable', status: 503 })
    expect(await harness.stores.inbox.find('msg_1')).toMatchObject({ error: 'StoreUnavailableError' })
    harness.stores.inbox.succeeded = succeeded
    expect(await harness.webhooks.receive(request)).toMatchObject({ status: 200 })
    // At least once: that it had run was not known.
    expect(ran).toEqual(['one', 'one'])
  })

  test('that failed is given back at the second try, so that the next delivery is not kept out', async () => {
    const harness = memoryHarness()
    harness.webhooks.on('*', () => {
      throw new Error('no')
    })
    const { release } = harness.stores.inbox
    let calls = 0
    harness.stores.inbox.release = (...of) => (++calls === 1 ? down() : release(...of))
    expect(await harness.deliver(created, { id: 'msg_1' })).toMatchObject({ status: 500 })
    expect(await harness.stores.inbox.find('msg_1')).toMatchObject({ leaseUntil: null })
    expect(calls).toBe(2)
  })

  test('that fails on and on is due later each time, an hour later at the most', async () => {
    const harness = memoryHarness()
    harness.webhooks.on('*', () => {
      throw new Error('no')
    })
    const request = harness.request(created, { id: 'msg_1' })
    const waits: number[] = []
    for (let attempt = 0; attempt < 14; attempt++) {
      await harness.webhooks.receive(request)
      const { dueAt = 0 } = (await harness.stores.inbox.find('msg_1')) ?? {}
      waits.push((dueAt - harness.clock.ms) / 1000)
    }
    waits.forEach((seconds, index) => {
      const whole = Math.min(3600, 5 * 2 ** index)
      expect(seconds).toBeGreaterThanOrEqual(whole * 0.8 - 0.001)
      expect(seconds).toBeLessThanOrEqual(whole)
    })
  })

  test('is held long enough for its handlers', async () => {
    const harness = memoryHarness({ webhook: { leaseSeconds: 60, handlerTimeoutSeconds: 90 } })
    let leftMs = 0
    harness.webhooks.on('*', async ({ id }) => {
      leftMs = ((await harness.stores.inbox.find(id))?.leaseUntil ?? 0) - harness.clock.ms
    })
    await harness.deliver(created)
    expect(leftMs).toBe(90_000)
  })
})
