import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type InstanceProof,
  type ListingSettings,
  planEnding,
  readCompleteListing,
} from './complete-listing.js'

const NOW = 1_700_000_000_000
const ids = (count: number, prefix = 'user') => Array.from({ length: count }, (_, i) => `${prefix}_${i}`)
const rows = (of: readonly string[]) => of.map((clerkId) => ({ clerkId }))

/** Rows of ours beside a listing of Clerk's, with everything that is done noted. */
function listing({
  ours,
  pages,
  atClerk = [],
}: {
  readonly ours: readonly string[]
  readonly pages: AsyncIterable<{ clerkId: string }> | readonly { clerkId: string }[]
  /** What a request by id finds. */
  readonly atClerk?: readonly string[]
}) {
  const steps: string[] = []
  const removed: [string, number][] = []
  const applied: string[] = []
  const found = new Set(atClerk)
  const read = (settings: Partial<ListingSettings> = {}) =>
    readCompleteListing(
      {
        async ours() {
          steps.push('ours')
          return ours
        },
        async *each() {
          for await (const row of pages) {
            if (!steps.includes('page')) steps.push('page')
            yield row
          }
        },
        async find(asked) {
          steps.push('find')
          expect(asked.length).toBeLessThanOrEqual(100)
          return rows(asked.filter((id) => found.has(id)))
        },
        apply: async ({ clerkId }) => applied.push(clerkId),
        remove: async (id, at) => removed.push([id, at]),
      },
      { proof: async () => 'proven', now: () => NOW, ...settings },
    )
  return { read, steps, removed, applied }
}

describe('what may be missing', () => {
  it.each([
    ['one member of five', 5, 1, false],
    ['the only member', 1, 1, false],
    ['one of two', 2, 1, false],
    ['both of two', 2, 2, true],
    ['most of five', 5, 4, true],
    ['five of ten', 10, 5, false],
    ['five of fifty', 50, 5, false],
    ['six of fifty', 50, 6, true],
    ['six of sixty', 60, 6, false],
    ['a tenth of a thousand', 1000, 100, false],
    ['more than a tenth of a thousand', 1000, 101, true],
    ['all of a thousand', 1000, 1000, true],
  ] as const)('%s', (_, count, gone, tooMany) => {
    const ours = ids(count)
    const plan = planEnding(ours, new Set(ours.slice(gone)))
    expect(plan).toEqual({ missing: ours.slice(0, gone), tooMany })
    expect(planEnding(ours, new Set(ours.slice(gone)), { force: true }).tooMany).toBe(false)
  })

  it('is never what is listed, never more than half unless it is one row, and never doubled', () => {
    const some = fc.uniqueArray(fc.nat({ max: 300 }), { maxLength: 200 }).map((list) => list.map(String))
    fc.assert(
      fc.property(some, some, (ours, listed) => {
        const { missing, tooMany } = planEnding([...ours, ...ours], new Set(listed))
        expect(missing).toEqual(ours.filter((id) => !listed.includes(id)))
        if (!tooMany && ours.length > 1)
          expect(missing.length).toBeLessThanOrEqual(Math.ceil(ours.length / 2))
        if (missing.length <= 1) expect(tooMany).toBe(false)
      }),
    )
  })
})

describe('a complete listing', () => {
  it('ends what is in neither it nor a request by id, at the time of that answer', async () => {
    const { read, steps, removed, applied } = listing({
      ours: ids(40),
      pages: rows(ids(40).slice(2)),
      atClerk: ['user_1'],
    })
    expect(await read()).toEqual({ ended: ['user_0'], left: [], leftBecause: null })
    expect(removed).toEqual([['user_0', NOW]])
    // Found by its id, hence written like the others.
    expect(applied).toHaveLength(39)
    expect(applied).toContain('user_1')
    expect(steps).toEqual(['ours', 'page', 'find'])
  })

  it('reads ours before the first page, so that what is made meanwhile is never missing', async () => {
    const ours = ids(10)
    const { read, removed, steps } = listing({
      ours,
      pages: (async function* () {
        // A row that a webhook has just written, and that this listing does not have.
        yield* rows(ids(10))
      })(),
    })
    expect(await read()).toMatchObject({ ended: [] })
    expect(removed).toEqual([])
    expect(steps[0]).toBe('ours')
  })

  it('ends nothing when a page fails, and keeps what was applied', async () => {
    const { read, removed, applied } = listing({
      ours: ids(3),
      pages: (async function* () {
        yield { clerkId: 'user_2' }
        throw new Error('The second page failed.')
      })(),
    })
    await expect(read()).rejects.toThrow('second page')
    expect(applied).toEqual(['user_2'])
    expect(removed).toEqual([])
  })

  it('counts an entry of two pages once', async () => {
    const { read, removed } = listing({ ours: ids(4), pages: rows([...ids(4), ...ids(4)]) })
    expect(await read()).toEqual({ ended: [], left: [], leftBecause: null })
    expect(removed).toEqual([])
  })

  it('asks for nothing by id when too much is missing, and says so', async () => {
    const ours = ids(50)
    const { read, removed, steps } = listing({ ours, pages: [] })
    expect(await read()).toEqual({ ended: [], left: ours, leftBecause: 'too-many-missing' })
    expect(steps).toEqual(['ours'])
    expect(removed).toEqual([])
  })

  it('ends them when forced, a hundred to a request, but none that a request by id finds', async () => {
    const { read, removed, steps } = listing({ ours: ids(250), pages: [], atClerk: ids(200).slice(50) })
    const result = await read({ force: true })
    expect(result.ended).toHaveLength(100)
    expect(removed.map(([id]) => id)).toEqual([...ids(50), ...ids(250).slice(200)])
    expect(steps.filter((step) => step === 'find')).toHaveLength(3)
  })

  it.each<InstanceProof>(['other-instance', 'instance-not-proven'])(
    'ends nothing where the key is %s, forced or not',
    async (proof) => {
      const { read, removed, steps } = listing({ ours: ids(20), pages: rows(ids(20).slice(1)) })
      for (const force of [false, true])
        expect(await read({ proof: async () => proof, force })).toEqual({
          ended: [],
          left: ['user_0'],
          leftBecause: proof,
        })
      expect(removed).toEqual([])
      expect(steps).not.toContain('find')
    },
  )

  it('asks for no proof when nothing is missing', async () => {
    const { read } = listing({ ours: ids(3), pages: rows(ids(3)) })
    expect(await read({ proof: () => Promise.reject(new Error('asked')) })).toMatchObject({ ended: [] })
  })

  it('writes nothing in a dry run, and says what it would end', async () => {
    const { read, removed, applied } = listing({ ours: ids(20), pages: rows(ids(20).slice(1)) })
    expect(await read({ dryRun: true })).toMatchObject({ ended: ['user_0'] })
    expect(removed).toEqual([])
    expect(applied).toEqual([])
  })
})
