import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isCurrent, MARKER_SECONDS, makeMarker, readMarker, type SessionMarker } from './marker.js'
import { afterMarking, beforeMarking, renewRow, type SessionRows } from './renewal.js'

const NOW = 1_800_000_000
const OLD = 'old'

interface Row {
  readonly ours: unknown
  readonly cart?: string
}

/** A store that several processes share: each call reaches it, and is answered, when `turn` says so. */
function sharedTable(turn: (what: string) => Promise<unknown>) {
  const table = new Map<string, Row>([[OLD, { ours: null, cart: 'apples' }]])
  async function call<T>(what: string, effect: () => T): Promise<T> {
    await turn(`${what} arrives`)
    const result = effect()
    await turn(`${what} is answered`)
    return result
  }
  /** One request of one process. */
  function rowsOf(store: object, name: string, shared = true): SessionRows {
    const own = `new of ${name}`
    return {
      store,
      id: OLD,
      shared,
      create: () => call('create', () => table.set(own, { ours: name, cart: 'apples' })),
      discard: () => call('discard', () => table.delete(own)),
      held: () => call('held', () => (table.has(OLD) ? table.get(OLD)?.ours : undefined)),
      mark: (marker) => call('mark', () => table.set(OLD, { ours: marker })),
      drop: () => call('drop', () => table.delete(OLD)),
    }
  }
  const live = () => [...table].filter(([, { ours }]) => readMarker(ours) === null).map(([id]) => id)
  return { table, rowsOf, live }
}

const NEVER = new AbortController().signal
const requests = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 5 })

describe('renewing the id of a session', () => {
  test('leaves exactly one session, whatever the order of the calls of one process', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 5 }), async (scheduler, count) => {
        const { table, rowsOf, live } = sharedTable((what) => scheduler.schedule(Promise.resolve(), what))
        const store = {}
        const outcomes = Array.from({ length: count }, async (_, i) => {
          // They all hold the session that was there before the first of them began.
          await scheduler.schedule(Promise.resolve(), `request ${i}`)
          return renewRow(rowsOf(store, `${i}`), makeMarker(NOW), NEVER)
        })
        const won = (await scheduler.waitFor(Promise.all(outcomes))).flatMap((renewed, i) =>
          renewed ? [`new of ${i}`] : [],
        )
        expect(won).toHaveLength(1)
        expect(live()).toEqual(won)
        expect(table.get(won[0] ?? '')).toMatchObject({ cart: 'apples' })
        expect(table.get(OLD)).toEqual({ ours: expect.objectContaining({ until: NOW + MARKER_SECONDS }) })
      }),
    )
  })

  test('of several processes, whatever the order of their calls, leaves nothing but sessions that somebody holds, with all in them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), requests, async (scheduler, processes) => {
        const { table, rowsOf, live } = sharedTable((what) => scheduler.schedule(Promise.resolve(), what))
        const stores: Record<string, object> = { a: {}, b: {}, c: {} }
        const outcomes = processes.map((name, i) =>
          renewRow(rowsOf(stores[name] ?? {}, `${i}`), makeMarker(NOW), NEVER),
        )
        const won = (await scheduler.waitFor(Promise.all(outcomes))).flatMap((renewed, i) =>
          renewed ? [`new of ${i}`] : [],
        )
        expect(won.length).toBeGreaterThan(0)
        expect(live().sort()).toEqual(won.sort())
        for (const id of won) expect(table.get(id)?.cart).toBe('apples')
        expect(table.get(OLD)).not.toHaveProperty('cart')
      }),
    )
  })

  test('of several processes that the store answers equally fast leaves exactly one, whenever each of them begins', async () => {
    const starts = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(starts, async (offsets) => {
        const time = virtualTime()
        const { rowsOf, live } = sharedTable(() => time.after(5))
        const outcomes = offsets.map(async (offset, i) => {
          await time.after(offset)
          return renewRow(rowsOf({}, `${i}`), makeMarker(NOW), NEVER)
        })
        await time.run()
        const won = (await Promise.all(outcomes)).flatMap((renewed, i) => (renewed ? [`new of ${i}`] : []))
        expect(won).toHaveLength(1)
        expect(live()).toEqual(won)
      }),
    )
  })

  test('by a process that ends at any step loses nothing that the session held', async () => {
    for (let steps = 0; steps < 10; steps++) {
      let left = steps
      const { table, rowsOf } = sharedTable(() =>
        left-- > 0 ? Promise.resolve() : new Promise(() => undefined),
      )
      void renewRow(rowsOf({}, 'one'), makeMarker(NOW), NEVER)
      await setImmediate()
      expect([...table.values()].map(({ cart }) => cart)).toContain('apples')
    }
  })

  test('over a row that was ended meanwhile brings nothing back', async () => {
    const { table, rowsOf, live } = sharedTable(() => Promise.resolve())
    table.delete(OLD)
    expect(await renewRow(rowsOf({}, 'one'), makeMarker(NOW), NEVER)).toBe(false)
    expect(live()).toEqual([])
    expect(table.size).toBe(0)
  })

  test('of a session that no other request can hold leaves no marker', async () => {
    const { table, rowsOf } = sharedTable(() => Promise.resolve())
    expect(await renewRow(rowsOf({}, 'one', false), makeMarker(NOW), NEVER)).toBe(true)
    expect([...table.keys()]).toEqual(['new of one'])
  })

  test('that took too long leaves no row of its own, once the store answers', async () => {
    const answers: (() => void)[] = []
    const { rowsOf, live } = sharedTable(() => new Promise<void>((resolve) => answers.push(resolve)))
    const controller = new AbortController()
    const renewing = renewRow(rowsOf({}, 'one'), makeMarker(NOW), controller.signal)
    const failed = expect(renewing).rejects.toThrow('silent')
    controller.abort(new Error('silent'))
    while (answers.length > 0) {
      answers.shift()?.()
      await setImmediate()
    }
    await failed
    expect(live()).toEqual([OLD])
  })

  test('waits for none that has never been answered for longer than a minute', async () => {
    const store = {}
    const hung = sharedTable(() => new Promise(() => undefined))
    void renewRow(hung.rowsOf(store, 'hung'), makeMarker(NOW), NEVER)
    const { rowsOf } = sharedTable(() => Promise.resolve())
    expect(await renewRow(rowsOf(store, 'early'), makeMarker(NOW + 59), NEVER)).toBe(false)
    expect(await renewRow(rowsOf(store, 'late'), makeMarker(NOW + 60), NEVER)).toBe(true)
  })
})

