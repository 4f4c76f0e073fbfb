import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Cached, createReadCache } from './read-cache.js'

const TTL_SECONDS = 10
const START = 1_800_000_000_000

function setUp({ max = 2 } = {}) {
  const clock = { now: START }
  const cache = createReadCache<object>({
    max,
    ttlSeconds: TTL_SECONDS,
    now: () => clock.now,
    mayCache: () => true,
  })
  const load = async (key: string) => {
    await cache.load(key, async () => ({ key }))
    return cache.cached(key) as Cached<object>
  }
  return { clock, cache, load }
}

it.each<[string, (harness: ReturnType<typeof setUp>) => unknown]>([
  ['its key is dropped', ({ cache }) => cache.drop('a')],
  ['its key is among those dropped', ({ cache }) => cache.dropWhere((key) => key === 'a')],
  ['everything is dropped', ({ cache }) => cache.dropAll()],
  ['others push it out', ({ load }) => Promise.all([load('b'), load('c')])],
  ['its time is over', ({ clock }) => (clock.now += TTL_SECONDS * 1000)],
  ['the clock is set back to before it was read', ({ clock }) => (clock.now -= 1)],
])('a cached value is not fresh any more when %s', async (_when, happens) => {
  const harness = setUp()
  const cached = await harness.load('a')
  expect(cached.isFresh(harness.clock.now)).toBe(true)
  await happens(harness)
  expect(cached.isFresh(harness.clock.now)).toBe(false)
})

it('a dropped value stays dropped when its key is read again', async () => {
  const { cache, load, clock } = setUp()
  const before = await load('a')
  cache.drop('a')
  const after = await load('a')
  expect([before.isFresh(clock.now), after.isFresh(clock.now)]).toEqual([false, true])
})

it('is fresh exactly as long as the cache returns it', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('load' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ do: fc.constant('drop' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: -2_000, max: 8_000 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { cache, clock, load } = setUp()
      const held = new Map<Cached<object>, string>()
      for (const next of steps) {
        if (next.do === 'load') held.set(await load(next.key), next.key)
        else if (next.do === 'drop') cache.drop(next.key)
        else clock.now += next.ms
        // Asked of the held ones first: the cache itself drops what it finds to be too old.
        for (const [cached, key] of held) {
          const fresh = cached.isFresh(clock.now)
          expect(cache.cached(key) === cached).toBe(fresh)
        }
      }
    }),
  )
})
