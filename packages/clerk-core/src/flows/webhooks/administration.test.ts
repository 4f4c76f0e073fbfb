import { describe, expect, test } from 'vitest'
import { memoryStore, startInstance, startOffline } from '../../../testing/authority-harness.js'
import { ConfigurationError } from '../../ground/errors.js'

const DAY = 24 * 3600 * 1000

/** An instance whose handler fails until it is told otherwise, with one event that failed. */
async function withFailure() {
  const offline = await startOffline()
  const clock = { ms: 1_800_000_000_000 }
  const stores = memoryStore({ now: () => clock.ms })
  const { clerk, deliver } = startInstance(offline, {}, stores)
  const state = { works: false, runs: 0 }
  clerk.on('user.created', () => {
    state.runs++
    if (!state.works) throw new Error('no')
  })
  offline.createUser()
  await expect(deliver()).rejects.toThrow('500')
  const [event] = (await clerk.webhooks.list({ status: 'open' })).events
  return { clerk, stores, clock, state, id: event?.id ?? '' }
}

describe('clerk.webhooks', () => {
  test('lists events without what they say of a person', async () => {
    const { clerk, id } = await withFailure()
    const { events, next } = await clerk.webhooks.list()
    expect(events).toMatchObject([{ id, type: 'user.created', status: 'open', attempts: 1 }])
    expect(events[0]).not.toHaveProperty('body')
    expect(next).toBeNull()
  })

  test('shows one event, and what it says of a person only when that is asked for', async () => {
    const { clerk, id } = await withFailure()
    expect(await clerk.webhooks.show(id)).toMatchObject({ id, type: 'user.created', status: 'open' })
    expect(await clerk.webhooks.show(id)).not.toHaveProperty('body')
    const revealed = await clerk.webhooks.show(id, { reveal: true })
    expect(JSON.parse(revealed?.body ?? '')).toMatchObject({ type: 'user.created' })
    await clerk.webhooks.discard(id)
    expect(await clerk.webhooks.show(id, { reveal: true })).toMatchObject({ status: 'discarded', body: '' })
    expect(await clerk.webhooks.show('msg_none')).toBeNull()
  })

  test('replays an open or failed event, and none that is done, is not there or is held', async () => {
    const { clerk, stores, state, id } = await withFailure()
    const claim = await stores.inbox.claim({ id, type: 'x', timestamp: 0, subjects: [], body: '' }, 60_000)
    expect(await clerk.webhooks.replay(id)).toMatchObject({ kind: 'busy' })
    if (claim.status === 'claimed') await stores.inbox.finish(id, claim.owner, 'failed', 'attempts-exhausted')
    expect(await clerk.webhooks.replay(id)).toMatchObject({ kind: 'failed' })
    state.works = true
    expect(await clerk.webhooks.replay(id)).toMatchObject({ kind: 'processed' })
    expect(await clerk.webhooks.replay(id)).toMatchObject({ kind: 'duplicate' })
    expect(state.runs).toBe(3)
    expect(await clerk.webhooks.replay('msg_none')).toBeNull()
  })

  test('discards an open event and its body, and none that another process has', async () => {
    const { clerk, stores, id } = await withFailure()
    const claim = await stores.inbox.claim({ id, type: 'x', timestamp: 0, subjects: [], body: '' }, 60_000)
    expect(await clerk.webhooks.discard(id)).toBe(false)
    if (claim.status === 'claimed')
      await stores.inbox.release(id, claim.owner, { error: 'again', retryAfterMs: 0 })
    expect(await clerk.webhooks.discard(id)).toBe(true)
    expect(await stores.inbox.find(id)).toMatchObject({ status: 'discarded', body: '' })
    expect(await clerk.webhooks.discard(id)).toBe(false)
    expect(await clerk.webhooks.discard('msg_none')).toBe(false)
  })

  test('prunes what is 30 days old, and never a revocation that still counts', async () => {
    const { clerk, stores, clock, id } = await withFailure()
    await clerk.webhooks.discard(id)
    await clerk.signOut('sess_1')
    clock.ms += 23 * 3600 * 1000
    expect(await clerk.webhooks.prune({ olderThanSeconds: 0 })).toBe(0)
    expect((await stores.inbox.log()).map(({ narrows }) => narrows)).toContain('sess_1')
    clock.ms += 28 * DAY
    expect(await clerk.webhooks.prune()).toBe(0)
    clock.ms += 3 * DAY
    expect(await clerk.webhooks.prune()).toBe(1)
    expect(await stores.inbox.log()).toEqual([])
  })

  test('needs an inbox', async () => {
    const { inbox: _, ...stores } = memoryStore()
    const { clerk } = startInstance(await startOffline(), {}, stores as ReturnType<typeof memoryStore>)
    for (const call of [
      () => clerk.webhooks.list(),
      () => clerk.webhooks.show('msg_1'),
      () => clerk.webhooks.replay('msg_1'),
      () => clerk.webhooks.discard('msg_1'),
      () => clerk.webhooks.prune(),
    ])
      await expect(call()).rejects.toThrow(ConfigurationError)
  })
})