describe('a marker', () => {
  const own = makeMarker(NOW)
  const other = makeMarker(NOW)

  test('says who has moved the session, and nothing about it', () => {
    expect(Object.keys(own).sort()).toEqual(['movedBy', 'until', 'v'])
    expect(own.movedBy).not.toBe(other.movedBy)
    expect(beforeMarking(null)).toBe('go-on')
    expect(beforeMarking({ v: 2, sub: 'user_1' })).toBe('go-on')
    expect(beforeMarking(other)).toBe('concede')
    expect(beforeMarking(undefined)).toBe('concede')
    expect(afterMarking(own, own)).toBe('go-on')
    for (const held of [other, undefined, null, {}]) expect(afterMarking(held, own)).toBe('concede')
  })

  test('counts for a minute, and no clock makes it last longer', () => {
    const at = (until: number): SessionMarker => ({ ...own, until })
    expect(isCurrent(own, NOW)).toBe(true)
    expect(isCurrent(own, NOW + MARKER_SECONDS - 1)).toBe(true)
    expect(isCurrent(own, NOW + MARKER_SECONDS)).toBe(false)
    expect(isCurrent(at(NOW + MARKER_SECONDS + 5), NOW, 5)).toBe(true)
    expect(isCurrent(at(NOW + MARKER_SECONDS + 6), NOW, 5)).toBe(false)
    expect(isCurrent(at(Number.NaN), NOW)).toBe(false)
  })
})

/** Promises that resolve in the order of their moments. */
function virtualTime() {
  let now = 0
  const due: { at: number; resolve: () => void }[] = []
  return {
    after: (ms: number) =>
      new Promise<void>((resolve) => {
        due.push({ at: now + ms, resolve })
      }),
    async run() {
      for (;;) {
        await setImmediate()
        due.sort((a, b) => a.at - b.at)
        const next = due.shift()
        if (next === undefined) return
        now = next.at
        next.resolve()
      }
    },
  }
}
