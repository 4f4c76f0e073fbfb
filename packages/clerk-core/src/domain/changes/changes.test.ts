import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { StoreUnavailableError } from '../../ground/errors.js'
import type { ClerkEvent } from '../../ground/observe/events.js'
import { createObserver } from '../../ground/observe/observer.js'
import { isPromise } from '../../ground/timing/maybe-promise.js'
import { revocationLifetimeSeconds } from '../session/revocation-lifetime.js'
import type { Change } from '../store/inbox.js'
import { type MemoryInbox, memoryInbox } from '../store/memory/memory-inbox.js'
import { createChanges } from './changes.js'
import type { Invalidation } from './invalidation.js'

const START = 1_700_000_000_000
const session = {
  revalidateAfterSeconds: 300,
  graceSeconds: 100,
  remember: 'cookies',
  keepClaims: [],
} as const

interface Harness {
  inbox: MemoryInbox
  clock: { ms: number }
  looks: number[]
  outage: { error: Error | null }
}

let harness: Harness
beforeEach(() => {
  const inbox = memoryInbox()
  const looks: number[] = []
  const outage: Harness['outage'] = { error: null }
  const { changesSince } = inbox
  inbox.changesSince = (time) => {
    looks.push(time)
    return outage.error === null ? changesSince(time) : Promise.reject(outage.error)
  }
  harness = { inbox, clock: { ms: START }, looks, outage }
})

/** One process that looks at the harness's inbox. */
function process(invalidation: Invalidation | null = null) {
  const applied: string[] = []
  const events: ClerkEvent[] = []
  const observer = createObserver(() => harness.clock.ms)
  observer.add((event) => events.push(event))
  const changes = createChanges({
    inbox: harness.inbox,
    options: { pollSeconds: 2, storeTimeoutSeconds: 3, session, now: () => harness.clock.ms },
    invalidation,
    historySeconds: revocationLifetimeSeconds(session),
    observer,
    onChange: ({ id, appliedAt }) => applied.push(`${id}@${appliedAt - START}`),
  })
  return { changes, applied, events }
}

async function apply(id: string, at = harness.clock.ms): Promise<Change> {
  const event = { id, type: 'session.ended', timestamp: at, subjects: ['sess_1', 'user_1'], body: '{}' }
  await harness.inbox.claim(event, at, at + 60_000)
  await harness.inbox.applied(id, at)
  return { id, type: event.type, subjects: event.subjects, appliedAt: at }
}

describe('reading what other processes changed', () => {
  it('waits for a first look, as far back as a revocation counts, and looks once for all that wait', async () => {
    const { changes, applied } = process()
    await apply('old', START - (24 * 3600 + 400) * 1000)
    await apply('older', START - (24 * 3600 + 400) * 1000 - 1)
    const answers = Array.from({ length: 20 }, () => changes.current())
    expect(answers.every(isPromise)).toBe(true)
    expect(await Promise.all(answers)).toEqual(answers.map(() => ({ ok: true })))
    expect(harness.looks).toEqual([START - (24 * 3600 + 400) * 1000])
    expect(applied).toEqual(['old@-86800000'])
  })

  it('is without a promise for pollSeconds after a look, and then looks 60 s back from the last', async () => {
    const { changes, applied } = process()
    await changes.current()
    harness.clock.ms += 2_000
    expect(isPromise(changes.current())).toBe(false)
    await apply('new')
    harness.clock.ms += 1
    await changes.current()
    expect(applied).toEqual(['new@2000'])
    expect(harness.looks.slice(1)).toEqual([START - 60_000])
  })

  it('acts on a change once, though the looks overlap, and again when it was applied anew', async () => {
    const { changes, applied } = process()
    await changes.current()
    await apply('one')
    for (let i = 0; i < 40; i++) {
      harness.clock.ms += 2_001
      await changes.current()
    }
    expect(applied).toEqual(['one@0'])
    await harness.inbox.applied('one', harness.clock.ms)
    const again = harness.clock.ms - START
    harness.clock.ms += 2_001
    await changes.current()
    expect(applied).toEqual(['one@0', `one@${again}`])
  })

  it('applies a change that became visible late, or was written by a clock that is behind', async () => {
    const { changes, applied } = process()
    await changes.current()
    harness.clock.ms += 30_000
    await changes.current()
    await apply('late', harness.clock.ms - 55_000)
    harness.clock.ms += 2_001
    await changes.current()
    expect(applied).toEqual(['late@-25000'])
  })

  it('looks at once when the clock was set back', async () => {
    const { changes } = process()
    await changes.current()
    harness.clock.ms -= 3_600_000
    expect(isPromise(changes.current())).toBe(true)
    await changes.current()
    expect(harness.looks[1]).toBe(START - 3_600_000 - 60_000)
  })

  it('misses nothing and repeats nothing, however looks, changes, failures and clocks fall together', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
      fc.record({
        kind: fc.constant('apply' as const),
        id: fc.integer({ min: 0, max: 5 }),
        late: fc.integer({ min: 0, max: 50_000 }),
      }),
      fc.record({ kind: fc.constant('look' as const), fails: fc.boolean() }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const inbox = memoryInbox()
        const clock = { ms: START }
        let fails = false
        const { changesSince } = inbox
        inbox.changesSince = (time) => (fails ? Promise.reject(new Error('down')) : changesSince(time))
        const applied: string[] = []
        const changes = createChanges({
          inbox,
          options: { pollSeconds: 0, storeTimeoutSeconds: 3, session, now: () => clock.ms },
          invalidation: null,
          historySeconds: revocationLifetimeSeconds(session),
          observer: createObserver(() => clock.ms),
          onChange: ({ id, appliedAt }) => applied.push(`${id}@${appliedAt}`),
        })
        // What each event was last applied at: overwritten by a later one before anybody looked, it need not be seen.
        const latest = new Map<string, string>()
        const look = async () => {
          clock.ms += 1_001
          await changes.current()
        }
        await look()
        for (const one of steps) {
          if (one.kind === 'wait') clock.ms += one.ms
          if (one.kind === 'apply') {
            const at = clock.ms - one.late
            const id = `event${one.id}`
            await inbox.claim({ id, type: 't', timestamp: at, subjects: [], body: '' }, at, at)
            await inbox.applied(id, at)
            latest.set(id, `${id}@${at}`)
            // A change is visible within the overlap of the look before it.
            fails = false
            await look()
          }
          if (one.kind === 'look') {
            fails = one.fails
            await look()
          }
        }
        fails = false
        await look()
        expect(applied).toEqual(expect.arrayContaining([...latest.values()]))
        expect(new Set(applied).size).toBe(applied.length)
      }),
      { numRuns: 200 },
    )
  })
})

