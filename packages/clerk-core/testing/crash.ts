import assert from 'node:assert/strict'
import { signWebhook } from '@acme/clerk-testing'
import type { Stores } from '../src/options.js'
import { startServerProcess } from './child-process.js'
import { serveStores } from './remote-stores.js'
import { SECRET } from './webhook-harness.js'

export interface CrashOptions {
  /** Stores of this process, with nothing in them, whose clock is `clock`. */
  readonly stores: Stores
  readonly clock: { ms: number }
  /** Deliveries, in this order. */
  readonly events: readonly { readonly id: string; readonly json: object }[]
  /** When to kill: before or after so many calls of the backend that is running then. */
  readonly kills: readonly { readonly calls: number; readonly when: 'before' | 'after' }[]
}

export interface CrashReport {
  /** How often each handler ran for each event, by `handler event`. */
  readonly runs: ReadonlyMap<string, number>
  readonly kills: number
  /** The calls during which it was killed, `inbox.append after` for instance. */
  readonly killedAt: readonly string[]
}

/** Longer than a lease: the clock of the next backend, as if Svix had waited that long. */
const NEXT_ATTEMPT_MS = 61_000

/**
 * Delivers webhooks to a backend in a process of its own, which is killed (SIGKILL) again and again in the middle of
 * its work, and delivers again what got no 200, as Svix does, until everything was taken.
 */
export async function deliverThroughCrashes({
  stores,
  clock,
  events,
  kills,
}: CrashOptions): Promise<CrashReport> {
  const runs = new Map<string, number>()
  const killedAt: string[] = []
  const plan = [...kills]
  let backend: Backend | null = null
  let calls = 0

  const effects = {
    note: async (handler: string, event: string) => {
      const key = `${handler} ${event}`
      runs.set(key, (runs.get(key) ?? 0) + 1)
    },
  }
  const server = await serveStores({ ...stores, effects }, async ({ target, method }, run) => {
    calls++
    const [kill] = plan
    const due = kill !== undefined && calls >= kill.calls
    if (due && kill.when === 'before') {
      await end(`${target}.${method} before`)
      // The client is gone, and nothing was done.
      return new Promise(() => {})
    }
    const value = await run()
    if (due) await end(`${target}.${method} after`)
    return value
  })

  async function end(where: string): Promise<void> {
    plan.shift()
    killedAt.push(where)
    await backend?.kill()
  }

  try {
    const queue = [...events]
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (backend === null || !backend.alive()) {
        clock.ms += NEXT_ATTEMPT_MS
        calls = 0
        backend = await startBackend(server.port, clock.ms)
      }
      const status = await backend.deliver(next.json, next.id, clock.ms)
      if (status !== 200) queue.unshift(next)
      assert.ok(status === 200 || status === null, `an answer of ${status}`)
    }
    return { runs, kills: kills.length - plan.length, killedAt }
  } finally {
    await backend?.kill()
    await server.close()
  }
}

interface Backend {
  alive(): boolean
  /** `null`: no answer, it died. */
  deliver(event: object, id: string, now: number): Promise<number | null>
  kill(): Promise<void>
}

async function startBackend(storePort: number, clock: number): Promise<Backend> {
  const { url, alive, exited, kill } = await startServerProcess('./crash-child.ts', [
    String(storePort),
    String(clock),
  ])
  return {
    alive,
    kill,
    async deliver(event, id, now) {
      const { body, headers } = signWebhook(event, SECRET, { id, now })
      try {
        const response = await fetch(url, { method: 'POST', headers, body })
        await response.arrayBuffer()
        return response.status
      } catch {
        await exited
        return null
      }
    },
  }
}
