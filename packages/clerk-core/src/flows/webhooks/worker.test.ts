import { fileURLToPath } from 'node:url'
import { runSnippet } from '@acme/tools/snippets'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { eventJson, userJson } from '../../../testing/clerk-json.js'
import { startProcess } from '../../../testing/worker-harness.js'
import type { InboxEvent } from '../../domain/store/inbox.js'
import { ConfigurationError, StoreFaultError, StoreUnavailableError } from '../../ground/errors.js'
import { createInboxWorker, type InboxWorker } from './worker.js'
import type { InboxWorkerOptions } from './worker-options.js'

const created = (id = 'user_1') => eventJson('user.created', userJson(id))
const down = () => Promise.reject(new StoreUnavailableError('down'))
const HOUR = 3_600_000
const NOTHING = { processed: 0, failed: 0, exhausted: 0, pruned: 0 }

/** A process whose handler fails until it is told otherwise. */
function startFailing(options?: Parameters<typeof startProcess>[0]) {
  const process = startProcess(options)
  const state = { works: false, runs: 0 }
  process.clerk.on('*', () => {
    state.runs++
    if (!state.works) throw new Error('no')
  })
  const find = (id: string) => process.stores.inbox.find(id)
  return { ...process, state, find }
}

/** An open event that no delivery has processed. */
const killed = (id: string, change: Partial<InboxEvent> = {}): InboxEvent => {
  const { type, timestamp, ...json } = created(`user_of_${id}`)
  return { id, type, timestamp, subjects: [], body: JSON.stringify({ type, timestamp, ...json }), ...change }
}

describe('drain()', () => {
  test('processes an event that failed, once it is due, and says so', async () => {
    const { clerk, clock, state, deliver, find } = startFailing()
    const worker = createInboxWorker(clerk)
    expect(await deliver(created(), 'msg_1')).toMatchObject({ status: 500 })
    expect(await worker.drain()).toEqual(NOTHING)
    clock.ms += 5_000
    expect(await worker.drain()).toEqual({ ...NOTHING, failed: 1 })
    state.works = true
    clock.ms += 10_000
    expect(await worker.drain()).toEqual({ ...NOTHING, processed: 1 })
    expect(await find('msg_1')).toMatchObject({ status: 'done', attempts: 3 })
    expect(state.runs).toBe(3)
  })

  test('processes what a killed process has left, when its lease has run out', async () => {
    const { clerk, clock, stores, state, find } = startFailing()
    state.works = true
    for (let i = 0; i < 30; i++) await stores.inbox.claim(killed(`msg_${i}`), 60_000)
    const worker = createInboxWorker(clerk)
    expect(await worker.drain()).toEqual(NOTHING)
    clock.ms += 60_000
    expect(await worker.drain()).toEqual({ ...NOTHING, processed: 30 })
    expect(await find('msg_29')).toMatchObject({ status: 'done', body: '' })
  })

  test('finishes an event for which no handler is left', async () => {
    const { clerk, clock, stores } = startProcess()
    const body = '{"type":"email.created","data":{}}'
    await stores.inbox.claim(killed('msg_1', { type: 'email.created', body }), 1)
    clock.ms += 1
    expect(await createInboxWorker(clerk).drain()).toEqual({ ...NOTHING, processed: 1 })
    expect(await stores.inbox.find('msg_1')).toMatchObject({ status: 'done' })
    expect(await createInboxWorker(clerk).drain()).toEqual(NOTHING)
  })

  test('gives up an event that it cannot read, and goes on with the others', async () => {
    const { clerk, clock, stores, state, find } = startFailing()
    state.works = true
    await stores.inbox.claim(killed('msg_1', { body: '{' }), 1)
    await stores.inbox.claim(killed('msg_2'), 1)
    const worker = createInboxWorker(clerk, { maxAttempts: 3 })
    clock.ms += HOUR
    expect(await worker.drain()).toEqual({ ...NOTHING, failed: 1, processed: 1 })
    clock.ms += HOUR
    expect(await worker.drain()).toEqual({ ...NOTHING, exhausted: 1 })
    expect(await find('msg_1')).toMatchObject({ status: 'failed', attempts: 3, error: 'WebhookDataError' })
  })

  test('goes on with the others where one event cannot be claimed, and rejects at the end', async () => {
    const { stores, clock } = startProcess()
    const { claim } = stores.inbox
    for (let i = 0; i < 40; i++) await claim(killed(`msg_${i}`), 1)
    clock.ms += 10
    const fault = new StoreFaultError({
      fault: 'value',
      driverCode: '22001',
      model: 'event',
      remedy: 'Widen it.',
    })
    let refusals = 0
    stores.inbox.claim = async (event, leaseMs) => {
      if (Number(event.id.slice(4)) >= 20) return claim(event, leaseMs)
      refusals++
      throw fault
    }
    const worker = createInboxWorker(startProcess({ stores, clock }).clerk)
    await expect(worker.drain()).rejects.toBe(fault)
    expect(refusals).toBe(20)
    expect(await stores.inbox.find('msg_39')).toMatchObject({ status: 'done' })
  })

  test('in several processes at once runs every handler once', async () => {
    const first = startFailing()
    const { stores, clock } = first
    const processes = [first, startFailing({ stores, clock }), startFailing({ stores, clock })]
    for (const { state } of processes) state.works = true
    for (let i = 0; i < 50; i++) await stores.inbox.claim(killed(`msg_${i}`), 1)
    clock.ms += 10
    const counts = await Promise.all(processes.map(({ clerk }) => createInboxWorker(clerk).drain()))
    expect(counts.reduce((sum, { processed }) => sum + processed, 0)).toBe(50)
    expect(processes.reduce((sum, { state }) => sum + state.runs, 0)).toBe(50)
  })
})

