import { beforeEach, describe, expect, it } from 'vitest'
import { StoreUnavailableError } from '../../ground/errors.js'
import type { ClerkEvent } from '../../ground/observe/events.js'
import { createObserver } from '../../ground/observe/observer.js'
import { isPromise } from '../../ground/timing/maybe-promise.js'
import type { NewChange } from '../store/inbox.js'
import { type MemoryInbox, memoryInbox } from '../store/memory/memory-inbox.js'
import { type Changes, createChanges } from './changes.js'
import type { Invalidation, InvalidationListener } from './invalidation.js'

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
  /** Positions that were read from. */
  looks: (string | null)[]
  outage: { error: Error | null }
}

let harness: Harness
beforeEach(() => {
  const clock = { ms: START }
  const inbox = memoryInbox({ now: () => clock.ms })
  const looks: (string | null)[] = []
  const outage: Harness['outage'] = { error: null }
  const { changesSince } = inbox
  inbox.changesSince = (position, limit) => {
    looks.push(position)
    return outage.error === null ? changesSince(position, limit) : Promise.reject(outage.error)
  }
  harness = { inbox, clock, looks, outage }
})

/** One process that looks at the harness's inbox. */
function process(invalidation: Invalidation | null = null, skewMs = 0) {
  const applied: string[] = []
  const events: ClerkEvent[] = []
  const now = () => harness.clock.ms + skewMs
  const observer = createObserver(now)
  observer.add((event) => events.push(event))
  const changes = createChanges({
    inbox: harness.inbox,
    options: { pollSeconds: 2, storeTimeoutSeconds: 3, session, now },
    invalidation,
    observer,
    onChange: ({ id, at }) => applied.push(`${id}@${at - START}`),
  })
  return { changes, applied, events }
}

const change = (id: string, narrows: string | null = null): NewChange => ({
  ...{ id, type: 'session.ended', subjects: ['sess_1', 'user_1'], narrows, version: null },
})
const append = (id: string, narrows: string | null = null) => harness.inbox.append(change(id, narrows))

async function lookAgain(changes: Changes): Promise<void> {
  harness.clock.ms += 2_001
  expect(await changes.current()).toEqual({ ok: true })
}

describe('reading what other processes changed', () => {
  it('waits for a first look, which reads what is revoked and the last two minutes, once for all that wait', async () => {
    await append('old', 'sess_old')
    await append('plain')
    harness.clock.ms += 130_000
    await append('recent')
    const { changes, applied } = process()
    const answers = Array.from({ length: 20 }, () => changes.current())
    expect(answers.every(isPromise)).toBe(true)
    expect(await Promise.all(answers)).toEqual(answers.map(() => ({ ok: true })))
    expect(harness.looks.filter((position) => position === null)).toHaveLength(1)
    expect(applied.sort()).toEqual(['old@0', 'recent@130000'])
  })

  it('is without a promise for pollSeconds after a look, and then reads on from there', async () => {
    const { changes, applied } = process()
    await changes.current()
    harness.clock.ms += 2_000
    expect(isPromise(changes.current())).toBe(false)
    await append('new')
    harness.clock.ms += 1
    await changes.current()
    expect(applied).toEqual(['new@2000'])
    await lookAgain(changes)
    expect(applied).toEqual(['new@2000'])
  })

  it('applies a change however late it becomes visible', async () => {
    const { changes, applied } = process()
    await changes.current()
    const commit = await harness.inbox.appendLate(change('late'))
    await append('other')
    for (let n = 0; n < 100; n++) await lookAgain(changes)
    commit()
    await lookAgain(changes)
    await lookAgain(changes)
    expect(applied).toEqual(['other@0', 'late@0'])
  })

  it('is in effect here before it is written, and is not applied once more when it is read', async () => {
    const { changes, applied } = process()
    await changes.current()
    const appended = changes.append(change('own', 'sess_1'))
    expect(applied).toEqual(['own@0'])
    await appended
    await lookAgain(changes)
    expect(applied).toEqual(['own@0'])
  })

  it('is in effect here although it cannot be written, and the caller hears of it', async () => {
    const { changes, applied } = process()
    harness.inbox.append = () => Promise.reject(new StoreUnavailableError('down'))
    await expect(changes.append(change('own', 'sess_1'))).rejects.toThrow(StoreUnavailableError)
    expect(applied).toEqual(['own@0'])
  })

  it('is written as soon as the log takes it, once and in its order, and at the end at the latest', async () => {
    const { changes } = process()
    const there = process()
    await Promise.all([changes.current(), there.changes.current()])
    const { append: write } = harness.inbox
    harness.inbox.append = () => Promise.reject(new StoreUnavailableError('down'))
    for (const id of ['one', 'two']) await expect(changes.append(change(id, 'sess_1'))).rejects.toThrow()
    await expect(changes.written()).rejects.toThrow(StoreUnavailableError)
    harness.inbox.append = write
    await lookAgain(changes)
    await changes.written()
    await lookAgain(changes)
    harness.inbox.append = () => Promise.reject(new StoreUnavailableError('down'))
    await expect(changes.append(change('three'))).rejects.toThrow()
    harness.inbox.append = write
    await changes.close()
    await lookAgain(there.changes)
    expect(there.applied.map((entry) => entry.split('@')[0])).toEqual(['one', 'two', 'three'])
  })

  it('looks at once when the clock was set back', async () => {
    const { changes } = process()
    await changes.current()
    harness.clock.ms -= 3_600_000
    expect(isPromise(changes.current())).toBe(true)
    await changes.current()
    expect(harness.looks.length).toBeGreaterThan(2)
  })

  it.each([-600_000, 0, 600_000])('tells times by its own clock, which is %d ms off', async (skewMs) => {
    const { changes, applied } = process(null, skewMs)
    await append('one', 'sess_1')
    await changes.current()
    expect(applied).toContain(`one@${skewMs}`)
    expect(await changes.clockSkewMs()).toBe(skewMs === 0 ? 0 : -skewMs)
  })

  it('goes on after a failure in the middle of the past, and loses nothing', async () => {
    for (let n = 0; n < 1_200; n++) await append(`old${n}`, `sess_${n}`)
    harness.clock.ms += 130_000
    const { changes, applied } = process()
    const { revocations } = harness.inbox
    let pages = 0
    harness.inbox.revocations = (...of) =>
      ++pages === 2 ? Promise.reject(new StoreUnavailableError('down')) : revocations(...of)
    expect(await changes.current()).toMatchObject({ ok: false })
    await lookAgain(changes)
    expect(new Set(applied).size).toBe(1_200)
    expect(applied).toHaveLength(1_200)
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
    await append('during')
    harness.clock.ms = START + 102_001
    expect(await changes.current()).toEqual({ ok: false, retryAfterSeconds: 2 })
    harness.outage.error = null
    harness.clock.ms += 2_001
    expect(await changes.current()).toEqual({ ok: true })
    expect(applied).toEqual(['during@100000'])
    expect(events.filter(({ name }) => name === 'changes.error')).toHaveLength(2)
    expect(JSON.stringify(events)).not.toContain('password')
  })
})