describe('an outage of the inbox', () => {
  const down = new StoreUnavailableError('connect ECONNREFUSED mongodb://user:password@db')

  it('is not current before the first look has succeeded', async () => {
    harness.outage.error = down
    const { changes } = process()
    expect(await changes.current()).toEqual({ ok: false, retryAfterSeconds: 2 })
    // And does not make every request wait for the outage.
    expect(isPromise(changes.current())).toBe(false)
    expect(harness.looks).toHaveLength(1)
    await expect(changes.start()).rejects.toThrow(StoreUnavailableError)
    harness.outage.error = null
    harness.clock.ms += 2_001
    expect(await changes.current()).toEqual({ ok: true })
  })

  it('is bridged for graceSeconds, then is one, and ends by itself', async () => {
    const { changes, applied, events } = process()
    await changes.current()
    harness.outage.error = down
    harness.clock.ms = START + 100_000
    expect(await changes.current()).toEqual({ ok: true })
    await apply('during')
    harness.clock.ms = START + 102_001
    expect(await changes.current()).toEqual({ ok: false, retryAfterSeconds: 2 })
    harness.outage.error = null
    harness.clock.ms += 2_001
    expect(await changes.current()).toEqual({ ok: true })
    expect(applied).toEqual(['during@100000'])
    expect(events.filter(({ name }) => name === 'changes.error')).toHaveLength(2)
    expect(JSON.stringify(events)).not.toContain('password')
  })

  it('looks back to the last look that succeeded, not to the last that was tried', async () => {
    const { changes } = process()
    await changes.current()
    harness.outage.error = down
    harness.clock.ms += 50_000
    await changes.current()
    harness.outage.error = null
    harness.clock.ms += 30_000
    await changes.current()
    expect(harness.looks.at(-1)).toBe(START - 60_000)
  })
})

describe('the seam for a faster way', () => {
  /** A bus between processes that can be broken. */
  function bus() {
    const listeners = new Set<(change: Change) => void>()
    const state = { broken: false, published: 0 }
    const invalidation: Invalidation = {
      async publish(change) {
        state.published++
        if (state.broken) throw new Error('redis://:password@cache is down')
        for (const listener of listeners) listener(change)
      },
      async subscribe(listener) {
        if (state.broken) throw new Error('redis://:password@cache is down')
        listeners.add(listener)
        return async () => void listeners.delete(listener)
      },
    }
    return { invalidation, listeners, state }
  }

  it('tells other processes at once, and the publisher acts before it returns', async () => {
    const { invalidation } = bus()
    const here = process(invalidation)
    const there = process(invalidation)
    await Promise.all([here.changes.start(), there.changes.start()])
    here.changes.publish(await apply('one'))
    expect(here.applied).toContain('one@0')
    expect(there.applied).toEqual(['one@0'])
  })

  it('is not believed about what the inbox will say: a client that writes to it cannot hide a revocation', async () => {
    const { invalidation } = bus()
    const there = process(invalidation)
    await there.changes.start()
    await invalidation.publish({ id: 'one', type: 'user.updated', subjects: [], appliedAt: START })
    await apply('one')
    harness.clock.ms += 2_001
    await there.changes.current()
    expect(there.applied).toEqual(['one@0', 'one@0'])
  })

  it('harms nothing when it is down: the looks go on, and it is tried again', async () => {
    const { invalidation, listeners, state } = bus()
    state.broken = true
    const here = process(invalidation)
    await here.changes.start()
    here.changes.publish(await apply('one'))
    harness.clock.ms += 2_001
    expect(await here.changes.current()).toEqual({ ok: true })
    await expect
      .poll(() => here.events.filter(({ name }) => name === 'changes.error').length)
      .toBeGreaterThan(1)
    expect(JSON.stringify(here.events)).not.toContain('password')
    state.broken = false
    harness.clock.ms += 2_001
    await here.changes.current()
    await expect.poll(() => listeners.size).toBe(1)
  })

  it('harms nothing either when it throws where it should reject', async () => {
    const fails = () => {
      throw new Error('redis://user:password@host')
    }
    const here = process({ publish: fails, subscribe: fails })
    await here.changes.start()
    here.changes.publish(await apply('one'))
    harness.clock.ms += 2_001
    expect(await here.changes.current()).toEqual({ ok: true })
    await expect
      .poll(() => here.events.filter(({ name }) => name === 'changes.error').length)
      .toBeGreaterThan(1)
    expect(JSON.stringify(here.events)).not.toContain('password')
  })

  it('is left on close', async () => {
    const { invalidation, listeners } = bus()
    const { changes } = process(invalidation)
    await changes.start()
    expect(listeners.size).toBe(1)
    await changes.close()
    expect(listeners.size).toBe(0)
  })
})