describe('workers of several processes', () => {
  test('try an event that fails once each time it is due', async () => {
    const processes = [startFailing()]
    const { stores, clock } = processes[0] as (typeof processes)[number]
    processes.push(startFailing({ stores, clock }), startFailing({ stores, clock }))
    for (let i = 0; i < 40; i++) await stores.inbox.claim(killed(`msg_${i}`), 1)
    for (const attempts of [2, 3]) {
      clock.ms += HOUR
      const counts = await Promise.all(processes.map(({ clerk }) => createInboxWorker(clerk).drain()))
      expect(counts.reduce((sum, { failed }) => sum + failed, 0)).toBe(40)
      const rows = await stores.inbox.all()
      expect(rows.filter((row) => row.attempts !== attempts)).toEqual([])
    }
  })
})

describe('an event that fails for maxAttempts', () => {
  test('is given up, kept with its body, told, found by check(), and can be replayed', async () => {
    const { clerk, clock, state, deliver, find, named } = startFailing()
    const worker = createInboxWorker(clerk, { maxAttempts: 4 })
    await deliver(created(), 'msg_1')
    const counts = []
    for (let i = 0; i < 5; i++) {
      clock.ms += HOUR
      counts.push(await worker.drain())
    }
    expect(counts).toMatchObject([{ failed: 1 }, { failed: 1 }, { exhausted: 1 }, NOTHING, NOTHING])
    expect(await find('msg_1')).toMatchObject({
      ...{ status: 'failed', attempts: 4, reason: 'attempts-exhausted', error: 'handler "*#0": Error' },
      body: expect.stringContaining('user_1'),
    })
    expect(named('webhook.exhausted')).toMatchObject([
      { id: 'msg_1', type: 'user.created', attempts: 4, message: 'handler "*#0": Error' },
    ])
    const diagnostics = await clerk.check()
    expect(diagnostics.find(({ code }) => code === 'webhook-events-failed')).toMatchObject({
      severity: 'warning',
      message: '1 webhook event is given up; the oldest of them came 5 hours ago.',
      remedy: expect.stringContaining('webhooks replay'),
    })
    // One attempt more, as it was asked for; then it is given up again.
    expect(await clerk.webhooks.replay('msg_1')).toMatchObject({ kind: 'failed' })
    expect(await find('msg_1')).toMatchObject({ status: 'failed', attempts: 5 })
    state.works = true
    expect(await clerk.webhooks.replay('msg_1')).toMatchObject({ kind: 'processed' })
    expect((await clerk.check()).map(({ code }) => code)).not.toContain('webhook-events-failed')
  })

  test('is given up by a delivery too, where there is a worker, and never where there is none', async () => {
    const { clerk, deliver, find, named } = startFailing()
    for (let i = 0; i < 60; i++) await deliver(created('user_2'), 'msg_2')
    expect(await find('msg_2')).toMatchObject({ status: 'open', attempts: 60 })
    createInboxWorker(clerk, { maxAttempts: 2 })
    await deliver(created(), 'msg_1')
    expect(await deliver(created(), 'msg_1')).toMatchObject({ status: 500 })
    expect(await find('msg_1')).toMatchObject({ status: 'failed', attempts: 2 })
    expect(named('webhook.exhausted')).toHaveLength(1)
  })

  test('is not run again when its attempts have killed their processes', async () => {
    const { clerk, clock, stores, state, find } = startFailing()
    for (let i = 0; i < 3; i++) {
      await stores.inbox.claim(killed('msg_1'), 1_000)
      clock.ms += 1_000
    }
    expect(await createInboxWorker(clerk, { maxAttempts: 3 }).drain()).toEqual({ ...NOTHING, exhausted: 1 })
    expect(state.runs).toBe(0)
    expect(await find('msg_1')).toMatchObject({ status: 'failed', reason: 'attempts-exhausted' })
  })

  test('is not given up for a store that was down', async () => {
    const { clerk, clock, stores, state, find } = startFailing()
    state.works = true
    await stores.inbox.claim(killed('msg_1'), 1)
    const { apply } = stores.users
    stores.users.apply = down
    const worker = createInboxWorker(clerk, { maxAttempts: 3 })
    for (let i = 0; i < 6; i++) {
      clock.ms += HOUR
      await expect(worker.drain()).rejects.toThrow(StoreUnavailableError)
    }
    expect(await find('msg_1')).toMatchObject({ status: 'open', attempts: 7, error: 'StoreUnavailableError' })
    stores.users.apply = apply
    clock.ms += HOUR
    expect(await worker.drain()).toEqual({ ...NOTHING, processed: 1 })
    expect(state.runs).toBe(1)
  })

  test('and cannot be noted as given up stays open', async () => {
    const { clerk, clock, stores, deliver, find } = startFailing()
    const worker = createInboxWorker(clerk, { maxAttempts: 2 })
    await deliver(created(), 'msg_1')
    const { finish } = stores.inbox
    stores.inbox.finish = down
    clock.ms += HOUR
    await expect(worker.drain()).rejects.toThrow(StoreUnavailableError)
    expect(await find('msg_1')).toMatchObject({ status: 'open', leaseUntil: null })
    stores.inbox.finish = finish
    clock.ms += HOUR
    expect(await worker.drain()).toEqual({ ...NOTHING, exhausted: 1 })
  })
})

