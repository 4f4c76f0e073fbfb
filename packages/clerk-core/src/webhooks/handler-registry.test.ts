import { describe, expect, expectTypeOf, it } from 'vitest'
import { ConfigurationError } from '../errors.js'
import { eventJson, sessionJson, userJson } from '../testing/clerk-json.js'
import { memoryRig } from '../testing/webhook-rig.js'
import type { SessionJson, UserJson } from './events.js'

const created = eventJson('user.created', userJson('user_1'), 5_000)

describe('a handler', () => {
  it('gets the event by its own id, after its state was applied', async () => {
    const rig = memoryRig()
    const seen: unknown[] = []
    rig.webhooks.on('user.created', async ({ id, type, timestamp, data, signal }) => {
      expectTypeOf(data).toEqualTypeOf<UserJson>()
      seen.push({
        id,
        type,
        timestamp,
        aborted: signal.aborted,
        email: data.email_addresses[0]?.email_address,
      })
      seen.push((await rig.stores.users.findByClerkId(data.id))?.email)
    })
    await rig.deliver(created, { id: 'msg_1' })
    expect(seen).toEqual([
      { id: 'msg_1', type: 'user.created', timestamp: 5_000, aborted: false, email: 'user_1@example.com' },
      'user_1@example.com',
    ])
  })

  it('is chosen by type, by family, or for everything, unknown types too', async () => {
    const rig = memoryRig()
    const calls: string[] = []
    const note = (name: string) => (event: { type: string }) => void calls.push(`${name} ${event.type}`)
    rig.webhooks.on('user.created', note('exact'))
    rig.webhooks.on('session.*', (event) => {
      expectTypeOf(event.data).toEqualTypeOf<SessionJson>()
      note('family')(event)
    })
    rig.webhooks.on('*', (event) => {
      expectTypeOf(event.data).toBeUnknown()
      note('all')(event)
    })
    await rig.deliver(created)
    await rig.deliver(eventJson('session.ended', sessionJson('sess_1', 'user_1')))
    expect(await rig.deliver(eventJson('sessionless', {}))).toMatchObject({
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
    const rig = memoryRig()
    const calls: string[] = []
    let broken = true
    rig.webhooks.on('user.created', () => void calls.push('first'))
    rig.webhooks.on('user.created', () => {
      calls.push('second')
      if (broken) throw new TypeError('user_1@example.com has no name')
    })
    rig.webhooks.on('user.*', async () => void calls.push('third'))
    const request = rig.request(created, { id: 'msg_1' })

    expect(await rig.webhooks.receive(request)).toMatchObject({ kind: 'failed', status: 500 })
    expect(calls).toEqual(['first', 'second', 'third'])
    const [pending] = await rig.stores.inbox.pending(10)
    expect(pending).toMatchObject({ succeeded: ['user.created#0', 'user.*#2'] })
    expect(pending?.error).toBe('handler "user.created#1": TypeError')

    broken = false
    expect(await rig.webhooks.receive(request)).toMatchObject({ kind: 'processed', status: 200 })
    expect(calls).toEqual(['first', 'second', 'third', 'second'])
    expect(await rig.stores.inbox.pending(10)).toEqual([])
  })

  it('that hangs is told so by its signal, and is tried again', async () => {
    const rig = memoryRig({ webhook: { handlerTimeoutSeconds: 0.01 } })
    let hangs = true
    const signals: AbortSignal[] = []
    rig.webhooks.on('user.created', ({ signal }) => {
      signals.push(signal)
      return hangs ? new Promise(() => {}) : undefined
    })
    const request = rig.request(created)
    expect(await rig.webhooks.receive(request)).toMatchObject({ kind: 'failed', status: 500 })
    expect(signals[0]?.aborted).toBe(true)
    expect((await rig.stores.inbox.pending(1))[0]?.error).toBe('handler "user.created#0": timed out')
    hangs = false
    expect(await rig.webhooks.receive(request)).toMatchObject({ status: 200 })
    expect(signals[1]?.aborted).toBe(false)
  })

  it('may reject after its time without harming the process', async () => {
    const rig = memoryRig({ webhook: { handlerTimeoutSeconds: 0.01 } })
    rig.webhooks.on(
      'user.created',
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('late')))),
    )
    expect(await rig.deliver(created)).toMatchObject({ status: 500 })
  })

  it('runs for an event taken from the inbox, only if it has not succeeded', async () => {
    const rig = memoryRig()
    const calls: string[] = []
    let broken = true
    rig.webhooks.on('user.created', () => void calls.push('a'), { name: 'a' })
    rig.webhooks.on(
      'user.created',
      () => {
        calls.push('b')
        if (broken) throw new Error('no')
      },
      { name: 'b' },
    )
    await rig.deliver(created)
    broken = false
    const [pending] = await rig.stores.inbox.pending(10)
    expect(await rig.webhooks.replay(pending!)).toMatchObject({ kind: 'processed' })
    expect(calls).toEqual(['a', 'b', 'b'])
  })

  it('cannot change what the others see', async () => {
    const rig = memoryRig()
    const seen: unknown[] = []
    rig.webhooks.on('user.created', ({ data }) => {
      Object.assign(data, { id: 'user_2' })
    })
    rig.webhooks.on('user.created', ({ data }) => seen.push(data.id))
    await rig.deliver(created)
    expect(seen).toEqual(['user_1'])
  })

  it('can be removed, and its name taken again', async () => {
    const rig = memoryRig()
    const calls: string[] = []
    const off = rig.webhooks.on('user.created', () => void calls.push('old'), { name: 'mail' })
    off()
    rig.webhooks.on('user.created', () => void calls.push('new'), { name: 'mail' })
    await rig.deliver(created)
    expect(calls).toEqual(['new'])
  })

  it('needs a name of its own and a pattern that can match', () => {
    const rig = memoryRig()
    rig.webhooks.on('user.created', () => {}, { name: 'mail' })
    expect(() => rig.webhooks.on('user.updated', () => {}, { name: 'mail' })).toThrow(
      /name of another handler/,
    )
    for (const pattern of ['', 'user*', '*.created', '**', '.*', 'user.*.x']) {
      expect(() => rig.webhooks.on(pattern, () => {}), pattern).toThrow(ConfigurationError)
    }
  })
})
