import fc from 'fast-check'
import { expect } from 'vitest'
import { type Call, calls, meetsForeign, perform } from './calls.js'
import { FOREIGN, rowsOf, type ScopeDatabase, type ScopeTest, seed } from './databases.js'

/** Without what differs between the databases: order where none is asked for, and columns of A that name rows of B. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith('b-') ? null : value
  if (Array.isArray(value)) {
    return value.map(comparable).sort((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)]))
}

const same = (rows: string) => comparable(JSON.parse(rows))

/**
 * @param both both organisations in one database
 * @param alone A alone in another
 */
export async function checkIsolation(both: ScopeTest, alone: ScopeTest, numRuns: number): Promise<void> {
  const a = both.scope(both.db, 'org_a') as unknown as ScopeDatabase
  const outcomes = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(calls, async (made) => {
      await seed(both)
      await seed(alone, ['a'])
      const before = await rowsOf(both, false)
      for (const each of made) {
        if (!(await runBoth(each))) break
        expect(await rowsOf(both, false), JSON.stringify(each)).toBe(before)
      }
    }),
    { numRuns },
  )
  const all = [...outcomes.values()].reduce((sum, n) => sum + n, 0)
  expect((outcomes.get('done') ?? 0) / all, JSON.stringify([...outcomes])).toBeGreaterThan(0.2)

  /** @returns whether the databases can be compared further */
  async function runBoth(each: Call): Promise<boolean> {
    const text = JSON.stringify(each)
    const before = await rowsOf(both, false)
    const outcome = await (async () => perform(both, a, each, true))().then(
      (answer) => ({ answer }),
      (error: Error) => ({ error }),
    )
    expect(await rowsOf(both, false), text).toBe(before)
    const name = 'error' in outcome ? outcome.error.name : 'done'
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
    if ('error' in outcome) {
      expect(`${name} ${outcome.error.message}`, text).toMatch(/^OrganizationScopeError|^Error Failed query/)
      return true
    }
    expect(JSON.stringify(outcome.answer) ?? '', text).not.toMatch(new RegExp(`org_b|${FOREIGN}`, 'i'))
    if (meetsForeign(each)) return false
    const expected = await perform(alone, alone.db, each, false)
    expect(comparable(outcome.answer), text).toEqual(comparable(expected))
    expect(same(await rowsOf(both, true)), text).toEqual(same(await rowsOf(alone, true)))
    return true
  }
}