describe('events that Svix does not send any more', () => {
  test('are found by check(), while nobody works', async () => {
    const { clerk, clock, deliver } = startFailing()
    await deliver(created(), 'msg_1')
    const codes = async () => (await clerk.check()).map(({ code }) => code)
    clock.ms += 27 * HOUR
    expect(await codes()).not.toContain('webhook-events-overdue')
    clock.ms += 2 * HOUR
    const found = (await clerk.check()).find(({ code }) => code === 'webhook-events-overdue')
    expect(found?.message).toBe(
      '1 webhook event is due that Svix does not send any more; the oldest of them came 29 hours ago.',
    )
    await createInboxWorker(clerk).drain()
    expect(await codes()).not.toContain('webhook-events-overdue')
  })
})

describe('pruning', () => {
  test('happens by default, at most once an hour for all workers of a process', async () => {
    const { clerk, clock, stores, state, deliver } = startFailing()
    const prune = vi.spyOn(stores.inbox, 'prune')
    state.works = true
    await deliver(created(), 'msg_1')
    const workers = [createInboxWorker(clerk), createInboxWorker(clerk)]
    clock.ms += 31 * 24 * HOUR
    expect(await workers[0]?.drain()).toEqual({ ...NOTHING, pruned: 1 })
    await workers[1]?.drain()
    clock.ms += HOUR - 1
    await workers[0]?.drain()
    expect(prune).toHaveBeenCalledTimes(1)
    clock.ms += 1
    await workers[1]?.drain()
    expect(prune).toHaveBeenCalledTimes(2)
    expect(prune).toHaveBeenLastCalledWith(30 * 24 * HOUR)
  })

  test('takes failed events too, never a revocation that counts, and can be switched off', async () => {
    const { clerk, clock, stores, deliver } = startFailing()
    const prune = vi.spyOn(stores.inbox, 'prune')
    await createInboxWorker(clerk, { prune: false }).drain()
    expect(prune).not.toHaveBeenCalled()
    const worker = createInboxWorker(clerk, { maxAttempts: 1, prune: { olderThanSeconds: 3600 } })
    await worker.drain()
    expect(prune.mock.calls[0]?.[0]).toBeGreaterThan(24 * HOUR)
    await deliver(created(), 'msg_1')
    clock.ms += 3 * 24 * HOUR
    expect(await worker.drain()).toEqual({ ...NOTHING, pruned: 1 })
  })
})

