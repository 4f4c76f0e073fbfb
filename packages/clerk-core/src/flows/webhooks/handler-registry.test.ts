import { describe, expect, expectTypeOf, it } from 'vitest'
import { eventJson, sessionJson, userJson } from '../../../testing/clerk-json.js'
import { memoryHarness } from '../../../testing/webhook-harness.js'
import { ConfigurationError } from '../../ground/errors.js'
import type { SessionJson, UserJson } from './events.js'

const created = eventJson('user.created', userJson('user_1'), 5_000)

describe('a handler', () => {
  it('gets the event by its own id, after its state was applied', async () => {
    const harness = memoryHarness()
    const seen: unknown[] = []
    harness.webhooks.on('user.created', async ({ id, type, timestamp, data, signal }) => {
      expectTypeOf(data).toEqualTypeOf<UserJson>()
      seen.push({
        id,
        type,
        timestamp,
        aborted: signal.aborted,
        email: data.email_addresses[0]?.email_address,
      })
      seen.push((await harness.stores.users.findByClerkId(data.id))?.email)
    })
    await harness.deliver(created, { id: 'msg_1' })
    expect(seen).toEqual([
      { id: 'msg_1', type: 'user.created', timestamp: 5_000, aborted: false, email: 'user_1@example.com' },
      'user_1@example.com',
    ])
  })

  it('is chosen by type, by family, or for everything, unknown types too', async () => {
    const harness = memoryHarness()
    const calls: string[] = []
    const note = (name: string) => (event: { type: string }) => void calls.push(`${name} ${event.type}`)
    harness.webhooks.on('user.created', note('exact'))
    harness.webhooks.on('session.*', (event) => {
      expectTypeOf(event.data).toEqualTypeOf<SessionJson>()
      note('family')(event)
    })
    harness.webhooks.on('*', (event) => {
      expectTypeOf(event.data).toBeUnknown()
      note('all')(event)
    })
    await harness.deliver(created)
    await harness.deliver(eventJson('session.ended', sessionJson('sess_1', 'user_1')))
    expect(await harness.deliver(eventJson('sessionless', {}))).toMatchObject({
      kind: 'unknown-type',
      status: 200,
    })
    expect(calls).toEqual([
      'exact user.created',
      'all user.created',
      'family session.ended',
      'all session.ended',
      'all sessionless',
    ])
  })

  it('that throws keeps the event open and does not stop the others, which are not run again', async () => {
    const harness = memoryHarness()
    const calls: string[] = []
    let broken = true
    harness.webhooks.on('user.created', () => void calls.push('first'))
    harness.webhooks.on('user.created', () => {
      calls.push('second')
      if (broken) throw new TypeError('user_1@example.com has no name')
    })
    harness.webhooks.on('user.*', async () => void calls.push('third'))
    const request = harness.request(created, { id: 'msg_1' })

    expect(await harness.webhooks.receive(request)).toMatchObject({ kind: 'failed', status: 500 })
    expect(calls).toEqual(['first', 'second', 'third'])
    const [pending] = await harness.stores.inbox.all()
    expect(pending).toMatchObject({ succeeded: ['user.created#0', 'user.*#2'] })
    expect(pending?.error).toBe('handler "user.created#1": TypeError')

    broken = false
    expect(await harness.webhooks.receive(request)).toMatchObject({ kind: 'processed', status: 200 })
    expect(calls).toEqual(['first', 'second', 'third', 'second'])
    expect(await harness.stores.inbox.all()).toMatchObject([{ status: 'done' }])
  })

  it('that hangs is told so by its signal, and is tried again', async () => {
    const harness = memoryHarness({ webhook: { handlerTimeoutSeconds: 0.01 } })
    let hangs = true
    const signals: AbortSignal[] = []
    harness.webhooks.on('user.created', ({ signal }) => {
      signals.push(signal)
      return hangs ? new Promise(() => {}) : undefined
    })
    const request = harness.request(created)
    expect(await harness.webhooks.receive(request)).toMatchObject({ kind: 'failed', status: 500 })
    expect(signals[0]?.aborted).toBe(true)
    expect((await harness.stores.inbox.all())[0]?.error).toBe('handler "user.created#0": timed out')
    hangs = false
    expect(await harness.webhooks.receive(request)).toMatchObject({ status: 200 })
    expect(signals[1]?.aborted).toBe(false)
  })

  it('may reject after its time without harming the process', async () => {
    const harness = memoryHarness({ webhook: { handlerTimeoutSeconds: 0.01 } })
    harness.webhooks.on(
      'user.created',
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('late')))),
    )
    expect(await harness.deliver(created)).toMatchObject({ status: 500 })
  })

  it('runs for an event taken from the inbox, only if it has not succeeded', async () => {
    const harness = memoryHarness()
    const calls: string[] = []
    let broken = true
    harness.webhooks.on('user.created', () => void calls.push('a'), { name: 'a' })
    harness.webhooks.on(
      'user.created',
      () => {
        calls.push('b')
        if (broken) throw new Error('no')
      },
      { name: 'b' },
    )
    await harness.deliver(created)
    broken = false
    const [pending] = await harness.stores.inbox.all()
    expect(await harness.webhooks.replay(pending!)).toMatchObject({ kind: 'processed' })
    expect(calls).toEqual(['a', 'b', 'b'])
  })

  it('cannot change what the others see', async () => {
    const harness = memoryHarness()
    const seen: unknown[] = []
    harness.webhooks.on('user.created', ({ data }) => {
      Object.assign(data, { id: 'user_2' })
    })
    harness.webhooks.on('user.created', ({ data }) => seen.push(data.id))
    await harness.deliver(created)
    expect(seen).toEqual(['user_1'])
  })

  it('can be removed, and its name taken again', async () => {
    const harness = memoryHarness()
    const calls: string[] = []
    const off = harness.webhooks.on('user.created', () => void calls.push('old'), { name: 'mail' })
    off()
    harness.webhooks.on('user.created', () => void calls.push('new'), { name: 'mail' })
    await harness.deliver(created)
    expect(calls).toEqual(['new'])
  })

  it('needs a name of its own and a pattern that can match', () => {
    const harness = memoryHarness()
    harness.webhooks.on('user.created', () => {}, { name: 'mail' })
    expect(() => harness.webhooks.on('user.updated', () => {}, { name: 'mail' })).toThrow(
      /name of another handler/,
    )
    for (const pattern of ['', 'user*', '*.created', '**', '.*', 'user.*.x']) {
      expect(() => harness.webhooks.on(pattern, () => {}), pattern).toThrow(ConfigurationError)
    }
  })
})
