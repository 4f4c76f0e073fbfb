import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClerkEvent } from '@acme/clerk-core'
import { inWords, type Line, summarise } from './words.js'

/** A request, and what the library did for it. Without `request`: something it did by itself. */
export interface Activity {
  readonly id: number
  readonly at: number
  readonly request: {
    readonly method: string
    readonly path: string
    readonly status: number
    readonly durationMs: number
    /** Who asked: the page, the demo itself (`probe`), Clerk (`webhook`) or a program. */
    readonly from: string
  } | null
  readonly lines: readonly Line[]
}

interface Current {
  readonly lines: Line[]
}

const MAX_ENTRIES = 60

export interface ActivityLog {
  /** Give to `clerk.observe`. */
  readonly listener: (event: ClerkEvent) => void
  /** Runs a request and collects what the library does for it. */
  watch<T>(
    viewer: string | null,
    run: () => T,
  ): { result: T; finish(request: NonNullable<Activity['request']>): void }
  /** Runs the demo's own reads without recording them. */
  silently<T>(run: () => T): T
  /** Sends the latest activities in order, then each new one. @param viewer whose requests; `null`: everything */
  follow(viewer: string | null, send: (activity: Activity) => void): () => void
}

export function createActivityLog(now: () => number = Date.now): ActivityLog {
  const requests = new AsyncLocalStorage<Current>()
  const entries: { activity: Activity; viewer: string | null }[] = []
  const followers = new Set<(activity: Activity, viewer: string | null) => void>()
  let count = 0

  function add(request: Activity['request'], lines: readonly Line[], viewer: string | null): void {
    const told = summarise(lines)
    if (told.length === 0) return
    count += 1
    const activity = { id: count, at: now(), request, lines: told }
    entries.push({ activity, viewer })
    if (entries.length > MAX_ENTRIES) entries.shift()
    for (const follower of followers) follower(activity, viewer)
  }

  return {
    listener(event) {
      const line = inWords(event)
      if (line === null) return
      const current = requests.getStore()
      if (current) current.lines.push(line)
      else add(null, [line], null)
    },
    watch(viewer, run) {
      const current: Current = { lines: [] }
      const result = requests.run(current, run)
      return { result, finish: (request) => add(request, current.lines.splice(0), viewer) }
    },
    silently: (run) => requests.run({ lines: [] }, run),
    follow(viewer, send) {
      const follower = (activity: Activity, of: string | null) => {
        if (viewer === null || viewer === of) send(activity)
      }
      for (const { activity, viewer: of } of entries) follower(activity, of)
      followers.add(follower)
      return () => followers.delete(follower)
    },
  }
}
