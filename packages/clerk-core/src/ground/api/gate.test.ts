import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createGate, type GateClock, GateClosedError, type GateLane } from './gate.js'
import { followClock, sharedGate } from './shared-gate.js'

/** A clock whose timers go off when it is moved past them. */
function fakeClock() {
  let ms = 0
  let timers: { at: number; action: () => void }[] = []
  const clock: GateClock = {
    now: () => ms,
    after(wait, action) {
      const timer = { at: ms + wait, action }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
  }
  /** Lets what has been promised happen first. */
  const flush = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
  async function advance(by: number): Promise<void> {
    const end = ms + by
    await flush()
    for (;;) {
      const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      timers = timers.filter((other) => other !== next)
      ms = next.at
      next.action()
      await flush()
    }
    ms = end
  }
  return { clock, advance, timers: () => timers.length }
}

const SOON = 5_000
const LONG = 600_000

function setUp({ concurrency = 100, requestsPer10Seconds = 10 } = {}) {
  const fake = fakeClock()
  const gate = createGate({ concurrency, requestsPer10Seconds }, fake.clock)
  const sent: { name: string; at: number }[] = []
  const refused: { name: string; at: number; retryAfterSeconds: number }[] = []
  const send = (name: string, lane: GateLane = 'request', patienceMs = LONG, takesMs = 0) =>
    gate
      .run(lane, patienceMs, async () => {
        sent.push({ name, at: fake.clock.now() })
        if (takesMs > 0) await new Promise<void>((resolve) => fake.clock.after(takesMs, resolve))
      })
      .catch((error: unknown) => {
        if (!(error instanceof GateClosedError)) throw error
        refused.push({ name, at: fake.clock.now(), retryAfterSeconds: error.retryAfterSeconds })
      })
  return { ...fake, gate, sent, refused, send }
}

describe('a gate', () => {
  test('sends at once what the limit allows, and the rest ten seconds later, in the order in which it came', async () => {
    const { send, sent, advance } = setUp()
    for (let i = 0; i < 25; i++) void send(String(i))
    await advance(9_999)
    expect(sent).toHaveLength(10)
    await advance(20_001)
    expect(sent.map(({ name }) => Number(name))).toEqual(Array.from({ length: 25 }, (_, i) => i))
    expect(sent.map(({ at }) => at / 10_000)).toEqual(sent.map((_, i) => Math.floor(i / 10)))
  })

  test('never has more than its limit in any ten seconds as the server counts them, nor more at a time', async () => {
    const call = fc.record({
      wait: fc.nat(3_000),
      lane: fc.constantFrom<GateLane>('session', 'request', 'scan'),
      /** How long it takes, and when within that time the server counts it. */
      takes: fc.nat(4_000),
      counted: fc.double({ min: 0, max: 1, noNaN: true }),
      patience: fc.constantFrom(0, SOON, LONG),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 5 }),
        async (calls, limit, concurrency) => {
          const { clock, advance, timers } = fakeClock()
          const gate = createGate({ concurrency, requestsPer10Seconds: limit }, clock)
          const counted: number[] = []
          let active = 0
          let ended = 0
          for (const { wait, lane, takes, counted: share, patience } of calls) {
            await advance(wait)
            const asked = clock.now()
            void gate
              .run(lane, patience, async () => {
                expect(clock.now() - asked).toBeLessThanOrEqual(patience)
                active++
                expect(active).toBeLessThanOrEqual(concurrency)
                counted.push(clock.now() + takes * share)
                await new Promise<void>((resolve) => clock.after(takes, resolve))
                active--
              })
              .catch((error: unknown) => {
                if (!(error instanceof GateClosedError)) throw error
                expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(1)
                expect(error.retryAfterSeconds).toBeLessThanOrEqual(60)
              })
              .finally(() => ended++)
          }
          await advance(2_000_000)
          expect(ended).toBe(calls.length)
          expect(timers()).toBe(0)
          counted.sort((a, b) => a - b)
          for (let i = limit; i < counted.length; i++) {
            expect((counted[i] as number) - (counted[i - limit] as number)).toBeGreaterThanOrEqual(10_000)
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  test('lets sessions go before requests and requests before listings, and keeps none from ever going', async () => {
    const { send, sent, advance } = setUp({ requestsPer10Seconds: 8 })
    for (let i = 0; i < 8; i++) void send('first')
    for (let i = 0; i < 20; i++) void send('scan', 'scan')
    for (let i = 0; i < 20; i++) void send('request', 'request')
    for (let i = 0; i < 20; i++) void send('session', 'session')
    await advance(10_000)
    const names = sent.slice(8).map(({ name }) => name)
    expect(names.filter((name) => name === 'session')).toHaveLength(6)
    // Those are the oldest.
    expect(names.filter((name) => name === 'scan')).toHaveLength(2)
  })

  test('refuses at once what could not go in time, and tells each a later time to come back', async () => {
    const { send, sent, refused, advance } = setUp()
    for (let i = 0; i < 35; i++) void send(String(i), 'request', SOON)
    await advance(0)
    expect(sent).toHaveLength(10)
    expect(refused.map(({ at }) => at)).toEqual(Array.from({ length: 25 }, () => 0))
    expect(refused.map(({ retryAfterSeconds }) => retryAfterSeconds)).toEqual([
      ...Array.from({ length: 10 }, () => 10),
      ...Array.from({ length: 10 }, () => 20),
      ...Array.from({ length: 5 }, () => 30),
    ])
  })

  test('obeys a pause for everybody, and no longer than a minute', async () => {
    const { gate, send, sent, refused, advance } = setUp()
    gate.pause(3)
    void send('waits', 'scan', SOON)
    void send('cannot', 'session', 1_000)
    await advance(0)
    expect([sent, refused.map(({ name, retryAfterSeconds }) => [name, retryAfterSeconds])]).toEqual([
      [],
      [['cannot', 3]],
    ])
    await advance(3_000)
    expect(sent).toEqual([{ name: 'waits', at: 3_000 }])
    gate.pause(86_400)
    void send('after', 'scan')
    await advance(60_000)
    expect(sent.map(({ name }) => name)).toEqual(['waits', 'after'])
  })

  test('a call that fails gives its place back like any other', async () => {
    const { gate, advance } = setUp({ concurrency: 1 })
    await expect(gate.run('scan', LONG, () => Promise.reject(new Error('down')))).rejects.toThrow('down')
    const next = gate.run('scan', LONG, async () => 'sent')
    await advance(0)
    expect(await next).toBe('sent')
  })

  test('a wait is given up with the reason of its signal, and leaves nothing behind', async () => {
    const { gate, send, advance, timers } = setUp({ requestsPer10Seconds: 1 })
    void send('first')
    await advance(0)
    const closing = new AbortController()
    const waiting = gate.run('scan', LONG, async () => 'sent', closing.signal)
    closing.abort(new Error('closed'))
    await expect(waiting).rejects.toThrow('closed')
    await advance(10_000)
    expect(timers()).toBe(0)
  })
})

describe('the gate of a key', () => {
  const limits = { concurrency: 1, requestsPer10Seconds: 100 }
  const of = (secretKey: string, now = Date.now) =>
    sharedGate({ secretKey, apiUrl: 'https://api.example.com', now }, limits)

  test('is one for all who send with it, and another one for another key', async () => {
    let finish: () => void = () => undefined
    const long = of('sk_test_shared').run(
      'scan',
      LONG,
      () => new Promise<void>((resolve) => (finish = resolve)),
    )
    const order: string[] = []
    const other = of('sk_test_other').run('scan', LONG, async () => void order.push('other key'))
    const same = of('sk_test_shared').run('scan', LONG, async () => void order.push('same key'))
    await other
    expect(order).toEqual(['other key'])
    finish()
    await Promise.all([long, same])
    expect(order).toEqual(['other key', 'same key'])
  })

  test('follows a clock that goes further than its own, and none that stands or is set back', () => {
    const skipped: number[] = []
    const gate = { ...createGate(limits), skip: (ms: number) => void skipped.push(ms) }
    const clock = { now: 0, own: 0 }
    const { pause } = followClock(
      gate,
      () => clock.now,
      () => clock.own,
    )
    const at = (now: number, own: number) => {
      clock.now = now
      clock.own = own
      pause(0)
    }
    at(1_000, 1_000)
    at(1_499, 1_000)
    expect(skipped).toEqual([])
    at(11_000, 1_000)
    expect(skipped).toEqual([10_000])
    // It stands while ten seconds pass, and then goes on: all of it has passed for what was begun meanwhile.
    at(11_000, 11_000)
    at(21_000, 11_000)
    expect(skipped).toEqual([10_000, 10_000])
    at(-500_000, 12_000)
    expect(skipped).toEqual([10_000, 10_000])
  })
})
