import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createObserver } from '../../ground/observe/observer.js'
import type { NewChange } from '../store/inbox.js'
import { memoryInbox } from '../store/memory/memory-inbox.js'
import { createChanges } from './changes.js'

const START = 1_700_000_000_000
const MINUTE = 60_000
const session = {
  ...{ revalidateAfterSeconds: 300, graceSeconds: 300, remember: 'cookies' as const, keepClaims: [] },
} as const

/** Backends over one store: their clocks are apart, transactions commit late, and they are restarted. */
function deployment(skews: readonly number[]) {
  const clock = { ms: START }
  const inbox = memoryInbox({ now: () => clock.ms })
  const visible: { id: string; narrows: boolean; at: number }[] = []
  let late: { at: number; show: () => void }[] = []
  let failing = false
  let written = 0
  const { changesSince } = inbox
  inbox.changesSince = (...of) => (failing ? Promise.reject(new Error('down')) : changesSince(...of))

  function start(skewMs: number) {
    const known = new Set<string>()
    const now = () => clock.ms + skewMs
    const changes = createChanges({
      inbox,
      options: { pollSeconds: 0, storeTimeoutSeconds: 3, session, now },
      invalidation: null,
      observer: createObserver(now),
      onChange: ({ id }) => known.add(id),
    })
    return { known, changes, skewMs, since: null as number | null }
  }
  const processes = skews.map(start)

  async function pass(ms: number): Promise<void> {
    const until = clock.ms + ms
    for (const one of late.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)) {
      clock.ms = Math.max(clock.ms, one.at)
      one.show()
    }
    late = late.filter(({ at }) => at > until)
    clock.ms = until
  }

  return {
    pass,
    processes,
    async write(lateMs: number, narrows: boolean) {
      const id = `event${written++}`
      const change: NewChange = { id, type: 't', subjects: [id], narrows: narrows ? id : null, version: null }
      const show = await inbox.appendLate(change)
      const at = clock.ms + lateMs
      const seen = () => {
        show()
        visible.push({ id, narrows, at: clock.ms })
      }
      if (lateMs === 0) seen()
      else late.push({ at, show: seen })
    },
    restart(index: number) {
      processes[index] = start(skews[index] as number)
    },
    async look(index: number, fails: boolean) {
      const process = processes[index] as ReturnType<typeof start>
      // An answer of this very millisecond is known, and after a failure the store is left alone for a second.
      await pass(1_001)
      failing = fails
      const { ok } = await process.changes.current()
      failing = false
      if (fails) return
      expect(ok).toBe(true)
      // Before its first look a process has nothing that could be outdated: it has to know what is revoked.
      process.since ??= clock.ms
      const { since, known } = process
      const missed = visible.filter(({ id, narrows, at }) => (narrows || at > since) && !known.has(id))
      expect(missed).toEqual([])
    },
  }
}

it('no process misses a change, whatever the clocks, the delays, the failures and the restarts', async () => {
  const who = fc.nat(2)
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(3 * MINUTE) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        late: fc.oneof(fc.constant(0), fc.nat(90_000)),
        narrows: fc.boolean(),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('look' as const), who, fails: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), who }) },
  )
  const skew = fc.integer({ min: -10 * MINUTE, max: 10 * MINUTE })
  await fc.assert(
    fc.asyncProperty(fc.tuple(skew, skew, skew), fc.array(step, { maxLength: 60 }), async (skews, steps) => {
      const { pass, write, restart, look } = deployment(skews)
      for (const one of steps) {
        if (one.kind === 'wait') await pass(one.ms)
        if (one.kind === 'write') await write(one.late, one.narrows)
        if (one.kind === 'restart') restart(one.who)
        if (one.kind === 'look') await look(one.who, one.fails)
      }
      await pass(90_000)
      for (const index of [0, 1, 2]) await look(index, false)
    }),
    { numRuns: 150 },
  )
})

it('with a million events in the log the first answer comes in under a second and 50 MB', async () => {
  const inbox = memoryInbox({ now: () => START })
  let at = START - 3_600_000
  const filled = memoryInbox({ now: () => at })
  for (let n = 0; n < 1_000_000; n++) {
    // One in a hundred takes something away, from ten thousand people and sessions.
    const subject = n % 100 === 0 ? `sess_${n}` : null
    await filled.append({ id: `msg_${n}`, type: 't', subjects: ['user_1'], narrows: subject, version: null })
  }
  at = START
  Object.assign(inbox, { changesSince: filled.changesSince, revocations: filled.revocations })
  const revoked = new Set<string>()
  const changes = createChanges({
    inbox,
    options: { pollSeconds: 2, storeTimeoutSeconds: 3, session, now: () => START },
    invalidation: null,
    observer: createObserver(() => START),
    onChange: ({ narrows }) => {
      if (narrows !== null) revoked.add(narrows)
    },
  })
  const before = process.memoryUsage().heapUsed
  const { user } = process.cpuUsage()
  expect(await changes.current()).toEqual({ ok: true })
  // Of the processor: a busy machine makes nobody slower.
  expect((process.cpuUsage().user - user) / 1000).toBeLessThan(1_000)
  expect((process.memoryUsage().heapUsed - before) / 1024 ** 2).toBeLessThan(50)
  expect(revoked.size).toBe(10_000)
}, 60_000)