describe('start() and stop()', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** The clock of the store is the one of the timers. */
  const real = {
    get ms() {
      return Date.now()
    },
  }
  const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000)

  async function started(options: InboxWorkerOptions = {}, given: Parameters<typeof startProcess>[0] = {}) {
    const process = startFailing({ clock: real, ...given })
    const due = vi.spyOn(process.stores.inbox, 'due')
    const worker = createInboxWorker(process.clerk, options)
    worker.start()
    worker.start()
    await seconds(0)
    return { ...process, worker, due }
  }

  test('processes events as they become due, and stops asking when it is told to', async () => {
    const { worker, due, state, deliver, find } = await started()
    await deliver(created(), 'msg_1')
    state.works = true
    await seconds(10)
    expect(await find('msg_1')).toMatchObject({ status: 'done' })
    const asked = due.mock.calls.length
    expect(asked).toBeLessThanOrEqual(5)
    await worker.stop()
    expect(vi.getTimerCount()).toBe(0)
    worker.start()
    await seconds(0)
    expect(due).toHaveBeenCalledTimes(asked + 1)
    await worker.stop()
  })

  test('never asks twice at the same time, and asks ever less often while the store is down', async () => {
    const { worker, due, named } = await started()
    let asking = 0
    let most = 0
    due.mockImplementation(async () => {
      most = Math.max(most, ++asking)
      await pause(2)
      asking--
      throw new StoreUnavailableError('down')
    })
    const asked = due.mock.calls.length
    await seconds(600)
    expect(most).toBe(1)
    expect(due.mock.calls.length - asked).toBeLessThanOrEqual(20)
    const waits = named('worker.error').map(
      (event) => 'retryAfterSeconds' in event && event.retryAfterSeconds,
    )
    expect(waits.slice(0, 5)).toEqual([5, 10, 20, 40, 60])
    expect(named('worker.error')[0]).toMatchObject({
      message: expect.stringContaining('StoreUnavailableError'),
    })
    due.mockResolvedValue([])
    await seconds(70)
    const back = due.mock.calls.length
    await seconds(60)
    expect(due.mock.calls.length - back).toBeGreaterThanOrEqual(12)
    await worker.stop()
  })

  test('is not held up by handlers that hang', async () => {
    const webhook = { handlerTimeoutSeconds: 30, leaseSeconds: 10 }
    const { worker, clerk, stores, state, find } = await started({ concurrency: 2 }, { webhook })
    state.works = true
    let hanging = 0
    clerk.on('*', ({ id }) => (id === 'msg_hangs' ? new Promise(() => void hanging++) : undefined))
    await stores.inbox.claim(killed('msg_hangs'), 1)
    await seconds(6)
    expect(hanging).toBe(1)
    // It holds one of the two places, and events that become due meanwhile are processed in the other.
    for (let i = 0; i < 10; i++) await stores.inbox.claim(killed(`msg_${i}`), 1)
    await seconds(10)
    expect(await find('msg_9')).toMatchObject({ status: 'done' })
    expect(await find('msg_hangs')).toMatchObject({ status: 'open', attempts: 2 })
    await seconds(20)
    expect(await find('msg_hangs')).toMatchObject({ error: 'handler "*#1": timed out', leaseUntil: null })
    expect(state.runs).toBe(11)
    await worker.stop()
  })

  test.each<[string, (worker: InboxWorker, clerk: { close(): Promise<void> }) => Promise<void>]>([
    ['stop()', (worker) => worker.stop()],
    ['clerk.close()', (_, clerk) => clerk.close()],
  ])('%s waits for what is in hand and takes no more', async (_, end) => {
    const { worker, clerk, stores, state, find } = await started({ concurrency: 1 })
    state.works = true
    clerk.on('*', () => pause(3))
    await stores.inbox.claim(killed('msg_1'), 1)
    await seconds(1)
    await stores.inbox.claim(killed('msg_2'), 1)
    await seconds(5)
    let ended = false
    const ending = end(worker, clerk).then(() => {
      ended = true
    })
    await seconds(0)
    expect(ended).toBe(false)
    await seconds(3)
    await ending
    // Which of both is taken first is chance, so that several workers do not go for the same one.
    const events = async () =>
      (await Promise.all(['msg_1', 'msg_2'].map(find)))
        .map((event) => [event?.status, event?.attempts])
        .sort()
    const oneDone = [
      ['done', 2],
      ['open', 1],
    ]
    expect(await events()).toEqual(oneDone)
    await seconds(60)
    expect(await events()).toEqual(oneDone)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('createInboxWorker()', () => {
  test('keeps no process alive', async () => {
    const { finished } = await runSnippet(
      `import { createClerk, createInboxWorker, memoryStore } from '@acme/clerk-core'
       const clerk = createClerk({
         jwksUrl: 'https://clerk.example.com/.well-known/jwks.json',
         provisioning: 'off',
         authorizedParties: 'any',
         ...memoryStore(),
       })
       createInboxWorker(clerk, { pollSeconds: 0.1 }).start()
       setTimeout(() => console.log('polled'), 300)`,
      { cwd: fileURLToPath(new URL('../../..', import.meta.url)) },
    )
    expect(await finished).toMatchObject({ stdout: 'polled\n', stderr: '' })
  }, 60_000)

  test('says everything that is wrong with its options', () => {
    const { clerk } = startProcess()
    const problems = (options: object) => {
      try {
        createInboxWorker(clerk, options)
        return []
      } catch (error) {
        if (error instanceof ConfigurationError)
          return error.problems.map(({ option }) => option.replace('createInboxWorker ', ''))
        throw error
      }
    }
    expect(problems({})).toEqual([])
    expect(problems({ concurrency: 0, maxAttempts: 1.5, pollSeconds: '5', prune: true }).sort()).toEqual([
      'concurrency',
      'maxAttempts',
      'pollSeconds',
      'prune',
    ])
    expect(problems({ backoff: { firstSeconds: -1, longestSeconds: Number.NaN } })).toEqual([
      ...['backoff.firstSeconds', 'backoff.longestSeconds'],
    ])
    expect(problems({ backoff: { firstSeconds: 10, longestSeconds: 5 } })).toEqual(['backoff'])
    expect(problems({ prune: { olderThanSeconds: 60 } })).toEqual(['prune.olderThanSeconds'])
  })

  test('needs what createClerk returned, and an inbox', () => {
    const { clerk, stores } = startProcess()
    expect(() => createInboxWorker({ ...clerk })).toThrow(TypeError)
    const { inbox: _, ...others } = stores
    const without = startProcess({ stores: { ...others, inbox: undefined } as never })
    expect(() => createInboxWorker(without.clerk)).toThrow(ConfigurationError)
  })
})
