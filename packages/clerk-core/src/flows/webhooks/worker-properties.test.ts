import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventJson, userJson } from '../../../testing/clerk-json.js'
import { startProcess, withEachCall } from '../../../testing/worker-harness.js'
import type { Claim } from '../../domain/store/inbox.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import { createInboxWorker } from './worker.js'

const LEASE_MS = 60_000
const HANDLERS = ['one', 'two', 'three'] as const
const EVENTS = ['msg_0', 'msg_1', 'msg_2', 'msg_3'] as const
const PROCESSES = 3

const processAt = fc.nat(PROCESSES - 1)
const calmStep = fc.oneof(
  fc.record({ do: fc.constant('deliver'), event: fc.nat(EVENTS.length - 1), at: processAt }),
  fc.record({ do: fc.constant('work'), at: processAt }),
  fc.record({ do: fc.constant('wait'), seconds: fc.constantFrom(1, 5, 30, 61, 4_000) }),
)
const step = fc.oneof(
  { weight: 6, arbitrary: calmStep },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash'), at: processAt, calls: fc.nat(12) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('outage'), calls: fc.integer({ min: 1, max: 8 }) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
const stepsOf = (one: fc.Arbitrary<Step>) => fc.array(one, { minLength: 1, maxLength: 40 })

const plans = fc.record({
  /** How often each handler fails for each event; 99: always. */
  fails: fc.array(fc.constantFrom<number>(0, 0, 0, 1, 2, 5, 99), { minLength: 12, maxLength: 12 }),
  maxAttempts: fc.integer({ min: 1, max: 8 }),
  steps: fc.oneof(stepsOf(calmStep), stepsOf(step)),
  /** For how many ticks each call and each handler takes: what runs beside each other is shuffled by it. */
  ticks: fc.array(fc.nat(6), { minLength: 1, maxLength: 20 }),
})
type Plan = typeof plans extends fc.Arbitrary<infer T> ? T : never

/** Runs a plan, then repairs everything, and lets a new process work until nothing is open. */
async function run({ fails, maxAttempts, steps, ticks }: Plan) {
  const clock = { ms: 1_700_000_000_000 }
  const stores = memoryStore({ now: () => clock.ms })
  const left = new Map(
    EVENTS.flatMap((event, i) => HANDLERS.map((name, j) => [`${name} ${event}`, fails[i * 3 + j] ?? 0])),
  )
  const successes = new Map<string, number>()
  /** What must not happen. */
  const broken: string[] = []
  /** Runs of handlers that have not ended, and whether they ever will. */
  const running = new Map<string, { isDead: () => boolean }>()
  /** Who has claimed an event, and has not given it back. */
  const holders = new Map<string, { isDead: () => boolean; until: number }>()
  /** Events whose lease ran out while their process lived and was slow: it finds out with what it writes next. */
  const ranOut = new Set<string>()
  let outageCalls = 0
  let isShaken = false
  let tick = 0
  const pass = async () => {
    for (let i = ticks[tick++ % ticks.length] ?? 0; i > 0; i--) await null
  }

  function start() {
    const state = { callsLeft: Number.POSITIVE_INFINITY }
    const isDead = () => state.callsLeft <= 0
    const never = () => new Promise<never>(() => {})
    const inbox = withEachCall(stores.inbox, async (method, args, call) => {
      await pass()
      if (isDead() || --state.callsLeft <= 0) return never()
      if (outageCalls > 0 && method !== 'append') {
        outageCalls--
        throw new StoreUnavailableError('down')
      }
      const at = clock.ms
      const answer = await call()
      if (method === 'claim' && (answer as Claim).status === 'claimed') {
        const { id } = args[0] as { id: string }
        const holder = holders.get(id)
        // It was not given back: its last attempt counts, and has not ended.
        if (holder !== undefined) isShaken = true
        if (holder?.isDead() === false && at >= holder.until) ranOut.add(id)
        holders.set(id, { isDead, until: at + LEASE_MS })
      }
      if ((method === 'release' || method === 'finish') && answer === true) holders.delete(String(args[0]))
      await pass()
      // It was written, and the process does not live to see the answer.
      return isDead() ? never() : answer
    })
    const process = startProcess({ clock, stores: { ...stores, inbox } as typeof stores })
    for (const name of HANDLERS) {
      process.clerk.on(
        '*',
        async ({ id }) => {
          if (isDead()) return never()
          const key = `${name} ${id}`
          if (!ranOut.has(id)) {
            if (running.get(key)?.isDead() === false) broken.push(`${key} ran twice at once`)
            const row = await stores.inbox.find(id)
            if (row?.succeeded.includes(name)) broken.push(`${key} ran after its success was noted`)
          }
          const run = { isDead }
          running.set(key, run)
          await pass()
          if (isDead()) return never()
          if (running.get(key) === run) running.delete(key)
          const failures = left.get(key) ?? 0
          if (failures > 0) {
            left.set(key, failures === 99 ? 99 : failures - 1)
            throw new Error('no')
          }
          successes.set(key, (successes.get(key) ?? 0) + 1)
          return undefined
        },
        { name },
      )
    }
    return { ...process, state, worker: createInboxWorker(process.clerk, { maxAttempts, concurrency: 2 }) }
  }

  const processes = Array.from({ length: PROCESSES }, start)
  const deliver = (at: number, event: number) =>
    processes[at]?.deliver(eventJson('user.created', userJson(`user_${event}`)), EVENTS[event] ?? '')
  for (const one of steps) {
    if ('event' in one) void deliver(one.at, one.event)
    else if ('seconds' in one) {
      // Sometimes in the middle of what was begun.
      await pass()
      clock.ms += one.seconds * 1000
    } else if (one.do === 'crash' && 'at' in one && 'calls' in one) {
      isShaken = true
      const old = processes[one.at]
      if (old !== undefined) old.state.callsLeft = one.calls
      // The process that takes its place.
      if (one.calls % 2 === 0) processes[one.at] = start()
    } else if ('calls' in one) {
      isShaken = true
      outageCalls = one.calls
    } else {
      // An outage is no failure of the test, and its rejection is tested elsewhere.
      void processes[one.at]?.worker.drain().catch(() => undefined)
    }
  }
  // What a dead process has begun never ends.
  for (let i = 0; i < 3_000; i++) await null
  outageCalls = 0
  clock.ms += LEASE_MS

  const last = start()
  const isOpen = async () => (await stores.inbox.list({ status: 'open', limit: 1 })).events.length > 0
  for (let i = 0; i < maxAttempts + 40 && (await isOpen()); i++) {
    clock.ms += 4_000_000
    await last.worker.drain()
  }
  return { rows: await stores.inbox.all(), successes, broken, isShaken }
}

describe('events, handlers that fail, outages, crashes, Svix and several workers', () => {
  test('end with every event done, or given up after maxAttempts, and nothing done twice that need not be', async () => {
    const seen = { done: 0, failed: 0, crashed: 0, calm: 0 }
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { rows, successes, broken, isShaken } = await run(plan)
        expect(broken).toEqual([])
        const delivered = plan.steps.some((one) => one.do === 'deliver')
        if (delivered && !isShaken) expect(rows.length).toBeGreaterThan(0)
        for (const { id, status, attempts, succeeded } of rows) {
          const keys = HANDLERS.map((name) => `${name} ${id}`)
          expect(['done', 'failed']).toContain(status)
          seen[status as 'done' | 'failed']++
          if (status === 'done')
            for (const key of keys) expect(successes.get(key), key).toBeGreaterThanOrEqual(1)
          else {
            expect(attempts).toBeGreaterThanOrEqual(plan.maxAttempts)
            if (!isShaken) expect(succeeded.length).toBeLessThan(HANDLERS.length)
          }
          for (const name of succeeded) expect(successes.get(`${name} ${id}`)).toBeGreaterThanOrEqual(1)
        }
        seen[isShaken ? 'crashed' : 'calm']++
      }),
      { numRuns: 60 },
    )
    // A property that only ever sees one kind of end says little.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0)
  }, 120_000)

  test('end after exactly maxAttempts claims, where only workers try again and none is killed', async () => {
    await fc.assert(
      fc.asyncProperty(
        plans.map((plan) => ({
          ...plan,
          fails: plan.fails.map(() => 99),
          steps: [
            ...EVENTS.map((_, event) => ({ do: 'deliver' as const, event, at: event % PROCESSES })),
            ...plan.steps.filter((one) => one.do === 'work'),
          ] as Plan['steps'],
        })),
        async (plan) => {
          const { rows, broken } = await run(plan)
          expect(broken).toEqual([])
          expect(rows.map(({ status, attempts }) => [status, attempts])).toEqual(
            EVENTS.map(() => ['failed', plan.maxAttempts]),
          )
        },
      ),
      { numRuns: 20 },
    )
  }, 120_000)
})