describe('the seam for a faster way', () => {
  /** A bus between processes that can be broken. */
  function bus() {
    const listeners = new Set<InvalidationListener>()
    const state = { broken: false, published: [] as string[] }
    const invalidation: Invalidation = {
      async publish(position) {
        state.published.push(position)
        if (state.broken) throw new Error('redis://:password@cache is down')
        for (const { changed } of listeners) changed(position)
      },
      async subscribe(listener) {
        if (state.broken) throw new Error('redis://:password@cache is down')
        listeners.add(listener)
        return async () => void listeners.delete(listener)
      },
    }
    return { invalidation, listeners, state }
  }

  it('makes other processes look at once', async () => {
    const { invalidation } = bus()
    const here = process(invalidation)
    const there = process(invalidation)
    await Promise.all([here.changes.start(), there.changes.start()])
    await here.changes.append(change('one'))
    expect(here.applied).toEqual(['one@0'])
    await expect.poll(() => there.applied).toEqual(['one@0'])
    expect(there.events).toMatchObject([{ name: 'changes.applied', count: 1, by: 'push' }])
  })

  it('causes no more looks than one after another, however many hints come, and none for what is our own', async () => {
    const { invalidation, listeners } = bus()
    const here = process(invalidation)
    await here.changes.start()
    const looks = harness.looks.length
    await here.changes.append(change('own'))
    expect(harness.looks).toHaveLength(looks)
    for (let n = 0; n < 1_000; n++) for (const { changed } of listeners) changed(`${n}.0`)
    await append('one')
    for (const { gap } of listeners) gap()
    await expect.poll(() => here.applied).toEqual(['own@0', 'one@0'])
    expect(harness.looks.length - looks).toBeLessThanOrEqual(3)
  })

  it('brings what was written while a look was under way', async () => {
    const { invalidation, listeners } = bus()
    const there = process(invalidation)
    await there.changes.start()
    const { changesSince } = harness.inbox
    let answer: () => void = () => {}
    const slow = new Promise<void>((resolve) => {
      answer = resolve
    })
    harness.inbox.changesSince = async (...of) => {
      const page = await changesSince(...of)
      await slow
      return page
    }
    for (const { gap } of listeners) gap()
    await expect.poll(() => harness.looks.length).toBeGreaterThan(2)
    await append('during')
    for (const { changed } of listeners) changed('1.0')
    answer()
    await expect.poll(() => there.applied).toEqual(['during@0'])
  })

  it('is believed about nothing: who writes to it can neither hide a revocation nor make one', async () => {
    const { invalidation } = bus()
    const there = process(invalidation)
    await there.changes.start()
    for (const position of ['999999.0', '', 'x', '0.0', '1.0~1-1@1']) await invalidation.publish(position)
    await append('one', 'sess_1')
    await lookAgain(there.changes)
    expect(there.applied).toEqual(['one@0'])
  })

  it('harms nothing when it is down: the looks go on, and it is tried again', async () => {
    const { invalidation, listeners, state } = bus()
    state.broken = true
    const here = process(invalidation)
    await here.changes.start()
    await here.changes.append(change('one'))
    await lookAgain(here.changes)
    await expect
      .poll(() => here.events.filter(({ name }) => name === 'changes.error').length)
      .toBeGreaterThan(1)
    expect(JSON.stringify(here.events)).not.toContain('password')
    state.broken = false
    await lookAgain(here.changes)
    await expect.poll(() => listeners.size).toBe(1)
  })

  it('harms nothing either when it throws where it should reject', async () => {
    const fails = () => {
      throw new Error('redis://user:password@host')
    }
    const here = process({ publish: fails, subscribe: fails })
    await here.changes.start()
    await here.changes.append(change('one'))
    await lookAgain(here.changes)
    await expect
      .poll(() => here.events.filter(({ name }) => name === 'changes.error').length)
      .toBeGreaterThan(1)
    expect(JSON.stringify(here.events)).not.toContain('password')
  })

  it('is left on close, and hints that come later cause nothing', async () => {
    const { invalidation, listeners } = bus()
    const { changes } = process(invalidation)
    await changes.start()
    const [listener] = listeners
    await changes.close()
    expect(listeners.size).toBe(0)
    const looks = harness.looks.length
    listener?.gap()
    await Promise.resolve()
    expect(harness.looks).toHaveLength(looks)
  })
})
