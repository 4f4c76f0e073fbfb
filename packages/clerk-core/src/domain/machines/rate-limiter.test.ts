import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRateLimiter } from './rate-limiter.js'
import type { MachineCheck } from './verify-at-clerk.js'

const REFUSED: MachineCheck = { kind: 'refused', reason: 'machine-credential-invalid' }
const CONFIRMED = { kind: 'confirmed' } as MachineCheck
const DOWN: MachineCheck = { kind: 'unavailable', retryAfterSeconds: 1, allRequests: false }

function setUp(mode: 'test' | 'live' = 'test') {
  const clock = { now: 1_800_000_000_000 }
  const limiter = createRateLimiter(mode === 'test' ? 100 : 1000, () => clock.now)
  const asked: { at: number; hash: string }[] = []
  const pass = (hash: string, network: string | null, check = REFUSED, confirmedBefore = false) =>
    limiter.pass({ hash, network, confirmedBefore }, async () => {
      asked.push({ at: clock.now, hash })
      return check
    })
  let invented = 0
  const invent = (network: string | null) => pass(`invented ${invented++}`, network)
  return { clock, limiter, asked, pass, invent }
}

describe('a client that invents credentials', () => {
  test.each(['test', 'live'] as const)(
    'spends its own share of the budget and no more (%s)',
    async (mode) => {
      const { asked, invent, pass } = setUp(mode)
      for (let n = 0; n < 1000; n++) await invent('203.0.113.9')
      expect(asked).toHaveLength(mode === 'test' ? 4 : 40)
      expect(await pass('real', '198.51.100.7', CONFIRMED)).toBe(CONFIRMED)
    },
  )

  test('is let in again when its window has passed, also after the clock was set back', async () => {
    const { clock, asked, invent } = setUp()
    for (let n = 0; n < 10; n++) await invent('203.0.113.9')
    clock.now += 10_000
    for (let n = 0; n < 10; n++) await invent('203.0.113.9')
    expect(asked).toHaveLength(8)
    clock.now -= 3_600_000
    for (let n = 0; n < 10; n++) await invent('203.0.113.9')
    expect(asked).toHaveLength(12)
  })

  test.each<[string, (n: number) => string | null]>([
    ['from one address, behind a proxy that shows its own', () => '10.0.0.1'],
    ['from a thousand addresses', (n) => `2001:db8:0:${n % 1000}::/64`],
    ['without an address', () => null],
  ])('at fifty a second %s locks out no real key', async (_name, network) => {
    const { clock, asked, invent, pass } = setUp()
    for (let second = 0; second < 30; second++) {
      for (let n = 0; n < 50; n++) await invent(network(second * 50 + n))
      const real = `real ${second}`
      const first = await pass(real, network(0), CONFIRMED)
      clock.now += 1000
      if (first.kind === 'confirmed') continue
      expect(first).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 1 })
      for (let n = 0; n < 50; n++) await invent(network(n))
      expect(await pass(real, network(0), CONFIRMED)).toBe(CONFIRMED)
    }
    for (const { at } of asked) {
      const window = asked.filter((other) => other.at > at - 10_000 && other.at <= at)
      expect(window.filter(({ hash }) => !hash.startsWith('real')).length).toBeLessThanOrEqual(20)
    }
  })
})

describe('real credentials', () => {
  test('cost nothing: a thousand at a time from one address all pass', async () => {
    const { pass } = setUp()
    let left = Array.from({ length: 1000 }, (_, n) => `real ${n}`)
    let rounds = 0
    for (; left.length > 0; rounds++) {
      const checks = await Promise.all(left.map((hash) => pass(hash, '203.0.113.9', CONFIRMED)))
      left = left.filter((_, n) => checks[n]?.kind !== 'confirmed')
      if (rounds > 100) break
    }
    expect(left).toEqual([])
  })

  test('of a client are not counted against it while Clerk is down', async () => {
    const { clock, pass } = setUp()
    for (let n = 0; n < 9; n++) await pass(`real ${n}`, '203.0.113.9', DOWN)
    clock.now += 1
    expect(await pass('real 0', '203.0.113.9', CONFIRMED)).toBe(CONFIRMED)
  })

  test('that were confirmed before wait behind nothing', async () => {
    const { invent, pass } = setUp()
    for (let n = 0; n < 1000; n++) await invent(null)
    expect(await pass('known', null, CONFIRMED, true)).toBe(CONFIRMED)
  })
})

test('a client cannot fill the queue while Clerk is slow', async () => {
  const { limiter } = setUp('live')
  let answer = (_check: MachineCheck) => {}
  const slow = new Promise<MachineCheck>((resolve) => {
    answer = resolve
  })
  const ask = (hash: string, network: string) =>
    limiter.pass({ hash, network, confirmedBefore: false }, () => slow)
  const flood = Array.from({ length: 100 }, (_, n) => ask(`invented ${n}`, '203.0.113.9'))
  const other = ask('real', '198.51.100.7')
  const turnedAway = await Promise.all(flood.slice(24))
  expect(turnedAway.every(({ kind }) => kind === 'unavailable')).toBe(true)
  answer(CONFIRMED)
  expect(await other).toBe(CONFIRMED)
  expect((await Promise.all(flood.slice(0, 24))).every(({ kind }) => kind === 'confirmed')).toBe(true)
})

test('whatever comes, from wherever and however fast: refused ones take at most a fifth, and all are answered', async () => {
  const request = fc.record({
    hash: fc.nat(60),
    network: fc.option(fc.nat(8)),
    check: fc.constantFrom(REFUSED, REFUSED, CONFIRMED, DOWN),
    after: fc.constantFrom(0, 0, 0, 1, 700, 4000),
    together: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 200 }), async (requests) => {
      const { clock, limiter } = setUp()
      const spent: number[] = []
      const answers: Promise<MachineCheck>[] = []
      for (const { hash, network, check, after, together } of requests) {
        clock.now += after
        const applicant = { hash: String(hash), network: network === null ? null : String(network) }
        answers.push(
          limiter.pass({ ...applicant, confirmedBefore: false }, async () => {
            if (check.kind !== 'confirmed') spent.push(clock.now)
            return check
          }),
        )
        if (!together) await Promise.all(answers)
      }
      expect(await Promise.all(answers)).toHaveLength(requests.length)
      for (const at of spent) {
        expect(spent.filter((other) => other > at - 10_000 && other <= at).length).toBeLessThanOrEqual(20)
      }
    }),
    { numRuns: 60 },
  )
})
