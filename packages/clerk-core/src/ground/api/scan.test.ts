import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scan } from './scan.js'

interface Row {
  readonly id: string
  readonly createdAt: number
}

/** A list as Clerk keeps it: pages by offset over what is there at the moment, oldest first. */
function list(rows: Row[], { exclusive }: { exclusive: boolean }) {
  const pages = { count: 0 }
  const fetchPage = async ({
    limit,
    offset,
    createdAfter,
  }: {
    limit: number
    offset: number
    createdAfter: number | undefined
  }) => {
    pages.count++
    return [...rows]
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
      .filter(({ createdAt }) =>
        createdAfter === undefined ? true : exclusive ? createdAt > createdAfter : createdAt >= createdAfter,
      )
      .slice(offset, offset + limit)
  }
  return { fetchPage, pages }
}

const rowsOf = (times: readonly number[]): Row[] =>
  times.map((createdAt, i) => ({ id: `user_${i}`, createdAt }))
const options = { id: ({ id }: Row) => id, createdAt: ({ createdAt }: Row) => createdAt }

async function read(rows: AsyncIterable<Row>, between?: (seen: number) => void): Promise<string[]> {
  const ids: string[] = []
  for await (const row of rows) {
    ids.push(row.id)
    between?.(ids.length)
  }
  return ids
}

const modes = fc.record({
  windowed: fc.boolean(),
  exclusive: fc.boolean(),
  pageSize: fc.integer({ min: 2, max: 7 }),
})
/** Few different times, so that many rows share one. */
const times = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 })

describe('a scan of a whole list', () => {
  it('reads every row once, oldest first', async () => {
    await fc.assert(
      fc.asyncProperty(times, modes, async (times, { windowed, exclusive, pageSize }) => {
        const rows = rowsOf(times)
        const ids = await read(scan({ ...options, ...list(rows, { exclusive }), windowed, pageSize }))
        expect([...ids].sort()).toEqual(rows.map(({ id }) => id).sort())
      }),
    )
  })

  it('skips and repeats none of the others when rows are created and deleted meanwhile', async () => {
    const events = fc.array(
      fc.record({ after: fc.nat(60), what: fc.constantFrom('create', 'delete'), which: fc.nat(1000) }),
      { maxLength: 20 },
    )
    await fc.assert(
      fc.asyncProperty(times, modes, events, async (times, { windowed, exclusive, pageSize }, events) => {
        const rows = rowsOf(times)
        const began = new Set(rows.map(({ id }) => id))
        const touched = new Set<string>()
        let next = 0
        const ids = await read(
          scan({ ...options, ...list(rows, { exclusive }), windowed, pageSize }),
          (seen) => {
            for (const { what, which } of events.filter(({ after }) => after === seen)) {
              if (what === 'create') rows.push({ id: `new_${next++}`, createdAt: 10 + next })
              else if (rows.length > 0) {
                const [gone] = rows.splice(which % rows.length, 1)
                touched.add(gone!.id)
              }
            }
          },
        )
        expect(new Set(ids).size).toBe(ids.length)
        const missed = [...began].filter((id) => !touched.has(id) && !ids.includes(id))
        expect(missed).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('asks for as many pages as there are, and one more at the most', async () => {
    for (const windowed of [true, false]) {
      const rows = rowsOf(Array.from({ length: 1000 }, (_, i) => i))
      const { fetchPage, pages } = list(rows, { exclusive: true })
      await read(scan({ ...options, fetchPage, windowed, pageSize: 101 }))
      expect(pages.count).toBeLessThanOrEqual(11)
    }
  })
})
